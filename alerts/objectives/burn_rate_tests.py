"""Rule tests of burn-rate alerts: a timeline of the fast page, and for each pair series at the edge of each of its conditions.

The timeline is driven from the counters themselves, through what is recorded of them. The edges are given as recorded, side by side in
one test and told apart by a label, since promtool's time is evaluations and not series: of each condition, one series that just fails
it and one that just meets it, so that a rule with another window, limit or function is noticed. Slower pairs have longer steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate, groupby

from leadline.base.units import duration, plain, rounded
from leadline.signals import burn, series_names
from leadline.signals.burn import PAGE, BurnRateWindows
from leadline.signals.promql import Matcher, select

from ..annotations import SHARE, Annotations, filled, percent
from ..input_series import Phase, another, constant
from ..model import IDLE_STEP, STEP, Case, Check, Input
from . import budget
from .sli import SLI

MINUTE = 60
MANY = Decimal(1_000_000)
"""Events a step, so many that none of their shares is chance."""
BURST = MANY * 10_000
"""Good events of one step in which all bad ones of a test are lost."""
ENOUGH = Decimal(1_000_000)
"""Bad events a step that a budget allows in the tests, so many that none of their shares is chance."""
DILUTED, LOST = Decimal(10_000), Decimal(200)
"""How many times the events of a step one step has that a window twice as long would still see: so many, or so many limits, that bad
ones are lost in them."""
QUIET = Decimal("0.3")
BELOW, ABOVE = Decimal("0.75"), Decimal("1.36")
"""Parts of a limit at which an alert is silent, and fires: windows of half and of twice the length are beyond them."""
BAD_STEPS = 10
"""Bad steps that bring the long window below the limit."""
STEPS = {"1h": STEP, "6h": 15, "1d": 30, "3d": 180}
"""Minutes between evaluations of the tests of each long window."""
BREACH_STEPS, LASTING_STEPS = 6, 24
MOST_OF_SLICES = Decimal("0.9")
"""A larger share of bad slices is not reached after a good one, without which nothing is known to be missing."""
GIVEN = "replica"
"""A label of what is given in place of what rules record: no rule records the same series, and many can be given side by side."""
ABOVE_LITTLE, ABOVE_MORE = Decimal("1.1"), Decimal("1.15")
"""Parts of a limit that are above it in one window, and less than twice it in any."""
EXACT, JUST_BELOW = Decimal("0.0001"), Decimal("0.99")
"""Limits from here on are tested at themselves; smaller ones, whose shares floats do not tell apart, just below."""
MOST_OLD = Decimal("0.95")
"""The share of bad events in what is long ago."""
FEW = (
    ("fewer than expected", Decimal("1.6"), Decimal("1.3"), False),
    ("less than one", Decimal("0.5"), Decimal("0.8"), False),
    ("as many as expected", Decimal("1.4"), Decimal("1.7"), True),
    ("one of one", Decimal("0.9"), Decimal(1), True),
)
"""Where few events are expected in the short window: how many bad ones are at the edge, how many there are, and whether it fires."""
AFTER_BURN = (
    ("one failure after a burn", Decimal(1000), Decimal("1.5"), False),
    ("two failures", Decimal(1000), Decimal(2), True),
)
Level = tuple[Decimal, Decimal]
"""Events and bad events of a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A pair of windows in steps, what share of bad events it allows, how the alert waits, in steps, and how many events a step has."""

    long: int
    short: int
    limit: Decimal
    hold: int
    keep: int
    many: Decimal

    @property
    def burst(self) -> Decimal:
        return rounded(self.many * max(DILUTED, LOST / self.limit), 3)


class Timeline:
    """Phases one after another, and what is seen at their ends."""

    def __init__(self, step: int) -> None:
        self.phases: list[Phase] = []
        self.checks: list[Check] = []
        self._step = step

    def run(self, steps: int, events: Decimal, bad: Decimal = Decimal(0), *, restarts: bool = False) -> None:
        if steps:
            self.phases.append(Phase(steps, events, bad, restarts))

    def see(self, *, fires: bool = False) -> None:
        """Expect the alert to fire, or to be silent, at the last step so far."""
        minutes = (sum(each.steps for each in self.phases) - 1) * self._step
        self.checks.append(Check(minutes=minutes, fires=fires))


def cases(
    watched: SLI, arms: tuple[BurnRateWindows, ...], waits: tuple[str, str], annotations: Annotations
) -> Iterator[Case]:
    """Return the tests of an alert; none where windows are shortened for a demonstration.

    waits  for how long its condition must hold before it fires, and for how long it is kept
    """
    if watched.catalog.pace != 1:
        return
    for arm in arms:
        pair = _pair(watched, arm, waits)
        if arm.long in burn.RECORDED:
            if not watched.slices or pair.limit < MOST_OF_SLICES:
                yield _breach(watched, pair, annotations)
            if watched.sampled:
                yield _fast(watched, pair)
            if not watched.is_slice(
                watched.slice
            ):  # else rules record the hour from what is given of five minutes
                yield from _edges(watched, arm, pair)
        else:
            yield from _slow(watched, arms, arm, pair)
    is_slow_page = (
        arms[0].severity == PAGE and arms[0].long not in burn.RECORDED and watched.traffic is not None
    )
    if is_slow_page and (not watched.slices or burn.threshold(watched.objective, arms[0]) < MOST_OF_SLICES):
        yield _from_counters(watched)
    yield Case(name="nothing is measured", inputs=(), checks=(Check(minutes=MINUTE),), step=IDLE_STEP)


def _pair(watched: SLI, arm: BurnRateWindows, waits: tuple[str, str]) -> Pair:
    step = STEPS[arm.long]

    def steps(text: str) -> int:
        return math.ceil(duration(text) / MINUTE / step)

    hold, keep = map(steps, waits)
    limit = burn.threshold(watched.objective, arm)
    return Pair(
        long=steps(arm.long), short=steps(arm.short), limit=limit, hold=hold, keep=keep, many=_many(watched)
    )


def _many(watched: SLI) -> Decimal:
    """Return how many events a step has: the smaller the budget, the more."""
    return rounded(ENOUGH / (1 - watched.objective.target), 3)


def _breach(watched: SLI, pair: Pair, annotations: Annotations) -> Case:
    """A share above the limit from the first sample on, so that what the alert says is known."""
    share = Decimal(1) if watched.slices else min(pair.limit * Decimal("1.25"), Decimal(1))
    bad = (pair.many * share).to_integral_value()
    fired = filled(annotations, {SHARE: percent(bad / pair.many)})
    is_foretold = watched.objective.limit_usd is None and not watched.slices
    steps = BREACH_STEPS if watched.sampled else LASTING_STEPS
    phases = [*([Phase(1, pair.many)] if watched.slices else []), Phase(steps, pair.many, bad)]
    at = sum(each.steps for each in phases) - 1
    checks = (
        Check(minutes=STEP),
        Check(minutes=at * STEP, fires=True, annotations=fired if is_foretold else None),
    )
    return Case(name="a breach", inputs=_fed(watched, phases), checks=checks)


def _fast(watched: SLI, pair: Pair) -> Case:
    """The fast page: few events, a burst of good ones, bad ones below and above the limit, its end, and a single failure after it."""
    line = Timeline(STEP)
    if not watched.slices and budget.interval(watched.catalog) <= STEP * MINUTE:
        _few(
            line, watched, pair
        )  # else promtool, which evaluates at each step, counts an event more than once
    line.run(1, pair.burst)
    _burn(line, pair, whole=bool(watched.slices))
    if not watched.slices:
        _after(line, pair)
        line.run(pair.short, pair.many, restarts=True)
        line.see()
    return Case(name="1h and 5m", inputs=_fed(watched, line.phases), checks=tuple(line.checks))


def _few(line: Timeline, watched: SLI, pair: Pair) -> None:
    """Few requests: one failure is chance, and several are none."""
    events, bad = watched.least
    quiet = max(Decimal("0.5"), events * 2 / BREACH_STEPS)
    line.run(BREACH_STEPS, quiet)
    line.run(1, Decimal(1), Decimal(1))
    line.run(pair.hold + 1, quiet)
    line.see()
    bound = burn.bound_threshold(watched.objective, burn.BURN_RATE_WINDOWS[0])
    needed = (burn.CONFIDENCE_Z / 2 / (1 - bound.sqrt())) ** 2
    failed = Decimal(math.ceil(needed * 2) + 2) + bad
    share = failed / (failed + quiet * (BREACH_STEPS + pair.hold + 1))
    failed = max(
        failed, failed * (pair.limit * 2 / share) if share < pair.limit * 2 else failed
    ).to_integral_value()
    if failed / (failed + quiet * 2 * BREACH_STEPS) <= pair.limit:
        return
    line.run(1, failed, failed)
    line.run(pair.hold, Decimal(0))
    line.see()
    line.run(1, Decimal(0))
    line.see(fires=True)


def _burn(line: Timeline, pair: Pair, *, whole: bool = False) -> None:
    """Bad events that bring the long window below the limit, and above it; then none.

    whole  whether a step is bad as a whole, so that only their number can be chosen
    """
    share = Decimal(1) if whole else min(Decimal(1), BELOW * pair.limit * pair.long / BAD_STEPS)
    below = max(1, math.floor(BELOW * pair.limit * pair.long / share))
    above = (
        min(math.ceil(ABOVE * pair.limit * pair.long / share), pair.long)
        + pair.hold
        + (pair.short if whole else 1)
    )
    line.run(max(pair.short, pair.long + 3 - below), pair.many)
    line.see()
    line.run(below, pair.many, pair.many * share)
    if not whole or below > pair.short:
        line.see()
    line.run(above - below, pair.many, pair.many * share)
    line.see(fires=True)
    line.run(max(1, pair.short - 1), pair.many)
    if share > pair.limit * pair.short:
        line.see(fires=True)
    line.run(pair.keep + (pair.short if whole else 3), pair.many)
    line.see()


def _after(line: Timeline, pair: Pair) -> None:
    """A single failure in a quiet night while the long window still has the burn in it."""
    line.run(pair.short + 1, QUIET)
    line.run(1, Decimal(1), Decimal(1))
    line.run(pair.hold + 1, QUIET)
    line.see()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Events and bad events of both windows of the fast pair, at the edge of one condition."""

    name: str
    long: Level
    short: Level
    fires: bool = False


