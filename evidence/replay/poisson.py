"""Simulated traffic: requests and failures per minute, each an independent Poisson count."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evidence.replay.month import DAY, HOUR

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NIGHT_SHARE = 0.1
"""Traffic at two in the morning ÷ traffic at two in the afternoon, of a service with a day/night pattern."""


@dataclass(frozen=True)
class Counts:
    """Requests and failures of each minute. Not slotted: the running totals are computed once."""

    events: Ints
    bad: Ints

    @cached_property
    def _totals(self) -> tuple[Ints, Ints]:
        return _running(self.events), _running(self.bad)

    def events_over(self, minutes: int) -> Ints:
        """Return the requests of the last `minutes` at the end of each minute; fewer minutes at the start."""
        return _over(self._totals[0], minutes)

    def bad_over(self, minutes: int) -> Ints:
        """Return the failures of the last `minutes` at the end of each minute."""
        return _over(self._totals[1], minutes)


def _running(counts: Ints) -> Ints:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))


def _over(totals: Ints, minutes: int) -> Ints:
    last = totals[1:]
    sums = last.copy()
    sums[minutes:] -= totals[1:-minutes] if minutes < len(totals) else 0
    return sums


def steady(minutes: int, per_hour: float) -> Floats:
    """Return the requests to expect in each minute: the same at every hour."""
    return np.full(minutes, per_hour / HOUR)


def daily(minutes: int, per_hour: float) -> Floats:
    """Return the requests to expect in each minute: most at two in the afternoon, a tenth of that at night."""
    mean, swing = (1 + NIGHT_SHARE) / 2, (1 - NIGHT_SHARE) / 2
    clock = np.arange(minutes) % DAY - 14 * HOUR
    shape = 1 + swing / mean * np.cos(2 * math.pi * clock / DAY)
    result: Floats = per_hour / HOUR * shape
    return result


def drawn(expected: Floats, ratio: Floats | float, chance: np.random.Generator) -> Counts:
    """Draw the counts: failures are `ratio` of the requests to expect, and independent of each other."""
    bad = chance.poisson(expected * ratio).astype(np.int64)
    good = chance.poisson(expected * (1 - ratio)).astype(np.int64)
    return Counts(events=good + bad, bad=bad)


def ratios(minutes: int, background: float, begins: Sequence[int], length: int, share: float) -> Floats:
    """Return the share of failures of each minute: `share` in the burns, `background` outside."""
    found = np.full(minutes, background)
    for begin in begins:
        found[begin : begin + length] = share
    return found
