"""From the JSON of Prometheus's HTTP API to answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from signals.samples import Answer, Histogram, Sample, Series

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
    natives = entry.get("histograms", [entry["histogram"]] if "histogram" in entry else [])
    return Series(
        labels=entry["metric"],
        samples=_samples(pairs),
        histograms=tuple(_histogram(float(time), body) for time, body in natives),
    )


def _histogram(time: float, body: dict[str, Any]) -> Histogram:
    """Read a native histogram; each bucket is [which borders belong to it, lower, upper, count]."""
    buckets = tuple(
        (float(upper), float(lower), float(count)) for _, lower, upper, count in body.get("buckets") or ()
    )
    return Histogram(time, float(body["count"]), float(body["sum"]), buckets)


def _samples(pairs: Sequence[Sequence[Any]]) -> tuple[Sample, ...]:
    return tuple(Sample(float(time), float(value)) for time, value in pairs)