def _edges(watched: SLI, arm: BurnRateWindows, pair: Pair) -> Iterator[Case]:
    """The fast pair, of what is recorded of its windows: series side by side, those at which it is silent before the others."""
    condition = Condition.of(watched, arm)
    edges = [
        each
        for each in (*_share_edges(pair.limit), *_count_edges(watched, arm))
        if condition.is_met(_floats(each.long), _floats(each.short)) == each.fires
    ]
    silent, met = 1 + pair.hold, 2 + pair.hold
    inputs = tuple(
        entry
        for each in edges
        for entry in _windows(watched, arm, each, met if each.fires else 1, met + pair.hold)
    )
    name = f"{arm.long} and {arm.short}, as recorded"
    yield Case(
        name=name, inputs=inputs, checks=tuple(Check(minutes=at * STEP) for at in (silent, met)), step=STEP
    )
    for each in edges:
        if each.fires:
            fires = Check(minutes=(met + pair.hold) * STEP, fires=True)
            yield Case(name=name, inputs=inputs, checks=(fires,), labels={GIVEN: each.name}, step=STEP)


def _floats(level: Level) -> tuple[float, float]:
    return float(level[0]), float(level[1])


def _windows(watched: SLI, arm: BurnRateWindows, edge: Edge, begin: int, end: int) -> Iterator[Input]:
    """Return what is recorded of both windows, per second: a burst of good events, which slower pairs see for hours, and then the edge."""
    where = (*watched.where, Matcher(GIVEN, "=", edge.name))
    for window, level in ((arm.long, edge.long), (arm.short, edge.short)):
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


