"""One instrument, measured: its series as counters, and what they counted over a window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from operator import add
from typing import TypeVar

from reports.counters import NOTHING, Counter, Total
from reports.model import Provenance, Reading
from reports.scrapes import Scrapes, TargetKey, target_of
from reports.window import Window
from signals.instruments import Instrument

Labels = Mapping[str, str]
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
class Measured:
    """An instrument's series over a window, and the scrapes of their targets.

    absent  why there is nothing to measure; empty where there is
    """

    instrument: Instrument
    query: str
    window: Window
    scrapes: Mapping[TargetKey, Scrapes]
    tracks: tuple[Track, ...] = ()
    samples: int = 0
    warnings: tuple[str, ...] = ()
    absent: str = ""

    def part(self, suffix: str) -> Measured:
        """Give the series of one component of a histogram (`_bucket`, `_sum`, `_count`)."""
        name = self.instrument.metric + suffix
        return replace(
            self, tracks=tuple(track for track in self.tracks if track.labels.get("__name__") == name)
        )

    def total(self, keep: Keep = everything) -> Total:
        """Give what was counted in the window, with bounds: its edges need not be scrapes."""
        return self._over(self.window.start, self.window.end, keep)

    def over_load(self, keep: Keep = everything) -> Total:
        """Give what was counted while the load ran, or in the window where no load is known.

        Of a load the estimate is what the scrapes around it counted, which is exact where nothing else was asked
        of the service just before and after; linear interpolation would blur the load's edges.
        """
        whole = self._over(self.window.rate_start, self.window.rate_end, keep)
        return replace(whole, value=whole.upper) if self.window.is_load else whole

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
        return Provenance(query=self.query, samples=self.samples, resets=self.resets, warnings=self.warnings)

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
