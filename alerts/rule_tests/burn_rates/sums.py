"""Tests of the slower pairs, on sums of the per-minute recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate, groupby

from leadline.signals import burn, series_names
from leadline.signals.burn import BurnRateWindows
from leadline.signals.promql import Matcher, select

from ...objectives.sli import SLI
from ..input_series import constant
from ..model import AlertTest, Check, Input
from ..sli_series import recorded_of_others
from .pair import (
    ABOVE_LITTLE,
    ABOVE_MORE,
    BURST,
    EXACT,
    FEW,
    GIVEN,
    JUST_BELOW,
    MANY,
    MOST_OLD,
    QUIET,
    STEPS,
    Condition,
    Level,
    Pair,
    bad_by_chance,
)


def tests(
    sli: SLI, pairs: Sequence[BurnRateWindows], windows: BurnRateWindows, pair: Pair
) -> Iterator[AlertTest]:
    """Test a slower pair on sums of the per-minute recordings: parallel series, each at the edge of one condition."""
    step = STEPS[windows.long]
    times = Times.of(pair)
    conditions = [Condition.of(sli, each) for each in pairs if each.long not in burn.RECORDED]
    scenarios = [
        each for each in _scenarios(sli, windows, pair, times) if each.behaves(conditions, pair, times, step)
    ]
    inputs = tuple(_counted(sli, scenarios))
    name = f"{windows.long} and {windows.short}"
    silent = tuple(Check(minutes=at * step) for at in (times.silent, times.resolved))
    yield AlertTest(name=name, inputs=inputs, checks=silent, step=step)
    for each in scenarios:
        fires = tuple(Check(minutes=at * step, fires=True) for at in each.fires)
        if fires:
            yield AlertTest(name=name, inputs=inputs, checks=fires, labels={GIVEN: each.name}, step=step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The schedule of a slower pair's test, in steps.

    begun     the long window no longer contains the first two steps; only a longer one does
    silent    an alert fires here if its rule lacks a condition that is unmet since `begun`
    met       a condition is met from here, or from a short window before
    fires     the alert fires
    resolved  the alert has resolved
    """

    begun: int
    silent: int
    met: int
    fires: int
    resolved: int

    @classmethod
    def of(cls, pair: Pair) -> Times:
        begun = pair.long + 2
        silent = begun + pair.hold
        met = silent + 1 + pair.short
        fires = met + pair.hold
        return cls(begun=begun, silent=silent, met=met, fires=fires, resolved=fires + 1 + pair.keep)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A series: events and bad events of each step, and the steps at which its alert must fire."""

    name: str
    levels: tuple[Level, ...]
    fires: tuple[int, ...] = ()

    def behaves(self, conditions: Sequence[Condition], pair: Pair, times: Times, step: int) -> bool:
        """Return whether the alert fires as expected; extreme limits rule out some scenarios.

        A range includes a sample at its start in Prometheus 2, but not in Prometheus 3.
        """
        return all(
            fired[at] == (at in self.fires)
            for first in (0, 1)
            for fired in (self._fired(conditions, pair, step, first),)
            for at in (times.silent, times.resolved, *self.fires)
        )

    def _fired(self, conditions: Sequence[Condition], pair: Pair, step: int, first: int) -> list[bool]:
        totals = [
            tuple(accumulate((float(each[index]) for each in self.levels), initial=0.0)) for index in (0, 1)
        ]

        def inside(at: int, window: int) -> tuple[float, float]:
            begin = max(0, at - (window - first) // step)
            return totals[0][at + 1] - totals[0][begin], totals[1][at + 1] - totals[1][begin]

        since = last = None
        found: list[bool] = []
        for at in range(len(self.levels)):
            if any(each.is_met(inside(at, each.long), inside(at, each.short)) for each in conditions):
                since, last = at if since is None else since, at
            elif last is not None and (at - last > pair.keep or not found[-1]):
                since = last = None
            found.append(since is not None and at - since >= pair.hold)
        return found


def _scenarios(sli: SLI, windows: BurnRateWindows, pair: Pair, times: Times) -> Iterator[Scenario]:
    """Return series, each at the edge of one condition of a pair and well beyond all the others."""
    yield from _shares(pair, times)
    if not any(sli.least):
        bound = burn.bound_threshold(sli.objective, windows)
        yield from _by_chance(bound, times, pair)
    yield from _few_bad(pair, times)
    if any(sli.least):
        yield from _least(sli.least, pair, times)


def _line(length: int, normal: Level, *parts: tuple[int, int, Level]) -> tuple[Level, ...]:
    """Return levels: normal, except in parts given as (first step, number of steps, level); later parts win."""
    found = [normal] * length
    for begin, steps, level in parts:
        found[begin : begin + steps] = [level] * len(found[begin : begin + steps])
    return tuple(found)


def _ended(times: Times, normal: Level, *parts: tuple[int, int, Level]) -> Scenario:
    """Return a scenario that fires at the expected step until a burst of good events ends it."""
    return Scenario(
        name="",
        levels=_line(
            times.resolved + 1, normal, *parts, (times.fires + 1, times.resolved, (BURST, Decimal(0)))
        ),
        fires=(times.fires,),
    )


def _shares(pair: Pair, times: Times) -> Iterator[Scenario]:
    """Yield shares at and slightly above the limit, old events that only longer windows see, and events that shorter ones miss."""
    limit, long, short, hold = pair.limit, pair.long, pair.short, pair.hold
    length = times.resolved + 1
    exact = (MANY * limit) % 1 == 0 and limit >= EXACT
    at = limit if exact else limit * JUST_BELOW
    high = min(Decimal(1), at * 2)
    level, more, less = ((MANY, (MANY * each).to_integral_value()) for each in (at, high, at * 2 - high))
    begun = times.begun
    old = (BURST, (MANY * limit * long / 2).to_integral_value())
    yield Scenario(
        name="long share at the limit",
        levels=_line(
            length, level, (0, 1, old), (begun - 2 * short + 1, short, less), (begun - short + 1, short, more)
        ),
    )
    yield Scenario(
        name="short share at the limit",
        levels=_line(length, level, (0, 1, (BURST, Decimal(0))), (1, begun - short - 2, more)),
    )
    recent = ABOVE_LITTLE * limit * short
    first = times.met - short + 1
    many, wide = (hold + 1, recent) if recent < 1 else (short + hold, Decimal(1))
    older = long // 2 - 3
    for good in (4 * short, 0):
        share = (ABOVE_MORE * limit * (long + 1 + good) - many * wide) / older
        if share <= 1:
            yield replace(
                _ended(
                    times,
                    (MANY, Decimal(0)),
                    (0, 1, (BURST, Decimal(0))),
                    (times.fires - long + 2, older, (MANY, MANY * share)),
                    (times.met - short - 1, 1, (MANY * (1 + good), Decimal(0))),
                    (first, many, (MANY, MANY * wide)),
                ),
                name="shares above the limit",
            )
            break


def _by_chance(bound: Decimal, times: Times, pair: Pair) -> Iterator[Scenario]:
    """Yield so few events that chance may explain the bad ones, and barely more bad ones than that."""
    nothing = (Decimal(0), Decimal(0))
    share, bad = bad_by_chance(bound, Decimal("0.9"), 25)
    good = bad / share - bad
    recent = bad if share < 1 else bad / 2
    yield Scenario(
        name="by chance",
        levels=_line(
            times.resolved + 1,
            nothing,
            (0, 1, (BURST, Decimal(2))),
            (times.silent - pair.long + 2, 1, (good * Decimal("0.55") + bad - recent, bad - recent)),
            (times.begun - pair.short - 1, 1, (good * Decimal("0.45"), Decimal(0))),
            (times.begun, 1, (recent, recent)),
        ),
    )
    share, bad = bad_by_chance(bound, Decimal("1.15"), 100)
    recent = bad * Decimal("0.65")
    yield replace(
        _ended(
            times,
            nothing,
            (0, 1, (BURST, Decimal(0))),
            (times.fires - pair.long + 2, 1, (bad / share - recent, bad - recent)),
            (times.met, 1, (recent, recent)),
        ),
        name="unlikely by chance",
    )


def _few_bad(pair: Pair, times: Times) -> Iterator[Scenario]:
    """Yield one failure, two, and some more after a burn in a quiet night; fewer if few events are expected."""
    length, one = times.resolved + 1, Decimal(1)
    quiet, burst = (QUIET, Decimal(0)), (0, 1, (BURST, Decimal(0)))
    burnt = (MANY, MANY * min(Decimal(1), 3 * pair.limit))
    burning, ended = times.silent - pair.long + 2, times.fires - pair.long + 2
    single, failed = (one, one), (Decimal("1.5"), Decimal("1.5"))
    yield Scenario(
        name="one failure after a burn",
        levels=_line(
            length,
            quiet,
            burst,
            (burning, 4, burnt),
            (times.begun - pair.short - 1, 1, single),
            (times.begun, 1, failed),
        ),
    )
    two = (
        (times.met - 1, 2, single)
        if pair.short > pair.hold + 1
        else (times.met, 1, (burn.LEAST_BAD, burn.LEAST_BAD))
    )
    several = (times.met - 1, 3, (Decimal("1.1"), Decimal("1.1")))
    for name, failures in (("two failures", two), ("some failures", several)):
        yield replace(_ended(times, quiet, burst, (ended, 4, burnt), failures), name=name)
    yield Scenario(
        name="all bad at once",
        levels=_line(
            length,
            quiet,
            burst,
            (burning + 1, 4, burnt),
            (times.silent, pair.hold + 1, (MANY, MANY)),
            (times.silent + pair.hold + 1, length, (BURST, Decimal(0))),
        ),
        fires=(times.silent + pair.hold, times.silent + pair.hold + 1),
    )
    yield from _few_expected(pair, times)


def _few_expected(pair: Pair, times: Times) -> Iterator[Scenario]:
    """Yield so few events in the long window that fewer than two, or barely one, are expected in the short one."""
    expected = burn.LEAST_BAD_OF_EXPECTED * pair.short / pair.long
    nothing, burst = (Decimal(0), Decimal(0)), (0, 1, (BURST, Decimal(0)))
    for name, expects, failed, fires in FEW:
        old, new = (expects / expected - failed) / 2, (failed, failed)
        end, at = (times.fires, times.met) if fires else (times.silent, times.begun)
        parts = burst, (end - pair.long + 2, 2, (old, old * MOST_OLD)), (at, 1, new)
        if fires:
            yield replace(_ended(times, nothing, *parts), name=name)
        else:
            yield Scenario(name=name, levels=_line(times.resolved + 1, nothing, *parts))


def _least(least: tuple[Decimal, Decimal], pair: Pair, times: Times) -> Iterator[Scenario]:
    """Yield the minimum events and bad events of an alert, and fewer."""
    events, bad = least
    nothing, recent = (Decimal(0), Decimal(0)), (Decimal(3), Decimal(3))
    old = events - 3, max(Decimal(0), bad - 3)
    burst = (0, 1, (BURST, bad))
    ended, burning = times.fires - pair.long + 2, times.silent - pair.long + 2
    yield replace(
        _ended(times, nothing, burst, (ended, 1, old), (times.met, 1, recent)), name="enough events"
    )
    for name, fewer in (("too few events", (old[0] - 1, old[1])), ("too few bad", (old[0], old[1] - 1))):
        if fewer[1] >= 0:
            yield Scenario(
                name=name,
                levels=_line(
                    times.resolved + 1, nothing, burst, (burning, 1, fewer), (times.begun, 1, recent)
                ),
            )


def _counted(sli: SLI, scenarios: Sequence[Scenario]) -> Iterator[Input]:
    """Return per-minute recordings, a series for each scenario, and recordings of others."""
    for record, index in ((series_names.SLO_EVENTS_COUNTED, 0), (series_names.SLO_BAD_EVENTS_COUNTED, 1)):
        for each in scenarios:
            given = Matcher(GIVEN, "=", each.name)
            levels = [
                (len(list(own)), value) for value, own in groupby(level[index] for level in each.levels)
            ]
            yield Input(
                selector=select(record, (*sli.where, given)),
                values=constant(*((steps, round(value, 9)) for steps, value in levels)),
            )
        if scenarios:
            yield from recorded_of_others(sli, record, len(scenarios[0].levels), given)