def _count_edges(watched: SLI, arm: BurnRateWindows) -> Iterator[Edge]:
    """As few bad events as chance may bring, or as a burn has at least; and a few more."""
    if not any(watched.least):
        bound = burn.bound_threshold(watched.objective, arm)
        for name, room, part in (("by chance", "0.9", 1), ("hardly by chance", "1.15", Decimal("0.65"))):
            share, bad = _bad_by_chance(bound, Decimal(room), 25 if part == 1 else 100)
            recent = bad * part
            yield Edge(name=name, long=(bad / share, bad), short=(recent, recent), fires=part != 1)
    expected = burn.LEAST_BAD_OF_EXPECTED * Decimal(duration(arm.short)) / Decimal(duration(arm.long))
    for name, expects, failed, fires in (*FEW, *AFTER_BURN):
        many, few = expects / expected, (failed, failed)
        yield Edge(name=name, long=(many, many * MOST_OLD), short=few, fires=fires)
    events, bad = watched.least
    if events and bad:
        yield Edge(name="enough events", long=(events, bad), short=(bad, bad), fires=True)
        yield Edge(name="too few events", long=(events - 1, bad), short=(bad, bad))
        yield Edge(name="too few bad", long=(events, bad - 1), short=(bad - 1, bad - 1))


def _bad_by_chance(bound: Decimal, room: Decimal, most: int) -> tuple[Decimal, Decimal]:
    """Return a share and so many bad events of it that their lower confidence bound is `room` times, about, what it must exceed."""
    share = min(Decimal(1), most * bound)
    return share, (burn.CONFIDENCE_Z / 2 / (1 - room * (bound / share).sqrt())) ** 2


