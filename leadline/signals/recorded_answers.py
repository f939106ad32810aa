"""Prometheus answers, written to and read from files."""

from __future__ import annotations

from typing import Any

from .samples import Answer, Histogram, Sample, Series


def plain(answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON-ready data; values are text, so that they keep full precision and can be non-finite."""
    return {
        "kind": answer.kind,
        "warnings": list(answer.warnings),
        "infos": list(answer.infos),
        "series": [_series(series) for series in answer.series],
    }


def _series(series: Series) -> dict[str, Any]:
    written: dict[str, Any] = {"labels": dict(series.labels)}
    written["samples"] = [[sample.time, repr(float(sample.value))] for sample in series.samples]
    if series.histograms:
        written["histograms"] = [
            [
                each.time,
                repr(each.count),
                repr(each.sum),
                [[repr(edge) for edge in bucket] for bucket in each.buckets],
            ]
            for each in series.histograms
        ]
    return written


def read(document: dict[str, Any]) -> Answer:
    """Read what `plain` wrote. Raise KeyError, ValueError, TypeError or AttributeError for anything else."""
    return Answer(
        kind=str(document["kind"]),
        series=tuple(_read_series(each) for each in document["series"]),
        warnings=tuple(map(str, document["warnings"])),
        infos=tuple(map(str, document["infos"])),
    )


def _read_series(document: dict[str, Any]) -> Series:
    return Series(
        labels={str(name): str(value) for name, value in document["labels"].items()},
        samples=tuple(Sample(_number(time), float(value)) for time, value in document["samples"]),
        histograms=tuple(
            Histogram(_number(time), float(count), float(total), tuple(_bucket(bucket) for bucket in buckets))
            for time, count, total, buckets in document.get("histograms", ())
        ),
    )


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r:.60} is not a number")
    return value


def _bucket(texts: list[str]) -> tuple[float, float, float]:
    upper, lower, count = map(float, texts)
    return upper, lower, count
