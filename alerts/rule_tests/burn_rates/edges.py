"""Tests of the fast pair, on its recorded windows: series at the edge of each of its conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from leadline.base.units import duration
from leadline.signals import burn, series_names
from leadline.signals.burn import BurnRateWindows
from leadline.signals.promql import Matcher, select

from ...objectives.sli import SLI
from ..input_series import constant
from ..model import STEP, AlertTest, Check, Input
from .pair import (
    ABOVE_LITTLE,
    BURST,
    EXACT,
    FEW,
    GIVEN,
    JUST_BELOW,
    MANY,
    MOST_OLD,
    Condition,
    Level,
    Pair,
    bad_by_chance,
)


def tests(sli: SLI, windows: BurnRateWindows, pair: Pair) -> Iterator[AlertTest]:
    """Test the fast pair on its recorded windows: parallel series, silent ones first."""
    condition = Condition.of(sli, windows)
    edges = [
        each
        for each in (*_share_edges(pair.limit), *_count_edges(sli, windows))
        if condition.is_met(_floats(each.long), _floats(each.short)) == each.fires
    ]
    silent, met = 1 + pair.hold, 2 + pair.hold
    inputs = tuple(
        entry
        for each in edges
        for entry in _windows(sli, windows, each, met if each.fires else 1, met + pair.hold)
    )
    name = f"{windows.long} and {windows.short}, as recorded"
    yield AlertTest(
        name=name, inputs=inputs, checks=tuple(Check(minutes=at * STEP) for at in (silent, met)), step=STEP
    )
    for each in edges:
        if each.fires:
            fires = Check(minutes=(met + pair.hold) * STEP, fires=True)
            yield AlertTest(name=name, inputs=inputs, checks=(fires,), labels={GIVEN: each.name}, step=STEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Events and bad events of both windows of the fast pair, at the edge of a condition."""

    name: str
    long: Level
    short: Level
    fires: bool = False


def _floats(level: Level) -> tuple[float, float]:
    return float(level[0]), float(level[1])


def _windows(sli: SLI, windows: BurnRateWindows, edge: Edge, begin: int, end: int) -> Iterator[Input]:
    """Return recorded events per second of both windows: a burst of good events, which slower pairs see for hours, then the edge."""
    where = (*sli.where, Matcher(GIVEN, "=", edge.name))
    for window, level in ((windows.long, edge.long), (windows.short, edge.short)):
        seconds = float(duration(window))
        for record, before, after in (
            (series_names.slo_events(window), BURST, level[0]),
            (series_names.slo_bad_events(window), Decimal(0), level[1]),
        ):
            values = constant((begin, before), (end + 1 - begin, Decimal(str(float(after) / seconds))))
            yield Input(selector=select(record, where), values=values)


def _share_edges(limit: Decimal) -> Iterator[Edge]:
    many = MANY * 3600
    parts = (1 if limit >= EXACT else JUST_BELOW, 2, ABOVE_LITTLE)
    at, twice, above = ((many, many * min(Decimal(1), limit * each)) for each in parts)
    yield Edge(name="long share at the limit", long=at, short=twice)
    yield Edge(name="short share at the limit", long=twice, short=at)
    yield Edge(name="shares above the limit", long=above, short=above, fires=True)


def _count_edges(sli: SLI, windows: BurnRateWindows) -> Iterator[Edge]:
    """Yield edges with as few bad events as chance allows, or as a burn requires, and with a few more."""
    if not any(sli.least):
        bound = burn.bound_threshold(sli.objective, windows)
        for name, room, part in (("by chance", "0.9", 1), ("unlikely by chance", "1.15", Decimal("0.65"))):
            share, bad = bad_by_chance(bound, Decimal(room), 25 if part == 1 else 100)
            recent = bad * part
            yield Edge(name=name, long=(bad / share, bad), short=(recent, recent), fires=part != 1)
    expected = burn.LEAST_BAD_OF_EXPECTED * Decimal(duration(windows.short)) / Decimal(duration(windows.long))
    for name, expects, failed, fires in (*FEW, *AFTER_BURN):
        many, few = expects / expected, (failed, failed)
        yield Edge(name=name, long=(many, many * MOST_OLD), short=few, fires=fires)
    events, bad = sli.least
    if events and bad:
        yield Edge(name="enough events", long=(events, bad), short=(bad, bad), fires=True)
        yield Edge(name="too few events", long=(events - 1, bad), short=(bad, bad))
        yield Edge(name="too few bad", long=(events, bad - 1), short=(bad - 1, bad - 1))


AFTER_BURN = (
    ("one failure after a burn", Decimal(1000), Decimal("1.5"), False),
    ("two failures", Decimal(1000), Decimal(2), True),
)