def _slow(watched: SLI, arms: Sequence[BurnRateWindows], arm: BurnRateWindows, pair: Pair) -> Iterator[Case]:
    """A slower pair, of the sums of what is recorded each minute: some series side by side, each at the edge of one condition."""
    step = STEPS[arm.long]
    times = Times.of(pair)
    conditions = [Condition.of(watched, each) for each in arms if each.long not in burn.RECORDED]
    scenarios = [
        each for each in _scenarios(watched, arm, pair, times) if each.behaves(conditions, pair, times, step)
    ]
    inputs = tuple(_counted(watched, scenarios))
    name = f"{arm.long} and {arm.short}"
    silent = tuple(Check(minutes=at * step) for at in (times.silent, times.resolved))
    yield Case(name=name, inputs=inputs, checks=silent, step=step)
    for each in scenarios:
        fires = tuple(Check(minutes=at * step, fires=True) for at in each.fires)
        if fires:
            yield Case(name=name, inputs=inputs, checks=fires, labels={GIVEN: each.name}, step=step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When the series of a slower pair's test do what, in steps.

    begun     from here on the long window has lost the first two steps, so that only a longer one sees them
    silent    an alert would fire here if a condition that is not met since `begun` were missing; none does
    met       a condition is met from here on, or from a short window before it
    fires     so long after `met` that the alert fires
    resolved  so long after it is over that no alert is kept
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
class Condition:
    """When a pair of windows is met: its windows in minutes, and its limits as the alert has them."""

    long: int
    short: int
    limit: float
    bound: float | None
    expected: float
    least: tuple[Decimal, Decimal]

    @classmethod
    def of(cls, watched: SLI, arm: BurnRateWindows) -> Condition:
        long, short = (int(duration(each) / MINUTE) for each in (arm.long, arm.short))
        return cls(
            long=long,
            short=short,
            limit=float(burn.threshold(watched.objective, arm)),
            bound=float(burn.bound_threshold(watched.objective, arm)) if watched.sampled else None,
            expected=float(burn.LEAST_BAD_OF_EXPECTED) * short / long,
            least=watched.least,
        )

    def is_met(self, long: tuple[float, float], short: tuple[float, float]) -> bool:
        """Return whether it is met by the events, and bad events, of both windows."""
        (events, bad), (recent, recent_bad) = long, short
        return (
            events > 0
            and recent > 0
            and bad / events > self.limit
            and recent_bad / recent > self.limit
            and (
                self.bound is None
                or math.sqrt(bad) - float(burn.CONFIDENCE_Z) / 2 > math.sqrt(events * self.bound)
            )
            and recent_bad >= min(max(events * self.expected, 1), float(burn.LEAST_BAD))
            and events >= self.least[0]
            and bad >= self.least[1]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One series: events and bad events of each step, and the steps at which its alert is seen to fire."""

    name: str
    levels: tuple[Level, ...]
    fires: tuple[int, ...] = ()

    def behaves(self, conditions: Sequence[Condition], pair: Pair, times: Times, step: int) -> bool:
        """Return whether the alert fires as it should; extreme limits leave no room for some scenarios.

        A range has a sample at its beginning in Prometheus 2, and none in Prometheus 3.
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


def _scenarios(watched: SLI, arm: BurnRateWindows, pair: Pair, times: Times) -> Iterator[Scenario]:
    """Return series of which each is at the edge of one condition of a pair, and well beyond all the others."""
    yield from _shares(pair, times)
    if not any(watched.least):
        bound = burn.bound_threshold(watched.objective, arm)
        yield from _by_chance(bound, times, pair)
    yield from _few_bad(pair, times)
    if any(watched.least):
        yield from _least(watched.least, pair, times)


def _line(length: int, usual: Level, *parts: tuple[int, int, Level]) -> tuple[Level, ...]:
    """Write levels: what is usual, but for parts from a step on, for so many steps; later parts win."""
    found = [usual] * length
    for begin, steps, level in parts:
        found[begin : begin + steps] = [level] * len(found[begin : begin + steps])
    return tuple(found)


def _ended(times: Times, usual: Level, *parts: tuple[int, int, Level]) -> Scenario:
    """Fire from the step on that times say until a burst of good events ends it."""
    return Scenario(
        name="",
        levels=_line(
            times.resolved + 1, usual, *parts, (times.fires + 1, times.resolved, (BURST, Decimal(0)))
        ),
        fires=(times.fires,),
    )


def _shares(pair: Pair, times: Times) -> Iterator[Scenario]:
    """Shares at the limit and a little above it, old events that only longer windows see, and events that shorter ones miss."""
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
    """So few events that chance may explain the bad ones, and hardly more bad ones than it can."""
    nothing = (Decimal(0), Decimal(0))
    share, bad = _bad_by_chance(bound, Decimal("0.9"), 25)
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
    share, bad = _bad_by_chance(bound, Decimal("1.15"), 100)
    recent = bad * Decimal("0.65")
    yield replace(
        _ended(
            times,
            nothing,
            (0, 1, (BURST, Decimal(0))),
            (times.fires - pair.long + 2, 1, (bad / share - recent, bad - recent)),
            (times.met, 1, (recent, recent)),
        ),
        name="hardly by chance",
    )


def _few_bad(pair: Pair, times: Times) -> Iterator[Scenario]:
    """After a burn in a quiet night: one failure, two, and some more; fewer where few events are expected."""
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
    """So few events in the long window that fewer than two, or hardly one, are expected in the short one."""
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
    """As many events and bad events as an alert needs at least, and fewer."""
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


def _from_counters(watched: SLI) -> Case:
    """A total outage, where the fast pair can never be met: what is counted reaches the slower one."""
    steps, many = 2 * LASTING_STEPS, _many(watched)
    good = (Phase(1, many),) if watched.slices else ()
    phases = [*good, Phase(steps + 1 - len(good), many, many)]
    checks = (Check(minutes=STEP), Check(minutes=steps * STEP, fires=True))
    return Case(name="a breach", inputs=_fed(watched, phases), checks=checks)


def _fed(watched: SLI, phases: Sequence[Phase]) -> tuple[Input, ...]:
    """Return what is counted, by two instances, and what others count; or what is recorded, if promtool cannot be given counters."""
    steps = sum(each.steps for each in phases)
    others = tuple(_recorded_of_others(watched, steps))
    if watched.traffic is None:
        return (*_recorded(watched, phases), *others)
    if watched.is_presence:
        return (*watched.traffic(phases), *others)
    ours = watched.traffic([replace(each, events=each.events / 2, bad=each.bad / 2) for each in phases])
    everywhere = watched.traffic((Phase(steps, _many(watched), _many(watched)),))
    apart = (another(entry, Matcher(watched.telling, "=", name)) for entry in ours for name in ("one", "two"))
    foreign = (another(entry, matcher) for entry in everywhere for matcher in watched.outside)
    return (*apart, *foreign, *others)


def _recorded(watched: SLI, phases: Sequence[Phase]) -> Iterator[Input]:
    """Return the recorded events of the windows: at each step what its steps brought, per second of the whole of it."""
    every = [each for each in phases for _ in range(each.steps)]
    for window in burn.RECORDED:
        covers = max(1, int(duration(window) / MINUTE / STEP))
        for record, of in (
            (series_names.slo_events(window), [each.events for each in every]),
            (series_names.slo_bad_events(window), [each.bad for each in every]),
        ):
            values = []
            for end in range(len(of)):
                seen = sum(of[max(0, end - covers) : end], Decimal(0))
                values.append(plain(round(seen / covers / MINUTE / STEP, 12)))
            yield Input(selector=select(record, watched.where), values=" ".join(values))


def _counted(watched: SLI, scenarios: Sequence[Scenario]) -> Iterator[Input]:
    """Return what is recorded each minute, a series for each scenario, and what is recorded of others."""
    for record, index in ((series_names.SLO_EVENTS_COUNTED, 0), (series_names.SLO_BAD_EVENTS_COUNTED, 1)):
        for each in scenarios:
            given = Matcher(GIVEN, "=", each.name)
            levels = [
                (len(list(own)), value) for value, own in groupby(level[index] for level in each.levels)
            ]
            yield Input(
                selector=select(record, (*watched.where, given)),
                values=constant(*((steps, round(value, 9)) for steps, value in levels)),
            )
        if scenarios:
            yield from _of_others(watched, record, len(scenarios[0].levels), (given,))


def _recorded_of_others(watched: SLI, steps: int) -> Iterator[Input]:
    records = [
        write(watched.catalog.paced(window))
        for window in burn.RECORDED
        for write in (series_names.slo_events, series_names.slo_bad_events)
    ]
    records += (watched.slices.events, watched.slices.bad) if watched.slices else ()
    for record in dict.fromkeys(records):
        yield from _of_others(watched, record, steps, ())


def _of_others(watched: SLI, record: str, steps: int, more: Iterable[Matcher]) -> Iterator[Input]:
    """Return what is recorded of another project, service and objective: all of it bad."""
    for each in watched.where:
        other = replace(each, value=f"{each.value}-other")
        where = [*(other if matcher == each else matcher for matcher in watched.where), *more]
        yield Input(selector=select(record, where), values=constant((steps, _many(watched))))
