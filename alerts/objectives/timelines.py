"""Rule tests of burn-rate alerts: one timeline for each pair of windows, on which the alert must fire, resolve and stay silent.

The fast page is driven from the counters themselves, through what is recorded of them. The slower pairs read sums of what is recorded
each minute; that is given, in longer steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from alerts.annotations import SHARE, Annotations, filled, percent
from alerts.examples import Phase, another, constant
from alerts.model import IDLE_STEP, STEP, Case, Check, Input
from alerts.objectives import budget
from alerts.objectives.watched import Watched
from signals import burn, recorded
from signals.burn import PAGE, Arm
from signals.promql import Matcher, select
from signals.units import duration, plain, rounded

MINUTE = 60
ENOUGH = Decimal(1_000_000)
"""Bad events a step that a budget allows in the tests, so many that none of their shares is chance."""
BURST, LOST = Decimal(10_000), Decimal(200)
"""How many times the events of a step one step has that a window twice as long would still see: so many, or so many limits, that bad
ones are lost in them."""
QUIET = Decimal("0.3")
BELOW, ABOVE = Decimal("0.75"), Decimal("1.36")
"""Parts of a limit at which an alert is silent, and fires: windows of half and of twice the length are beyond them."""
SHORTER = Decimal("0.9")
BAD_STEPS = 10
"""Bad steps that bring the long window below the limit."""
STEPS = {"1h": STEP, "6h": 15, "1d": 30, "3d": 180}
"""Minutes between evaluations of the tests of each long window."""
BREACH_STEPS, LASTING_STEPS = 6, 24
MOST_OF_SLICES = Decimal("0.9")
"""A larger share of bad slices is not reached after a good one, without which nothing is known to be missing."""
GIVEN = {"replica": "given"}
"""A label of what is given in place of what rules record, so that no rule records the same series."""


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
        return rounded(self.many * max(BURST, LOST / self.limit), 3)


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
    watched: Watched, arms: tuple[Arm, ...], waits: tuple[str, str], annotations: Annotations
) -> Iterator[Case]:
    """Give the tests of an alert; none where windows are shortened for a demonstration.

    waits  for how long its condition must hold before it fires, and for how long it is kept
    """
    if watched.catalog.pace != 1:
        return
    for arm in arms:
        pair = _pair(watched, arm, waits)
        if arm.long in burn.RECORDED:
            yield _breach(watched, pair, annotations)
            if watched.sampled:
                yield _fast(watched, pair)
        else:
            yield _slow(watched, arm, pair)
    is_slow_page = (
        arms[0].severity == PAGE and arms[0].long not in burn.RECORDED and watched.traffic is not None
    )
    if is_slow_page and (not watched.slices or burn.threshold(watched.objective, arms[0]) < MOST_OF_SLICES):
        yield _from_counters(watched)
    yield Case(name="nothing is measured", inputs=(), checks=(Check(minutes=MINUTE),), step=IDLE_STEP)


def _pair(watched: Watched, arm: Arm, waits: tuple[str, str]) -> Pair:
    step = STEPS[arm.long]

    def steps(text: str) -> int:
        return math.ceil(duration(text) / MINUTE / step)

    hold, keep = map(steps, waits)
    limit = burn.threshold(watched.objective, arm)
    return Pair(
        long=steps(arm.long), short=steps(arm.short), limit=limit, hold=hold, keep=keep, many=_many(watched)
    )


def _many(watched: Watched) -> Decimal:
    """Return how many events a step has: the smaller the budget, the more."""
    return rounded(ENOUGH / (1 - watched.objective.target), 3)


def _breach(watched: Watched, pair: Pair, annotations: Annotations) -> Case:
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


def _fast(watched: Watched, pair: Pair) -> Case:
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


def _few(line: Timeline, watched: Watched, pair: Pair) -> None:
    """Few requests: one failure is chance, and several are none."""
    events, bad = watched.least
    quiet = max(Decimal("0.5"), events * 2 / BREACH_STEPS)
    line.run(BREACH_STEPS, quiet)
    line.run(1, Decimal(1), Decimal(1))
    line.run(pair.hold + 1, quiet)
    line.see()
    bound = burn.bound_threshold(watched.objective, burn.ARMS[0])
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


def _burn(line: Timeline, pair: Pair, *, whole: bool = False, most: Decimal = Decimal(1)) -> None:
    """Bad events that bring the long window below the limit, and above it; then none.

    whole  whether a step is bad as a whole, so that only their number can be chosen
    most   the share of bad events at which no shorter pair of the same alert is met
    """
    share = Decimal(1) if whole else min(most, BELOW * pair.limit * pair.long / BAD_STEPS)
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


def _slow(watched: Watched, arm: Arm, pair: Pair) -> Case:
    """A slower pair, of the sums of what is recorded each minute."""
    line = Timeline(STEPS[arm.long])
    if watched.sampled:
        line.run(2, Decimal(1))
        line.run(1, Decimal(1), Decimal(1))
        line.run(pair.hold + 1, Decimal(1))
        line.see()
    line.run(1, pair.burst)
    shorter = [
        burn.threshold(watched.objective, each)
        for each in burn.usable(watched.objective, watched.catalog.retention)
        if each.severity == arm.severity
        and each.long not in burn.RECORDED
        and STEPS[each.long] < STEPS[arm.long]
    ]
    _burn(line, pair, most=min([Decimal(1), *(each * SHORTER for each in shorter)]))
    if pair.long > pair.short * 6:
        _after(line, pair)
    return Case(
        name=f"{arm.long} and {arm.short}",
        inputs=tuple(_counted(watched, line.phases)),
        checks=tuple(line.checks),
        labels=GIVEN,
        step=STEPS[arm.long],
    )


def _from_counters(watched: Watched) -> Case:
    """A total outage, where the fast pair can never be met: what is counted reaches the slower one."""
    steps, many = 2 * LASTING_STEPS, _many(watched)
    good = (Phase(1, many),) if watched.slices else ()
    phases = [*good, Phase(steps + 1 - len(good), many, many)]
    checks = (Check(minutes=STEP), Check(minutes=steps * STEP, fires=True))
    return Case(name="a breach", inputs=_fed(watched, phases), checks=checks)


def _fed(watched: Watched, phases: Sequence[Phase]) -> tuple[Input, ...]:
    """Give what is counted, by two instances, and what others count; or what is recorded, if promtool cannot be given counters."""
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


def _recorded(watched: Watched, phases: Sequence[Phase]) -> Iterator[Input]:
    """Give the recorded events of the windows: at each step what its steps brought, per second of the whole of it."""
    every = [each for each in phases for _ in range(each.steps)]
    for window in burn.RECORDED:
        covers = max(1, int(duration(window) / MINUTE / STEP))
        for record, of in (
            (recorded.slo_events(window), [each.events for each in every]),
            (recorded.slo_bad_events(window), [each.bad for each in every]),
        ):
            values = []
            for end in range(len(of)):
                seen = sum(of[max(0, end - covers) : end], Decimal(0))
                values.append(plain(round(seen / covers / MINUTE / STEP, 12)))
            yield Input(selector=select(record, watched.where), values=" ".join(values))


def _counted(watched: Watched, phases: Sequence[Phase]) -> Iterator[Input]:
    """Give what is recorded each minute, and what is recorded of others."""
    where = (*watched.where, *_given())
    for record, of in (
        (recorded.SLO_EVENTS_COUNTED, [(each.steps, each.events) for each in phases]),
        (recorded.SLO_BAD_EVENTS_COUNTED, [(each.steps, round(each.bad, 9)) for each in phases]),
    ):
        yield Input(selector=select(record, where), values=constant(*of))
        yield from _of_others(watched, record, sum(steps for steps, _ in of), _given())


def _recorded_of_others(watched: Watched, steps: int) -> Iterator[Input]:
    records = [
        write(watched.catalog.paced(window))
        for window in burn.RECORDED
        for write in (recorded.slo_events, recorded.slo_bad_events)
    ]
    records += (watched.slices.events, watched.slices.bad) if watched.slices else ()
    for record in dict.fromkeys(records):
        yield from _of_others(watched, record, steps, ())


def _of_others(watched: Watched, record: str, steps: int, more: Iterable[Matcher]) -> Iterator[Input]:
    """Give what is recorded of another project, service and objective: all of it bad."""
    for each in watched.where:
        other = replace(each, value=f"{each.value}-other")
        where = [*(other if matcher == each else matcher for matcher in watched.where), *more]
        yield Input(selector=select(record, where), values=constant((steps, _many(watched))))


def _given() -> tuple[Matcher, ...]:
    return tuple(Matcher(name, "=", value) for name, value in GIVEN.items())
