"""Individual histogram buckets, at the edges that all instances had throughout."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from leadline.signals.instruments import Instrument
from leadline.signals.samples import Sample, Series

from .counters import fallen
from .scrapes import TargetKey

PARTS = ("", "_sum", "_count", "_bucket")
Own = tuple[TargetKey, Series]
"""A series and its target."""


def selector(instrument: Instrument) -> str:
    """Write a selector for the whole instrument, so that a histogram's components come from the same scrapes."""
    return instrument.select_parts(*PARTS) if instrument.is_distribution else instrument.select()


def whole_of(instrument: Instrument, duration: str) -> str:
    """Write the query for the whole instrument over a duration."""
    if instrument.expression:
        return instrument.over(duration)
    return f"{selector(instrument)}[{duration}]"


def counted_by(instrument: Instrument) -> list[str]:
    """Write selectors for the counters that show an instrument's restarts; `_count` for a histogram."""
    if instrument.is_distribution:
        native = replace(instrument, native=False).part("_count")
        return [native.select(), *([instrument.select()] if instrument.native else [])]
    alone = [replace(instrument, metric=metric, names=()) for _, metric in instrument.names]
    return [each.select() for each in alone or [instrument]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """An instrument's series, with classic buckets separated.

    buckets  one series per bucket and label set, counting between its lower edge and its upper edge `le`
    dropped  edges that some instances lack, or lacked for a time
    reason   why there are no buckets despite `le` labels; empty if there are
    """

    others: tuple[Own, ...]
    buckets: tuple[Own, ...] = ()
    dropped: tuple[float, ...] = ()
    reason: str = ""


def parts(series: Iterable[Own]) -> Split:
    """Separate the buckets of a histogram. Counts can be added only at edges that every instance has."""
    others: list[Own] = []
    histograms: dict[tuple[TargetKey, frozenset[tuple[str, str]]], dict[float, Series]] = {}
    for target, each in series:
        edge = _edge(each)
        if edge is None:
            others.append((target, each))
        elif not math.isnan(edge):
            rest = frozenset(item for item in each.labels.items() if item[0] != "le")
            histograms.setdefault((target, rest), {})[edge] = each
    if not histograms:
        return Split(others=tuple(others))
    if any(math.inf not in edges for edges in histograms.values()):
        return Split(
            others=tuple(others), reason="its buckets have no +Inf, so counts above them are unknown"
        )
    every = {edge for edges in histograms.values() for edge in edges}
    common = sorted(
        edge for edge in every if all(_covers(edges, edge) for edges in histograms.values() if _counts(edges))
    )
    apart = tuple(
        (target, bucket)
        for (target, _), edges in histograms.items()
        for bucket in _apart([edges[edge] for edge in common if edge in edges], _restarts(edges[math.inf]))
    )
    return Split(others=tuple(others), buckets=apart, dropped=tuple(sorted(every - {*common})))


def _edge(series: Series) -> float | None:
    """Return the upper edge of a bucket: NaN if unreadable, None if the series is not a bucket."""
    if "le" not in series.labels or not series.labels.get("__name__", "").endswith("_bucket"):
        return None
    try:
        return float(series.labels["le"])
    except ValueError:
        return math.nan


def _counts(edges: dict[float, Series]) -> bool:
    """Return whether a histogram has any events; an empty one covers every edge."""
    return any(sample.value for sample in edges[math.inf].samples)


def _covers(edges: dict[float, Series], edge: float) -> bool:
    """Return whether every scrape of the histogram has this edge."""
    return edge in edges and len(edges[edge].samples) >= len(edges[math.inf].samples)


def _restarts(every: Series) -> tuple[float, ...]:
    """Return the scrapes at which the whole histogram had restarted, even if not every bucket fell."""
    return (*every.restarts, *fallen(every.samples))


def _apart(series: list[Series], restarts: tuple[float, ...]) -> Iterable[Series]:
    """Subtract from each bucket the one below, scrape by scrape."""
    below: Series | None = None
    for each in series:
        if below is None:
            yield replace(each, restarts=restarts)
        elif len(below.samples) == len(each.samples):
            samples = tuple(
                Sample(now.time, now.value - under.value)
                for now, under in zip(each.samples, below.samples, strict=True)
            )
            yield Series(labels=each.labels, samples=samples, restarts=restarts)
        else:
            under = {sample.time: sample.value for sample in below.samples}
            samples = tuple(
                Sample(now.time, now.value - under[now.time]) for now in each.samples if now.time in under
            )
            yield Series(labels=each.labels, samples=samples, restarts=restarts)
        below = each
