"""One counter series: what it counted between any two moments, at least and at most.

Between two scrapes without a restart a counter's difference is exact, and lies after the first scrape and before the
second was read. Everything else is bounded: see `docs/explanation/measuring.md`, which names the assumptions.
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
"""A value that falls below this share of the last one started again; one that falls by less, or a count of a few, may just
have dipped."""
PLAUSIBLE = 10.0
"""What cannot be seen happened at most at this many times the target's peak rate."""
WHOLE_FLOATS, SMALL, PRECISE = 2.0**53, 1e6, 1e-9
"""From here on a float no longer holds every whole number; below this its rounding never matters; a difference is exact where
rounding is a smaller share of it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a target may have counted what no scrape saw.

    restart  whether a restart is the reason, or may be; else a series or its target ended
    perhaps  what the counter holds that may have been counted in it
    """

    start: float
    end: float
    restart: bool = True
    perhaps: float = 0.0

    def overlaps(self, start: float, end: float) -> bool:
        return self.start < end and self.end > start


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A counter that never falls, as knots; what happened up to a knot was counted when it was scraped.

    times           the scrapes; the first is -inf where it is not known since when the first value was counted
    low, mid, high  what was counted up to each knot: at least, as an estimate, at most
    gaps            when something may have been lost
    restarts        the scrapes that first saw a new count
    born            what was counted before the first sample, where that lies between known scrapes
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
        if math.isinf(t0):  # nobody knows when it was born: as if it had counted at its later rate before
            return max(v0, v1 - self._rate * (t1 - time))
        return v0 + (v1 - v0) * (time - t0) / (t1 - t0)

    @property
    def _rate(self) -> float:
        """The mean rate from the first sample on."""
        seconds = self.times[-1] - self.times[1]
        return (self.mid[-1] - self.mid[1]) / seconds if seconds > 0 else 0.0

    def count(self, start: float, end: float, read_seconds: float = 0.0) -> Count:
        """Return what was counted after `start` and not after `end`, without what is missing in gaps.

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
        """Return whether nothing was counted just after one moment, nor just before another."""
        after, before = bisect_right(self.times, start), bisect_left(self.times, end) - 1
        return (
            after < len(self.times)
            and before >= 0
            and self.high[after] == self.at(start)
            and self.high[before] == self.at(end)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What else is known of the process that a series belongs to.

    scrapes  its target's
    fallen   the scrapes at which other counters of the target had fallen
    refuted  the scrapes before which it cannot have restarted, as its counters stand too high for that
    revealed the scrapes that first found counters which stand too high to have been counted since the scrape before
    ended    the last scrape and the last value of the series that this one may go on with
    created  when this very series was created, where it tells
    window   the time that is asked about: births before it and ends after it do not matter
    most     what the metric can have counted on this target in so many seconds, at a plausible rate; infinite if unknown
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
    """Return the scrapes at which a value had fallen so far that it must have started again."""
    return [now.time for before, now in pairwise(samples) if fell_far(before.value, now.value)]


def halved(samples: Sequence[Sample]) -> list[float]:
    """Return the scrapes at which a value had fallen below half, be it that of a few only."""
    return [now.time for before, now in pairwise(samples) if now.value < RESTART_FALL * before.value]


def fell_far(before: float, now: float) -> bool:
    return now < RESTART_FALL * before and not (before < FEW and before == int(before))


def accumulate(
    samples: Sequence[Sample], around: Around, *, restarts: Iterable[float] = ()
) -> Counter | None:
    """Make one series a counter that never falls. Return None where it has no sample that is a number.

    `restarts` are scrapes at which it is known to have started again, whatever its values say.
    """
    usable = finite(samples)
    if not usable:
        return None
    known = sorted(restarts)
    since, step = born(usable[0], around)
    if usable[0] is not samples[0]:  # it was there before, and had no value that is a number
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
    """What was counted between two samples: probably, at least, at most; and what may have been lost."""

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
    counted = max(0.0, difference)  # less than 0 where it dipped, or restarted and nothing else tells
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
"""Since when a first value may have been counted, and what of it was."""


def born(first: Sample, around: Around) -> Born:
    """Return since when the first value of a series may have been counted, and what of it was."""
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
    """Take a series that its target's first scrape found for born with the process, where that is plausible."""
    started = around.scrapes.started(first.time)
    if started is None or first.time in around.revealed or first.value > around.most(first.time - started):
        return None
    return min(started - CLOCK_SLACK_SECONDS, first.time), _whole(first.value)


def _on_known_target(first: Sample, before: float, around: Around) -> Born:
    """Take a series that the last scrape did not find for born at zero, unless something else explains it."""
    value, seconds = first.value, first.time - before
    change = around.scrapes.change(before, first.time)
    if change:
        return before, replace(_whole(value), gap=Gap(before, change.since))
    ended = [last for time, last in around.ended if time == before]
    most = around.most(seconds)
    revealed = first.time in around.revealed
    if not ended and not revealed and value <= most:
        return before, _whole(value)
    certain = max(0.0, value - sum(ended)) if ended else 0.0
    usual = min(value, most / PLAUSIBLE) if math.isfinite(most) else 0.0
    likely = max(certain, min((value - last for last in ended if last <= value), default=usual))
    perhaps = Gap(before, first.time, restart=False, perhaps=value - likely)
    return before, Step(likely, certain, likely, perhaps)


def _end(last: float, scrapes: Scrapes) -> list[Gap]:
    """Say when a series that ended may have counted on."""
    following = scrapes.after(last)
    if following is not None:
        change = scrapes.change(last, following)
        return [Gap(last, change.since if change else following, restart=bool(change))]
    until = scrapes.until(last)
    return [Gap(last, until, restart=False)] if last < scrapes.known_until else []
