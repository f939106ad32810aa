"""One counter made monotonic, and what it certainly counted in a window.

The method, with its bounds, is this: between two scrapes a counter's difference is exact. A window's edges fall
between scrapes, so a total has a certain lower bound (scrapes inside the window), a certain upper bound (scrapes
around it), and an estimate (linear between scrapes). Where nothing happened at the edges the three are one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from signals.samples import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What was counted: an estimate, certain bounds, and whether something may be missing above them."""

    value: float
    lower: float
    upper: float
    unbounded: bool = False

    def __add__(self, other: Total) -> Total:
        return Total(
            value=self.value + other.value,
            lower=self.lower + other.lower,
            upper=self.upper + other.upper,
            unbounded=self.unbounded or other.unbounded,
        )


NOTHING = Total(value=0, lower=0, upper=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A counter that never falls.

    times, values  the scrapes, and the sum counted since the first of them
    resets         the times of the scrapes at which it had started anew
    first          the raw value of the first sample
    from_zero      whether the first value is known to be a true zero, not the middle of a count
    """

    times: tuple[float, ...]
    values: tuple[float, ...]
    resets: tuple[float, ...]
    first: float
    from_zero: bool

    def times_price(self, price: float) -> Counter:
        """Give what the same events cost at a price each."""
        values = tuple(value * price for value in self.values)
        return replace(self, values=values, first=self.first * price)

    def at(self, time: float) -> float:
        """Give the count at a time: linear between scrapes, constant outside them."""
        right = bisect_left(self.times, time)
        if right == 0:
            return self.values[0]
        if right == len(self.times):
            return self.values[-1]
        t0, t1 = self.times[right - 1], self.times[right]
        v0, v1 = self.values[right - 1], self.values[right]
        return v0 + (v1 - v0) * (time - t0) / (t1 - t0)

    def last_until(self, time: float) -> float | None:
        """Give the count of the last scrape not later than a time."""
        index = bisect_right(self.times, time)
        return self.values[index - 1] if index else None

    def first_from(self, time: float) -> float | None:
        """Give the count of the first scrape not earlier than a time."""
        index = bisect_left(self.times, time)
        return self.values[index] if index < len(self.times) else None

    def is_idle(self, start: float, end: float) -> bool:
        """Say whether nothing was counted just after a scrape, nor just before another one."""
        after = bisect_right(self.times, start)
        before = bisect_left(self.times, end) - 1
        return (
            after < len(self.times)
            and before >= 0
            and self.values[after] == self.at(start)
            and self.values[before] == self.at(end)
        )

    def resets_within(self, start: float, end: float) -> int:
        """Count the restarts that cost increments between two times."""
        return sum(1 for time in self.resets if start < time <= end)

    def between(self, start: float, end: float) -> Total:
        """Give what was counted between two scrapes: an exact difference, unless a reset lost some."""
        total = max(0.0, self.at(end) - self.at(start))
        lost = self.resets_within(start, end) > 0 or self.times[-1] < end
        upper = total
        if not self.from_zero and self.times[0] > start:
            upper += self.first
        return Total(value=total, lower=total, upper=upper, unbounded=lost)

    def total(self, start: float, end: float, read_seconds: float = 0) -> Total:
        """Give what was counted in a window whose edges need not be scrapes.

        A scrape is stamped when it begins and read up to `read_seconds` later, so a scrape that ends a certain
        span must have been stamped that much before it.
        """
        estimate = max(0.0, self.at(end) - self.at(start))
        inside_end, inside_start = self.last_until(end - read_seconds), self.first_from(start)
        lower = 0.0
        if inside_end is not None and inside_start is not None:
            lower = max(0.0, inside_end - inside_start)
        around_end, around_start = self.first_from(end), self.last_until(start - read_seconds)
        unbounded = around_end is None or self.resets_within(start, end) > 0
        high = self.values[-1] if around_end is None else around_end
        low = around_start
        if low is None:
            low = self.values[0] - (0.0 if self.from_zero else self.first)
        upper = max(estimate, high - low)
        return Total(value=estimate, lower=min(lower, estimate), upper=upper, unbounded=unbounded)


def accumulate(
    samples: Sequence[Sample], *, zero_at: float | None = None, restarts: Sequence[float] = ()
) -> Counter | None:
    """Make one series monotonic. Gives None where it has no sample that is a number.

    A value that falls, or a restart of its process, starts it anew: what is there then was counted since.
    `zero_at` is the time of a scrape at which the series was known not to exist yet, and so had counted nothing.
    """
    usable = [
        sample for sample in samples if sample.value == sample.value and abs(sample.value) != float("inf")
    ]
    if not usable:
        return None
    first = usable[0].value
    times, values, resets = [usable[0].time], [0.0], []
    if zero_at is not None:
        times, values = [zero_at, usable[0].time], [0.0, first]
    for before, now in pairwise(usable):
        restarted = now.value < before.value or any(before.time < time <= now.time for time in restarts)
        times.append(now.time)
        values.append(values[-1] + (now.value if restarted else now.value - before.value))
        if restarted:
            resets.append(now.time)
    return Counter(
        times=tuple(times),
        values=tuple(values),
        resets=tuple(resets),
        first=first,
        from_zero=zero_at is not None,
    )
