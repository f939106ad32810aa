"""One instrument, measured: its series as counters, and what they counted over a window."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from operator import add
from typing import TypeVar

from reports.counters import NOTHING, Counter, Total
from reports.model import Edges, Provenance, Reading
from reports.scrapes import Scrapes, TargetKey, target_of
from reports.window import Window
from signals.instruments import Instrument
from signals.samples import Series

Labels = Mapping[str, str]
LOOKBACK_SECONDS = 300.0
"""Prometheus's own: a series without a newer sample is gone."""
Keep = Callable[[Labels], bool]
T = TypeVar("T")


def everything(_: Labels) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One series: its labels and its counter."""

    labels: Labels
    counter: Counter

    @property
    def target(self) -> TargetKey:
        return target_of(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What a gauge stood at over a span; spikes between scrapes are not seen."""

    mean: float
    peak: float
    last: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An instrument's series over a window, and the scrapes of their targets.

    tracks        its counters; a histogram's components are counters too
    gauges        its series where it is a gauge, and the quantiles that a summary reckons by itself
    bucket_query  what was asked for a histogram's buckets, where that was asked apart
    absent  why there is nothing to measure; empty where there is
    """

    instrument: Instrument
    query: str
    window: Window
    scrapes: Mapping[TargetKey, Scrapes]
    tracks: tuple[Track, ...] = ()
    gauges: tuple[Series, ...] = ()
    samples: int = 0
    bucket_query: str = ""
    edges: Edges | None = None
    warnings: tuple[str, ...] = ()
    absent: str = ""

    def part(self, suffix: str) -> Measured:
        """Give the series of one component of a histogram (`_bucket`, `_sum`, `_count`)."""
        name = self.instrument.metric + suffix
        tracks = tuple(track for track in self.tracks if track.labels.get("__name__") == name)
        query = self.bucket_query if suffix == "_bucket" and self.bucket_query else self.query
        return replace(self, tracks=tracks, query=query)

    def total(self, keep: Keep = everything) -> Total:
        """Give what was counted in the window, with bounds: its edges need not be scrapes."""
        return self._over(self.window.start, self.window.end, keep)

    def over_load(self, keep: Keep = everything) -> Total:
        """Give what was counted while the load ran, or in the window where no load is known.

        Of a load the estimate is what the scrapes around it counted, which is exact where nothing else was asked
        of the service just before and after; linear interpolation would blur the load's edges.
        """
        whole = self._over(self.window.rate_start, self.window.rate_end, keep)
        return replace(whole, value=whole.upper) if self.window.is_load and self.window.whole_load else whole

    def snapped(self, keep: Keep = everything) -> Total:
        """Give what was counted between each target's first and last scrape in the window: exact integers."""
        return _sum(
            track.counter.between(*span)
            for track in self.tracks
            if keep(track.labels) and (span := self.scrapes[track.target].span(self.window))
        )

    def snapped_by(self, key: Callable[[Labels], T | None], keep: Keep = everything) -> dict[T, Total]:
        """Give `snapped` for each value that `key` reads from the labels, in one pass; None is left out."""
        found: dict[T, Total] = {}
        for track in self.tracks:
            value = key(track.labels) if keep(track.labels) else None
            span = self.scrapes[track.target].span(self.window)
            if value is not None and span:
                found[value] = found.get(value, NOTHING) + track.counter.between(*span)
        return found

    def _over(self, start: float, end: float, keep: Keep) -> Total:
        return _sum(
            track.counter.total(start, end, self.scrapes[track.target].read_seconds)
            for track in self.tracks
            if keep(track.labels)
        )

    def level(self) -> Level | None:
        """Give what a gauge, or the sum of its series, stood at while the load ran; None where no sample tells."""
        if self.instrument.constant is not None:
            constant = float(self.instrument.constant)
            return Level(mean=constant, peak=constant, last=constant)
        start, end = self.window.rate_start, self.window.rate_end
        times = sorted({s.time for each in self.gauges for s in each.samples if start <= s.time <= end})
        sums = [sum(_value_at(each, time) for each in self.gauges) for time in times]
        return Level(mean=sum(sums) / len(sums), peak=max(sums), last=sums[-1]) if sums else None

    def steps(self, resolution_seconds: float) -> list[float]:
        """Give the rate per second of each step of a grid over the window, idle edges included."""
        steps = int(self.window.seconds / resolution_seconds)
        grid = [self.window.end - step * resolution_seconds for step in range(steps, -1, -1)]
        counts = [sum(track.counter.at(time) for track in self.tracks) for time in grid]
        return [(late - early) / resolution_seconds for early, late in pairwise(counts)]

    def peak(self, resolution_seconds: float) -> float | None:
        """Give the largest rate per second over a grid of one scrape interval; None where the span is shorter."""
        start, end = self.window.rate_start, self.window.rate_end
        steps = int((end - start) / resolution_seconds)
        grid = [end - step * resolution_seconds for step in range(steps, -1, -1)]
        counts = [sum(track.counter.at(time) for track in self.tracks) for time in grid]
        return max(((late - early) / resolution_seconds for early, late in pairwise(counts)), default=None)

    @property
    def has_span(self) -> bool:
        """Whether any target was scraped twice inside the window."""
        return any(self.scrapes[track.target].span(self.window) for track in self.tracks)

    @property
    def settled(self) -> bool:
        """Whether the first and the last scrape of every target found it idle, and none restarted between them.

        Clients write the parts of a histogram one after the other; only where nothing is being counted are the parts
        certainly of the same requests.
        """
        spans = ((track, self.scrapes[track.target].span(self.window)) for track in self.tracks)
        return not self.resets and all(span and track.counter.is_idle(*span) for track, span in spans)

    def at_its_edges(self) -> Measured:
        """Note the scrapes that the window was snapped to, and whether they found the targets idle."""
        seen = [
            (span, track.counter)
            for track in self.tracks
            if not track.labels.get("__name__", "").endswith("_bucket")
            if (span := self.scrapes[track.target].span(self.window))
        ]
        if not seen:
            return self
        idle = all(counter.is_idle(*span) for span, counter in seen)
        first, last = min(span[0] for span, _ in seen), max(span[1] for span, _ in seen)
        return replace(self, edges=Edges(first=first, last=last, idle=idle))

    @property
    def resets(self) -> int:
        """How many times a target started anew inside the window, losing what it had not yet told."""
        worst: dict[TargetKey, int] = {}
        for track in self.tracks:
            found = track.counter.resets_within(self.window.start, self.window.end)
            worst[track.target] = max(worst.get(track.target, 0), found)
        return sum(worst.values())

    @property
    def provenance(self) -> Provenance:
        return Provenance(
            query=self.query,
            samples=self.samples,
            resets=self.resets,
            edges=self.edges,
            warnings=self.warnings,
        )

    def reading(self, signal: str, unit: str, total: Total, *, per: float = 1) -> Reading:
        """Make a reading of what was counted, divided by `per`."""
        return Reading(
            signal=signal,
            unit=unit,
            value=total.value / per,
            lower=total.lower / per,
            upper=total.upper / per,
            unbounded=total.unbounded,
            provenance=self.provenance,
        )


def _sum(totals: Iterable[Total]) -> Total:
    return reduce(add, totals, NOTHING)


def _value_at(series: Series, time: float) -> float:
    """Give a gauge's newest value not later than a time and not older than the lookback; 0 where there is none."""
    index = bisect_right(series.samples, time, key=lambda sample: sample.time) - 1
    if index < 0 or time - series.samples[index].time > LOOKBACK_SECONDS:
        return 0.0
    value = series.samples[index].value
    return value if math.isfinite(value) else 0.0
