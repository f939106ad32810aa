"""Counts with bounds, and shares and quotients of them. "Exact" means that the bounds meet."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import add

EXACT = 1e-12
"""Relative difference below which bounds differ only by rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A count over a window.

    value    estimate
    lower    lower bound
    upper    upper bound on what the scrapes saw
    missing  maximum that was counted but lost before a scrape saw it, if nothing counted faster than
             `counters.PLAUSIBLE` times its peak; infinite if unlimited
    perhaps  counted events that may belong to the window; without that assumption, `upper` rises by as much
    """

    value: float
    lower: float
    upper: float
    missing: float = 0.0
    perhaps: float = 0.0

    def __add__(self, other: Count) -> Count:
        return Count(
            value=self.value + other.value,
            lower=self.lower + other.lower,
            upper=self.upper + other.upper,
            missing=self.missing + other.missing,
            perhaps=self.perhaps + other.perhaps,
        )

    @property
    def highest(self) -> float:
        return self.upper + self.missing

    @property
    def is_exact(self) -> bool:
        meet = math.isclose(self.lower, self.upper, rel_tol=EXACT, abs_tol=1e-15)
        return meet and not self.missing and not self.perhaps


NOTHING = Count(value=0, lower=0, upper=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """A figure: an estimate (or None), and bounds that contain the true value; `upper` may be infinite."""

    value: float | None
    lower: float
    upper: float

    @property
    def is_exact(self) -> bool:
        return math.isclose(self.lower, self.upper, rel_tol=EXACT, abs_tol=1e-15)


def total(counts: Iterable[Count]) -> Count:
    return reduce(add, counts, NOTHING)


def share(part: Count, rest: Count, missing: float = 0.0, *, either: Count = NOTHING) -> Bounded:
    """Return the share of one of two disjoint parts, each within its own bounds.

    missing  maximum missing events, which may belong to either part
    either   counted events that may belong to either part
    """
    whole = part.value + rest.value
    most = part.upper + either.upper + missing
    least = rest.upper + either.upper + missing
    return Bounded(
        value=part.value / whole if whole else None,
        lower=0.0 if math.isinf(least) or not part.lower else part.lower / (part.lower + least),
        upper=1.0 if math.isinf(most) or not most + rest.lower else most / (most + rest.lower),
    )


def quotient(dividend: Count, divisor: Count) -> Bounded:
    """Return the quotient of two counts, each within its own bounds."""
    return Bounded(
        value=dividend.value / divisor.value if divisor.value else None,
        lower=dividend.lower / divisor.highest if divisor.highest else 0.0,
        upper=dividend.highest / divisor.lower if divisor.lower else math.inf,
    )


def mixed(parts: Iterable[tuple[Count, float, float, float]], missing: float = 0.0) -> Bounded:
    """Return the mean price of parts, each within its bounds: (count, lowest, likely, highest price).

    The mean is highest if every part more expensive than the mean is at its upper bound and every other at its lower.
    """
    every = list(parts)
    whole = sum(count.value for count, *_ in every)
    if not whole:
        return Bounded(value=None, lower=0.0, upper=math.inf)
    likely = sum(count.value * price for count, _, price, _ in every) / whole
    least, most = min(low for _, low, _, _ in every), max(high for *_, high in every)
    lows = [(low, count.lower, count.upper) for count, low, _, _ in every] + [(least, 0.0, missing)]
    highs = [(-high, count.lower, count.upper) for count, _, _, high in every] + [(-most, 0.0, missing)]
    return Bounded(value=likely, lower=_lowest_mean(lows), upper=-_lowest_mean(highs))


def _lowest_mean(parts: list[tuple[float, float, float]]) -> float:
    """Return the lowest mean of prices, each with a weight between two bounds."""
    ordered = sorted(parts)
    if any(math.isinf(most) for _, _, most in ordered):
        return ordered[0][0]
    best = math.inf
    for cut in range(len(ordered) + 1):
        weights = [most if index < cut else least for index, (_, least, most) in enumerate(ordered)]
        if sum(weights):
            pairs = zip(ordered, weights, strict=True)
            best = min(best, math.fsum(price * weight for (price, _, _), weight in pairs) / sum(weights))
    return best


def to_reach(limit: float, part: float, whole: float) -> float:
    """Return how many more events in a part would raise its share to a limit; 0 if it is already there."""
    if part >= limit * whole:
        return 0.0
    return (limit * whole - part) / (1 - limit) if limit < 1 else math.inf
