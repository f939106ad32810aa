"""One counter series: bounds on what it counted between any two times.

Between two scrapes without a restart, a counter's difference is exact: it was counted after the first scrape and before the
second was read. Everything else is bounded; `docs/explanation/measuring.md` lists the assumptions.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from leadline.signals.samples import Sample

from .bounds import Count
from .scrapes import CLOCK_SLACK_SECONDS, Scrapes

RESTART_FALL, FEW = 0.5, 20
"""A value that falls below this share of the last one has restarted; a smaller fall, or a count below FEW, may be a dip."""
PLAUSIBLE = 10.0
"""Unseen events happened at no more than this many times the target's peak rate."""
WHOLE_FLOATS, SMALL, PRECISE = 2.0**53, 1e6, 1e-9
"""From WHOLE_FLOATS a float cannot hold every integer. Below SMALL rounding never matters. A difference is exact if rounding is
a smaller share of it than PRECISE."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A period in which a target may have counted events that no scrape saw.

    restart  whether a restart is a possible reason; otherwise a series or its target ended
    perhaps  counted events that may fall into the gap
    """

    start: float
    end: float
    restart: bool = True
    perhaps: float = 0.0

    def overlaps(self, start: float, end: float) -> bool:
        return self.start < end and self.end > start


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A counter that never falls, as knots at its scrapes.

    times           scrapes; the first is -inf if the start of the first value's counting is unknown
    low, mid, high  count up to each knot: lower bound, estimate, upper bound
    gaps            periods in which events may have been lost
    restarts        scrapes that first saw a new count
    born            count before the first sample, if that lies between known scrapes
    """

    times: Sequence[float]
    low: Sequence[float]
    mid: Sequence[float]
    high: Sequence[float]
    gaps: tuple[Gap, ...] = ()
    restarts: tuple[float, ...] = ()
    born: float = 0.0

    def at(self, time: float) -> float:
        """Return the estimated count at a time: linear between scrapes, constant outside them."""
        right = bisect_left(self.times, time)
        if right == 0:
            return self.mid[0]
        if right == len(self.times):
            return self.mid[-1]
        t0, t1 = self.times[right - 1], self.times[right]
        v0, v1 = self.mid[right - 1], self.mid[right]
        if math.isinf(t0):  # unknown birth: assume the later rate
            return max(v0, v1 - self._rate * (t1 - time))
        return v0 + (v1 - v0) * (time - t0) / (t1 - t0)

    @property
    def _rate(self) -> float:
        """The mean rate from the first sample onwards."""
        seconds = self.times[-1] - self.times[1]
        return (self.mid[-1] - self.mid[1]) / seconds if seconds > 0 else 0.0

    def count(self, start: float, end: float, read_seconds: float = 0.0) -> Count:
        """Return the count in (start, end], excluding events lost in gaps.

        A scrape is stamped when it begins and takes up to `read_seconds`.
        """
        first, last = bisect_left(self.times, start), bisect_right(self.times, end - read_seconds) - 1
        lower = self.low[last] - self.low[first] if first < last else 0.0
        before = max(bisect_right(self.times, start - read_seconds) - 1, 0)
        after = min(bisect_left(self.times, end), len(self.times) - 1)
        upper = self.high[after] - self.high[before] if before < after else 0.0
        value = self.at(end) - self.at(start)
        lower, upper = min(lower, upper), max(lower, upper)
        perhaps = sum(gap.perhaps for gap in self.gaps if gap.perhaps and gap.overlaps(start, end))
        return Count(value=min(max(value, lower), upper), lower=lower, upper=upper, perhaps=perhaps)

    def is_idle(self, start: float, end: float) -> bool:
        """Return whether nothing was counted right after `start` or right before `end`."""
        after, before = bisect_right(self.times, start), bisect_left(self.times, end) - 1
        return (
            after < len(self.times)
            and before >= 0
            and self.high[after] == self.at(start)
            and self.high[before] == self.at(end)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Facts about the process that a series belongs to.

    scrapes  the target's scrapes
    fallen   scrapes at which other counters of the target had fallen
    refuted  scrapes before which it cannot have restarted, because its counters are too high
    revealed scrapes that first found counters too high to have been counted since the previous scrape
    ended    last scrape and last value of each series that this one may continue
    created  creation time of the series, if known
    window   the queried range; births before it and ends after it do not matter
    most     maximum that the metric can count on this target in so many seconds, at a plausible rate; infinite if unknown
    """

    scrapes: Scrapes
    fallen: frozenset[float] = frozenset()
    refuted: frozenset[float] = frozenset()
    revealed: frozenset[float] = frozenset()
    ended: tuple[tuple[float, float], ...] = ()
    created: float | None = None
    window: tuple[float, float] = (-math.inf, math.inf)
    most: Callable[[float], float] = lambda _: math.inf


def finite(samples: Iterable[Sample]) -> list[Sample]:
    return [sample for sample in samples if math.isfinite(sample.value)]


def fallen(samples: Sequence[Sample]) -> list[float]:
    """Return the scrapes at which a value had fallen so far that it must have restarted."""
    return [now.time for before, now in pairwise(samples) if fell_far(before.value, now.value)]


def halved(samples: Sequence[Sample]) -> list[float]:
    """Return the scrapes at which a value had fallen below half, even for small counts."""
    return [now.time for before, now in pairwise(samples) if now.value < RESTART_FALL * before.value]


def fell_far(before: float, now: float) -> bool:
    return now < RESTART_FALL * before and not (before < FEW and before == int(before))


