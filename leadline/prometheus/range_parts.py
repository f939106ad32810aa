"""Query a range of more points than Prometheus allows, in parts."""

from __future__ import annotations

from leadline.signals.samples import Answer, Sample, Series

from .client import Prometheus


def joined(prometheus: Prometheus, text: str, start: float, end: float, step: float, most: int) -> Answer:
    """Ask part after part without overlap, and join series with equal labels."""
    samples: dict[tuple[tuple[str, str], ...], list[Sample]] = {}
    warnings: dict[str, None] = {}
    begin = start
    while begin <= end:
        stop = min(begin + (most - 1) * step, end)
        answer = prometheus.ask_range(text, start=begin, end=stop, step_seconds=step)
        warnings |= dict.fromkeys(answer.warnings)
        for series in answer.series:
            samples.setdefault(tuple(sorted(series.labels.items())), []).extend(series.samples)
        begin += most * step
    series_ = tuple(Series(labels=dict(labels), samples=tuple(found)) for labels, found in samples.items())
    return Answer(kind="matrix", series=series_, warnings=tuple(warnings))
