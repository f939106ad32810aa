"""From the JSON of Prometheus's HTTP API to answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from signals.samples import Answer, Sample, Series

Payload = dict[str, Any]


def answer(payload: Payload) -> Answer:
    """Read the response to a query: vector, matrix, scalar or string (a string's value is in its label "value")."""
    data = payload["data"]
    kind = str(data["resultType"])
    result = data["result"]
    if kind == "scalar":
        series: tuple[Series, ...] = (Series(labels={}, samples=_samples([result])),)
    elif kind == "string":
        series = (Series(labels={"value": str(result[1])}, samples=()),)
    else:
        series = tuple(_series(entry) for entry in result)
    return Answer(
        kind=kind,
        series=series,
        warnings=tuple(payload.get("warnings") or ()),
        infos=tuple(payload.get("infos") or ()),
    )


def _series(entry: dict[str, Any]) -> Series:
    pairs = entry.get("values", [entry["value"]] if "value" in entry else [])
    native = "histogram" in entry or "histograms" in entry
    return Series(labels=entry["metric"], samples=_samples(pairs), native=native)


def _samples(pairs: Sequence[Sequence[Any]]) -> tuple[Sample, ...]:
    return tuple(Sample(float(time), float(value)) for time, value in pairs)