def accumulate(
    samples: Sequence[Sample], around: Around, *, restarts: Iterable[float] = ()
) -> Counter | None:
    """Turn a series into a counter that never falls; return None if it has no finite sample.

    `restarts` are scrapes of known restarts, whatever the values.
    """
    usable = finite(samples)
    if not usable:
        return None
    known = sorted(restarts)
    since, step = born(usable[0], around)
    if usable[0] is not samples[0]:  # it existed before, but without a finite value
        since, step = -math.inf, Step(usable[0].value, 0.0, usable[0].value)
    times, low, mid, high = (array("d", (value,)) for value in (since, 0.0, 0.0, 0.0))
    gaps: list[Gap] = []
    seen: list[float] = []
    quiet = not around.scrapes.starts and not around.fallen and not known
    before = None
    for now in usable:
        if before is not None:
            difference = now.value - before.value
            if quiet and difference >= 0 and now.value < SMALL:
                step = Step(difference, difference, difference)
            else:
                restarted = bisect_right(known, before.time) < bisect_right(known, now.time)
                step = _step(before, now, around, restarted=restarted)
        times.append(now.time)
        low.append(low[-1] + step.lower)
        mid.append(mid[-1] + step.value)
        high.append(high[-1] + step.upper)
        if step.gap:
            gaps.append(step.gap)
        if step.restarted:
            seen.append(now.time)
        before = now
    if usable[-1].time < around.window[1]:
        gaps += _end(usable[-1].time, around.scrapes)
    exact = low == high == mid
    return Counter(
        times=times,
        low=low,
        mid=low if exact else mid,
        high=low if exact else high,
        gaps=tuple(gaps),
        restarts=tuple(seen),
        born=mid[1] if math.isfinite(since) else 0.0,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """The count between two samples: estimate, lower and upper bound, and a possible gap."""

    value: float
    lower: float
    upper: float
    gap: Gap | None = None
    restarted: bool = False


def _step(before: Sample, now: Sample, around: Around, *, restarted: bool) -> Step:
    difference, scrapes = now.value - before.value, around.scrapes
    change = scrapes.change(before.time, now.time) if scrapes.starts else None
    others = now.time in around.fallen
    if difference >= 0 and change is None and not restarted and (scrapes.starts or not others):
        return _exact(difference, now.value)
    lost = Gap(before.time, change.since if change else now.time)
    fell = fell_far(before.value, now.value) or (difference < 0 and (change or others))
    if restarted or fell or (change and others):
        return Step(now.value, now.value, now.value, lost, restarted=True)
    counted = max(0.0, difference)  # negative after a dip, or an unproven restart
    perhaps = Gap(before.time, now.time, perhaps=min(before.value, now.value))
    if now.time in around.refuted or (difference < 0 and now.value > around.most(now.time - before.time)):
        perhaps = replace(perhaps, end=perhaps.start, restart=False)
    most = now.value if difference < 0 and now.value < FEW else counted
    return Step(counted, counted, most, perhaps)


def _exact(difference: float, value: float) -> Step:
    lost = math.ulp(value)
    whole = value < WHOLE_FLOATS and value == int(value)
    if whole or lost <= PRECISE * difference or not difference:
        return Step(difference, difference, difference)
    return Step(difference, max(0.0, difference - lost), difference + lost)


Born = tuple[float, Step]
"""The earliest time from which a first value may have been counted, and its count."""


def born(first: Sample, around: Around) -> Born:
    """Return the earliest time from which a series' first value may have been counted, and its count."""
    scrapes = around.scrapes
    unknown = -math.inf, Step(first.value, 0.0, first.value)
    if first.time + scrapes.read_seconds <= around.window[0]:
        return unknown
    if around.created is not None and around.created <= first.time + CLOCK_SLACK_SECONDS:
        return min(around.created - CLOCK_SLACK_SECONDS, first.time), _whole(first.value)
    if scrapes.pushed:
        return _on_new_target(first, around) or unknown
    before = scrapes.before(first.time)
    return (
        _on_new_target(first, around) or unknown
        if before is None
        else _on_known_target(first, before, around)
    )


def _whole(value: float) -> Step:
    return Step(value, value, value)


def _on_new_target(first: Sample, around: Around) -> Born | None:
    """Treat a series found by its target's first scrape as born with the process, if plausible; else return None."""
    started = around.scrapes.started(first.time)
    if started is None or first.time in around.revealed or first.value > around.most(first.time - started):
        return None
    return min(started - CLOCK_SLACK_SECONDS, first.time), _whole(first.value)


def _on_known_target(first: Sample, before: float, around: Around) -> Born:
    """Treat a series missing from the previous scrape as born at zero, unless something else explains it."""
    value, seconds = first.value, first.time - before
    change = around.scrapes.change(before, first.time)
    if change:
        return before, replace(_whole(value), gap=Gap(before, change.since))
    ended = [last for time, last in around.ended if time == before]
    most = around.most(seconds)
    revealed = first.time in around.revealed
    if not ended and not revealed and value <= most:
        return before, _whole(value)
    least = max(0.0, value - sum(ended)) if ended else 0.0
    expected = min(value, most / PLAUSIBLE) if math.isfinite(most) else 0.0
    likely = max(least, min((value - last for last in ended if last <= value), default=expected))
    perhaps = Gap(before, first.time, restart=False, perhaps=value - likely)
    return before, Step(likely, least, likely, perhaps)


def _end(last: float, scrapes: Scrapes) -> list[Gap]:
    """Return the gaps in which a series that ended may have kept counting."""
    following = scrapes.after(last)
    if following is not None:
        change = scrapes.change(last, following)
        return [Gap(last, change.since if change else following, restart=bool(change))]
    until = scrapes.until(last)
    return [Gap(last, until, restart=False)] if last < scrapes.known_until else []
