"""Alert rules on burn rates, and when they fire on simulated counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evidence.replay.poisson import Bools, Counts, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A long and a short window (minutes), and the burn rates that both, and the lower bound of the long one, must exceed."""

    long: int
    short: int
    factor: float
    bound_factor: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Requests and failures in both windows of a pair, at the minutes at which both shares exceed the limit."""

    pair: Pair
    limit: float
    events_long: Ints
    bad_long: Ints
    events_short: Ints
    bad_short: Ints

    def expected(self, burn_rate: float) -> Floats:
        """Return the failures to expect in the long window at a burn rate."""
        found: Floats = (self.limit / self.pair.factor * burn_rate * self.events_long).astype(np.float64)
        return found


Guard = Callable[[Sums], Bools]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One alert: met where any of its pairs is met and its guard allows it; `hold` and `keep` in minutes."""

    severity: str
    pairs: tuple[Pair, ...]
    hold: int
    keep: int
    guard: Guard


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """Alert rules under a name; `compared` in the tables that show a few strategies only."""

    name: str
    rules: tuple[Rule, ...]
    compared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """When an alert fired: from the first minute to the one at which it ended."""

    begin: int
    end: int


def firings(met: Ints, hold: int, keep: int) -> list[Interval]:
    """Return when an alert fires, given the minutes at which its condition is met, in order.

    As Prometheus does it: `hold` minutes after the condition was first met without a gap, until `keep` minutes after
    the first evaluation without it.
    """
    found: list[Interval] = []
    for first, last in _runs(met):
        if found and first <= found[-1].end:
            found[-1] = Interval(begin=found[-1].begin, end=last + 1 + keep)
        elif last - first >= hold:
            found.append(Interval(begin=first + hold, end=last + 1 + keep))
    return found


def _runs(met: Ints) -> Iterator[tuple[int, int]]:
    if not len(met):
        return
    breaks = np.flatnonzero(np.diff(met) > 1)
    firsts = met[np.concatenate(([0], breaks + 1))]
    lasts = met[np.concatenate((breaks, [len(met) - 1]))]
    yield from zip(firsts.tolist(), lasts.tolist(), strict=True)


def merged(intervals: Sequence[Interval]) -> list[Interval]:
    """Return one interval for those that overlap: people are notified once."""
    found: list[Interval] = []
    for each in sorted(intervals, key=lambda interval: interval.begin):
        if found and each.begin < found[-1].end:
            found[-1] = Interval(begin=found[-1].begin, end=max(found[-1].end, each.end))
        else:
            found.append(each)
    return found


class Judge:
    """Judges strategies on the same counts; the sums of a pair of windows are computed once."""

    def __init__(self, counts: Counts, target: float) -> None:
        self._counts = counts
        self._target = target
        self._known: dict[Pair, tuple[Ints, Sums]] = {}

    def fired(self, strategy: Strategy, severity: str) -> list[Interval]:
        """Return when a strategy pages, or opens tickets."""
        rules = [rule for rule in strategy.rules if rule.severity == severity]
        return merged([each for rule in rules for each in self._fired(rule)])

    def _fired(self, rule: Rule) -> list[Interval]:
        return firings(self.met(rule), rule.hold, rule.keep)

    def met(self, rule: Rule) -> Ints:
        """Return the minutes at which a rule's condition is met."""
        parts = []
        for pair in rule.pairs:
            at, sums = self._sums(pair)
            parts.append(at[rule.guard(sums)])
        return parts[0] if len(parts) == 1 else np.union1d(parts[0], parts[1])

    def _sums(self, pair: Pair) -> tuple[Ints, Sums]:
        if pair not in self._known:
            self._known[pair] = self._summed(pair)
        return self._known[pair]

    def _summed(self, pair: Pair) -> tuple[Ints, Sums]:
        limit = pair.factor * (1 - self._target)
        counts = self._counts
        bad_short = counts.bad_over(pair.short)
        events_short = counts.events_over(pair.short)
        at = np.flatnonzero(bad_short > limit * events_short)
        bad_long, events_long = counts.bad_over(pair.long)[at], counts.events_over(pair.long)[at]
        both = bad_long > limit * events_long
        at = at[both]
        return at, Sums(
            pair=pair,
            limit=limit,
            events_long=events_long[both],
            bad_long=bad_long[both],
            events_short=events_short[at],
            bad_short=bad_short[at],
        )
