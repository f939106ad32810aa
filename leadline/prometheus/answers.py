"""Parse the JSON of Prometheus's HTTP API; errors say where it is malformed."""

from __future__ import annotations

import contextlib
from typing import Any

from leadline.signals.samples import Answer, Histogram, Sample, Series

Payload = dict[str, Any]
KINDS = ("vector", "matrix", "scalar", "string")


class MalformedError(ValueError):
    """An answer does not match Prometheus's API; the message says where."""


def answer(payload: Payload) -> Answer:
    """Read the response to a query: vector, matrix, scalar or string (a string's value is in its label "value").

    Raise MalformedError.
    """
    data = _of(payload.get("data"), dict, "data")
    kind, result = data.get("resultType"), data.get("result")
    if kind not in KINDS:
        raise MalformedError(f"data.resultType is {_shown(kind)}, not one of {', '.join(KINDS)}")
    if kind == "scalar":
        series: tuple[Series, ...] = (Series(labels={}, samples=(_sample(result, "data.result"),)),)
    elif kind == "string":
        pair = _of(result, list, "data.result")
        if len(pair) != 2:
            raise MalformedError(f"data.result is {_shown(result)}, not [time, string]")
        series = (Series(labels={"value": str(pair[1])}, samples=()),)
    else:
        entries = _of(result, list, "data.result")
        series = tuple(_series(entry, f"data.result[{index}]") for index, entry in enumerate(entries))
    return Answer(
        kind=kind,
        series=series,
        warnings=_texts(payload.get("warnings"), "warnings"),
        infos=_texts(payload.get("infos"), "infos"),
    )


def _series(entry: Any, where: str) -> Series:
    fields = _of(entry, dict, where)
    labels = _of(fields.get("metric", {}), dict, f"{where}.metric")
    if not all(isinstance(value, str) for value in labels.values()):
        raise MalformedError(f"{where}.metric has a label whose value is not a string")
    pairs = _of(fields.get("values", [fields["value"]] if "value" in fields else []), list, f"{where}.values")
    natives = _of(
        fields.get("histograms", [fields["histogram"]] if "histogram" in fields else []),
        list,
        f"{where}.histograms",
    )
    samples = _samples(pairs, f"{where}.values")
    return Series(
        labels=labels, samples=samples, histograms=tuple(_histogram(each, where) for each in natives)
    )


def _samples(pairs: list[Any], where: str) -> tuple[Sample, ...]:
    """Read samples, with a fast path for well-formed ones."""
    if all(type(pair) is list for pair in pairs):
        with contextlib.suppress(TypeError, ValueError):
            return tuple(Sample(float(time), float(value)) for time, value in pairs)
    return tuple(_sample(pair, where) for pair in pairs)


def _sample(pair: Any, where: str) -> Sample:
    try:
        time, value = _of(pair, list, where)
        return Sample(float(time), float(value))
    except (TypeError, ValueError):
        raise MalformedError(f"{where} has {_shown(pair)}, not [time, value]") from None


def _histogram(pair: Any, where: str) -> Histogram:
    """Read a native histogram; each bucket is [boundary rule, lower, upper, count]."""
    try:
        time, body = pair
        buckets = tuple(
            (float(upper), float(lower), float(count)) for _, lower, upper, count in body.get("buckets") or ()
        )
        return Histogram(float(time), float(body["count"]), float(body["sum"]), buckets)
    except (TypeError, ValueError, KeyError, AttributeError):
        raise MalformedError(f"{where} has {_shown(pair)}, not a native histogram") from None


def _of(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, kind):
        expected = "an object" if kind is dict else "a list"
        raise MalformedError(f"{where} is {_shown(value)}, not {expected}")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    return tuple(str(each) for each in _of(value or [], list, where))


def _shown(value: Any) -> str:
    """Write an untrusted value, short and on one line."""
    text = " ".join(repr(value).split())
    return "nothing" if value is None else text if len(text) <= 60 else text[:59] + "…"
