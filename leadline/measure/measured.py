"""A measured instrument: its series as counters, and their counts over a window."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeVar

from leadline.signals.instruments import Instrument
from leadline.signals.samples import Series

from .bounds import NOTHING, Bounded, Count, total
from .counters import PLAUSIBLE, Counter, Gap
from .gauges import GaugeStatistics, gauge_statistics, sums_at
from .reading import Edges, Provenance, Reading
from .scrapes import Scrapes, TargetKey
from .window import Window

Labels = Mapping[str, str]
Keep = Callable[[Labels], bool]
T = TypeVar("T")


def everything(_: Labels) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """The reason why a figure is missing, in words for people."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterSeries:
    """One series: its labels, its target and its counter."""

    labels: Labels
    target: TargetKey
    counter: Counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An instrument's series over a window, and the scrapes of their targets.

    tracks        its counters; `_count` and `_sum` for a histogram
    buckets       one counter per histogram bucket, `le` its upper edge, at the edges that all instances have
    dropped       edges that only some instances have, or had
    gauges        series of a gauge, or quantiles of a summary
    peaks         highest rate of each metric on each target, per second
    lives         gaps in which targets may have counted unseen
    twins         targets that may be one process scraped twice → the first of them
    incomplete    why series may be missing from the answer; empty if none are
    absent        why there is nothing to measure; empty if there is
    """

    instrument: Instrument
    query: str
    window: Window
    scrapes: Mapping[TargetKey, Scrapes]
    tracks: tuple[CounterSeries, ...] = ()
    buckets: tuple[CounterSeries, ...] = ()
    dropped: tuple[float, ...] = ()
    unbucketed: str = ""
    gauges: tuple[Series, ...] = ()
    samples: int = 0
    peaks: Mapping[tuple[TargetKey, str], float] = field(default_factory=dict)
    lives: Mapping[TargetKey, tuple[Gap, ...]] = field(default_factory=dict)
    twins: Mapping[TargetKey, TargetKey] = field(default_factory=dict)
    edges: Edges | None = None
    warnings: tuple[str, ...] = ()
    incomplete: str = ""
    absent: str = ""

    def part(self, suffix: str) -> Measured:
        """Return a histogram component: `_sum`, `_count`, or `_bucket` as individual buckets."""
        if suffix == "_bucket":
            return replace(self, tracks=self.buckets)
        name = self.instrument.metric + suffix
        return replace(
            self, tracks=tuple(each for each in self.tracks if each.labels.get("__name__") == name)
        )

    def count(self, keep: Keep = everything) -> Count:
        """Return the count in the window, with bounds: its edges need not be scrapes."""
        missing = self.missing(self.window.start, self.window.end)
        return replace(self._count(self._of(keep)), missing=missing)

    def over_load(self, keep: Keep = everything) -> Count:
        """Return the count while the load ran, or in the window if no load is known."""
        missing = self.missing(self.window.rate_start, self.window.rate_end)
        return replace(self._over_load(self._of(keep)), missing=missing)

    def by(
        self, key: Callable[[Labels], T | None], keep: Keep = everything, *, over_load: bool = False
    ) -> dict[T, Count]:
        """Return `count` or `over_load` for each value that `key` reads from the labels, except None.

        Missing events concern all values together and are not included: see `missing`.
        """
        groups: dict[T, list[CounterSeries]] = {}
        for track in self.tracks:
            if keep(track.labels) and (value := key(track.labels)) is not None:
                groups.setdefault(value, []).append(track)
        count = self._over_load if over_load else self._count
        return {value: count(tracks) for value, tracks in groups.items()}

    def _of(self, keep: Keep) -> list[CounterSeries]:
        return [track for track in self.tracks if keep(track.labels)]

    def _count(self, tracks: Iterable[CounterSeries]) -> Count:
        return self._sum(tracks, self.window.start, self.window.end)

    def _over_load(self, tracks: Iterable[CounterSeries]) -> Count:
        """Count while the load ran.

        There are no requests right before and after a whole load, so use the estimate of the window around it: linear
        interpolation would blur the load's edges.
        """
        tracks = list(tracks)
        found = self._sum(tracks, self.window.rate_start, self.window.rate_end)
        if not (self.window.is_load and self.window.whole_load):
            return found
        return replace(found, value=min(max(self._count(tracks).value, found.lower), found.upper))

    def _sum(self, tracks: Iterable[CounterSeries], start: float, end: float) -> Count:
        """Add counters up. Targets that may be one process count between once and each."""
        alone: list[Count] = []
        twins: dict[TargetKey, dict[TargetKey, Count]] = {}
        for track in tracks:
            found = track.counter.count(start, end, self.scrapes[track.target].read_seconds)
            first = self.twins.get(track.target)
            if first is None:
                alone.append(found)
            else:
                one = twins.setdefault(first, {})
                one[track.target] = one.get(track.target, NOTHING) + found
        return total((*alone, *(_once_or_each(each.values()) for each in twins.values())))

    def missing(self, start: float, end: float) -> float:
        """Return the maximum lost events: in each target's gaps, at `PLAUSIBLE` times its peak rate."""
        if self.incomplete:
            return math.inf
        return sum(self._missing(target, seconds) for target, seconds in self.lost(start, end).items())

    def _missing(self, target: TargetKey, seconds: float) -> float:
        named = {_counting(track.labels.get("__name__", "")) for track in self.tracks}
        own = sum(self.peaks.get((target, name), 0.0) for name in named)
        busiest = max((peak for (_, name), peak in self.peaks.items() if name in named), default=0.0)
        peak = own or busiest
        return PLAUSIBLE * peak * seconds if peak else math.inf

    def lost(self, start: float, end: float) -> dict[TargetKey, float]:
        """Return the seconds between two times in which each target may have counted unseen."""
        found = {target: _length(gaps, start, end) for target, gaps in self._gaps().items()}
        return {target: seconds for target, seconds in found.items() if seconds > 0}

    def _gaps(self) -> dict[TargetKey, set[Gap]]:
        gaps: dict[TargetKey, set[Gap]] = {target: set(found) for target, found in self.lives.items()}
        for track in self.tracks:
            if track.counter.gaps:
                gaps.setdefault(track.target, set()).update(track.counter.gaps)
        return gaps

    @property
    def assumes(self) -> bool:
        """Whether counted events belong to the window only if they were counted implausibly fast."""
        start, end = self.window.start, self.window.end
        return any(
            gap.perhaps > 0 and gap.overlaps(start, end)
            for track in self.tracks
            for gap in track.counter.gaps
        )

    def level(self) -> GaugeStatistics | None:
        """Return the statistics of a gauge, summed over its series, while the load ran; None without samples."""
        if self.instrument.constant is not None:
            constant = float(self.instrument.constant)
            return GaugeStatistics(mean=constant, peak=constant, last=constant, first=constant)
        return gauge_statistics(self.gauges, self.window.rate_start, self.window.rate_end)

    def levels(self, times: list[float]) -> list[float | None]:
        """Return the sum of a gauge's series at each time; None without valid samples."""
        return sums_at(self.gauges, times)

    def grid(self, resolution_seconds: float, *, load: bool = False) -> list[float]:
        """Return times `resolution_seconds` apart, from the first to the last sample inside the window."""
        start, end = self.window.start, self.window.end
        if load:
            start, end = self.window.rate_start, self.window.rate_end
        seen = [track.counter.times for track in self.tracks]
        end = min(end, max((times[-1] for times in seen), default=start))
        start = max(start, min((times[times[0] == -math.inf] for times in seen), default=end))
        steps = int((end - start) / resolution_seconds + 1e-9)
        return [end - step * resolution_seconds for step in range(steps, -1, -1)]

    def steps(self, grid: list[float]) -> list[float]:
        """Return the estimated rate per second in each step of a grid."""
        counts = self.counts(grid)
        return [
            (late - early) / (after - before)
            for (early, late), (before, after) in zip(pairwise(counts), pairwise(grid), strict=True)
        ]

    def counts(self, grid: list[float], keep: Keep = everything) -> list[float]:
        """Return the estimated count up to each time."""
        counters = [track.counter for track in self.tracks if keep(track.labels)]
        return [math.fsum(counter.at(time) for counter in counters) for time in grid]

    def peak(self, resolution_seconds: float) -> float | None:
        """Return the largest rate per second over a grid of `resolution_seconds`; None if the span is shorter."""
        return max(self.steps(self.grid(resolution_seconds, load=True)), default=None)

    @property
    def has_span(self) -> bool:
        """Whether any target was scraped twice inside the window."""
        return any(self.scrapes[track.target].span(self.window) for track in self.tracks)

    def at_its_edges(self) -> Measured:
        """Record the scrapes that the window was snapped to, and whether the targets were idle there."""
        seen = [
            (span, track.counter)
            for track in self.tracks
            if (span := self.scrapes[track.target].span(self.window))
        ]
        if not seen:
            return self
        idle = all(counter.is_idle(*span) for span, counter in seen)
        first, last = min(span[0] for span, _ in seen), max(span[1] for span, _ in seen)
        return replace(self, edges=Edges(first=first, last=last, idle=idle))

    @property
    def is_idle(self) -> bool:
        """Whether nothing was being counted at the window's edges.

        Clients write the parts of a histogram one after the other; only idle edges prove that they cover the same requests.
        """
        return self.edges is not None and self.edges.idle

    @property
    def resets(self) -> int:
        """Number of restarts inside the window that its counters show."""
        start, end = self.window.start, self.window.end
        worst: dict[TargetKey, int] = {}
        for track in self.tracks:
            found = sum(1 for gap in track.counter.gaps if gap.restart and gap.overlaps(start, end))
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

    def reading(self, signal: str, unit: str, count: Count, *, per: float = 1) -> Reading:
        """Return a reading of a count, divided by `per`."""
        return Reading(
            signal=signal,
            unit=unit,
            value=count.value / per,
            lower=count.lower / per,
            upper=(count.upper + count.perhaps) / per,
            unbounded=count.missing > 0,
            missing=count.missing / per,
            judged_upper=count.highest / per,
            incomplete=self.incomplete,
            provenance=self.provenance,
        )

    def bounded(self, signal: str, unit: str, found: Bounded, *, times: float = 1) -> Reading:
        """Return a reading of a bounded figure."""
        endless = math.isinf(found.upper)
        return Reading(
            signal=signal,
            unit=unit,
            value=None if found.value is None else found.value * times,
            lower=found.lower * times,
            upper=None if endless else found.upper * times,
            unbounded=endless,
            assumption=self.assumption,
            incomplete=self.incomplete,
            provenance=self.provenance,
        )

    @property
    def assumption(self) -> str:
        """The assumption behind a ratio's bounds if events may be missing; empty if none is needed."""
        lost = self.lost(self.window.start, self.window.end)
        if not lost and not self.assumes:
            return ""
        return f"no target counted faster than {PLAUSIBLE:.0f} times its peak rate where it was not scraped"


def _once_or_each(counts: Iterable[Count]) -> Count:
    """Bound the count of targets that may be one process: at least the busiest, at most the sum."""
    every = list(counts)
    whole, most = total(every), max(every, key=lambda each: each.value)
    return replace(whole, lower=max(each.lower for each in every), value=most.value)


def _counting(name: str) -> str:
    """Return the metric whose rate limits a series' count: `_count` for buckets."""
    return f"{name.removesuffix('_bucket')}_count" if name.endswith("_bucket") else name


def _length(gaps: Iterable[Gap], start: float, end: float) -> float:
    """Return the total seconds of gaps inside a span, overlaps counted once."""
    clipped = sorted((max(gap.start, start), min(gap.end, end)) for gap in gaps)
    seconds, reached = 0.0, start
    for begin, finish in clipped:
        if finish > max(begin, reached):
            seconds += finish - max(begin, reached)
            reached = finish
    return seconds


def of_targets(measured: Iterable[Measured]) -> Iterator[TargetKey]:
    """Return every target once."""
    yield from dict.fromkeys(track.target for each in measured for track in each.tracks)
