"""Burns that are known to have happened: how soon a strategy notices them, and how often any rule could."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evidence.replay.month import DAY, HOUR
from evidence.replay.poisson import Counts, drawn, ratios, steady
from evidence.replay.rules import Interval
from evidence.replay.strategies import pairs
from leadline.signals.burn import PAGE, TICKET

YEAR, PERIOD = 365 * DAY, 28 * DAY
QUIET_BEFORE = 4 * DAY
"""Minutes before a burn: longer than the longest window."""
TAIL = {PAGE: 30, TICKET: 6 * HOUR}
"""Minutes after a burn's end until which an alert counts as its own: the longest short window."""
BACKGROUND, HALF = 0.1, 0.5
"""Share of the allowed failures that happen outside of burns; and of the service that must stay silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """Failures for a while: a share of all requests, or a burn rate (times the allowed share)."""

    name: str
    minutes: int
    share: float | None = None
    rate: float | None = None

    def share_of(self, target: float) -> float:
        """Return the share of requests that fail."""
        return self.share if self.share is not None else (self.rate or 0.0) * (1 - target)

    def used(self, target: float) -> float:
        """Return the part of the period's budget that it uses on average."""
        return self.share_of(target) / (1 - target) * self.minutes / PERIOD


FAST, SLOW = pairs(PAGE)
DAILY, LONG = pairs(TICKET)
PAGES = (
    Burn(name="total outage, 1 h", minutes=HOUR, share=1),
    Burn(name="total outage, 6 h", minutes=6 * HOUR, share=1),
    Burn(name="50 % fail, 1 h", minutes=HOUR, share=0.5),
    Burn(name="50 % fail, 6 h", minutes=6 * HOUR, share=0.5),
    Burn(name="10 % fail, 6 h", minutes=6 * HOUR, share=0.1),
    Burn(name="5 % fail, 6 h", minutes=6 * HOUR, share=0.05),
    Burn(name="2 × the factor of 1 h, 2 h", minutes=2 * HOUR, rate=2 * FAST.factor),
    Burn(name="2 × the factor of 6 h, 6 h", minutes=6 * HOUR, rate=2 * SLOW.factor),
)
TICKETS = (
    Burn(name="2 × the factor of 1 d, 1 d", minutes=DAY, rate=2 * DAILY.factor),
    Burn(name="2 × the factor of 3 d, 3 d", minutes=3 * DAY, rate=2 * LONG.factor),
    Burn(name="1.3 × the factor of 3 d, 3 d", minutes=3 * DAY, rate=1.3 * LONG.factor),
)


def begins(burn: Burn, count: int) -> list[int]:
    """Return when the burns of a timeline begin, each after a quiet stretch."""
    gap = QUIET_BEFORE + burn.minutes + DAY
    return [index * gap + QUIET_BEFORE for index in range(count)]


def timeline(burn: Burn, per_hour: float, target: float, count: int, chance: np.random.Generator) -> Counts:
    """Draw the counts of a timeline with so many burns of one kind."""
    starts = begins(burn, count)
    length = starts[-1] + burn.minutes + DAY
    failing = ratios(length, BACKGROUND * (1 - target), starts, burn.minutes, burn.share_of(target))
    return drawn(steady(length, per_hour), failing, chance)


def delays(starts: Sequence[int], minutes: int, fired: Sequence[Interval], tail: int) -> list[float]:
    """Return after how many minutes each burn was noticed; infinite where it was not."""
    times = np.array([each.begin for each in fired], dtype=np.int64)
    found = []
    for start in starts:
        index = int(np.searchsorted(times, start))
        noticed = index < len(times) and times[index] < start + minutes + tail
        found.append(float(times[index] - start) if noticed else math.inf)
    return found


def within(starts: Sequence[int], minutes: int, fired: Sequence[Interval], tail: int) -> int:
    """Return how many alerts began in burns, or soon enough after one."""
    times = np.array([each.begin for each in fired], dtype=np.int64)
    edges = (
        np.searchsorted(times, start + minutes + tail) - np.searchsorted(times, start) for start in starts
    )
    return int(sum(edges))


def used(counts: Counts, starts: Sequence[int], minutes: int, per_hour: float, target: float) -> list[float]:
    """Return the part of the period's expected budget that each burn's failures used."""
    budget = per_hour / HOUR * PERIOD * (1 - target)
    return [float(counts.bad[start : start + minutes].sum()) / budget for start in starts]


def power(burn: Burn, per_hour: float, target: float, tail: int) -> float:
    """Return how often any rule could notice a burn that alerts falsely once a year at half the allowed failures.

    By Neyman and Pearson: nothing notices more often than a count of the burn's own failures, by someone who knows when
    and how long it burns, compared with a limit that chance exceeds as often as one alert a year allows.
    """
    allowed = (burn.minutes + tail) / YEAR
    calm = per_hour / HOUR * (burn.minutes + tail) * HALF * (1 - target)
    burning = per_hour / HOUR * burn.minutes * burn.share_of(target)
    least = 0
    while at_least(calm, least) > allowed:
        least += 1
    edge = at_least(calm, least - 1) - at_least(calm, least)
    part = (allowed - at_least(calm, least)) / edge
    return (1 - part) * at_least(burning, least) + part * at_least(burning, least - 1)


def at_least(mean: float, count: int) -> float:
    """Return the chance of a Poisson count of at least `count`; by the normal curve where the mean is large."""
    if count <= 0:
        return 1.0
    if mean > 2000:
        return 0.5 * math.erfc((count - 0.5 - mean) / math.sqrt(2 * mean))
    below, term = 0.0, math.exp(-mean) if mean < 700 else 0.0
    if term == 0.0:
        logs = (index * math.log(mean) - mean - math.lgamma(index + 1) for index in range(count))
        return max(0.0, 1 - math.fsum(math.exp(each) for each in logs))
    for index in range(count):
        below += term
        term *= mean / (index + 1)
    return max(0.0, 1 - below)
