"""The cases that prove a burn-rate alert: it fires on a breach, and is silent on everything that is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from alerts.annotations import SHARE, Annotations, filled, percent
from alerts.examples import Stretch
from alerts.model import Case, Input
from alerts.objectives.watched import Watched
from signals import burn, recorded
from signals.burn import PAGE, Arm
from signals.catalog import Objective
from signals.promql import select
from signals.units import duration, plain

MANY = Decimal(1_000_000)
"""Events a step, so many that a share of them is exact."""
MINUTE = 60
LEAST_SEEN = Decimal(24)
"""Events that are enough to tell a share by, while one bad one of them is not enough to tell anybody."""
PAGE_STEP, TICKET_STEP = 1, 15
LEAST_MOMENTS = 20
LEAST_GOOD = Decimal("1.4")
"""How many bad evaluations would be at the limit beside the good ones of a case: enough that one of them is below it."""
BELOW, ABOVE = Decimal("0.75"), Decimal("1.25")
MARGIN = {PAGE_STEP: 10, TICKET_STEP: 4}
"""Parts of what the limit allows that are below and above it, and evaluations more: an alert waits, and a rate lags."""
Traffic = Callable[[Sequence[Stretch]], tuple[Input, ...]]
"""Writes the series of some traffic."""


def counted(
    objective: Objective, severity: str, arms: tuple[Arm, ...], annotations: Annotations, *, traffic: Traffic
) -> tuple[Case, ...]:
    """Give the cases of events that are good or bad each for itself: a page in steps of a minute, a ticket of fifteen."""
    step = PAGE_STEP if severity == PAGE else TICKET_STEP
    limits = [burn.threshold(objective, arm) for arm in arms]
    return tuple(_counted(limits, step, annotations, traffic))


def _counted(limits: list[Decimal], step: int, annotations: Annotations, traffic: Traffic) -> Iterator[Case]:
    whole, clean, half = (20, 38, 8) if step == PAGE_STEP else (16, 28, 8)

    def case(name: str, *stretches: Stretch, fires: Annotations | None = None) -> Case:
        steps = sum(each.steps for each in stretches)
        return Case(
            name=name, inputs=traffic(stretches), minutes=(steps - 1) * step, annotations=fires, step=step
        )

    high, low = min(limits[0] * Decimal("1.25"), Decimal(1)), min(limits) * Decimal("0.75")
    fired = _with_share(annotations, _share(high) / MANY)
    brief = min(Decimal("0.5") * min(limits) * (whole - half), Decimal(1))
    few = Decimal("0.1") if step == PAGE_STEP else Decimal("0.5")
    breach, calm = Stretch(whole, MANY, _share(high)), Stretch(half, MANY)
    yield case("a breach", breach, fires=fired)
    yield case("just below the limit", Stretch(whole, MANY, _share(low)))
    yield case("one bad step", calm, Stretch(1, MANY, _share(brief)), Stretch(whole - half - 1, MANY))
    yield case("it is over", breach, Stretch(clean, MANY))
    yield case("few events, all of them bad", Stretch(whole, few, few))
    single = max(LEAST_SEEN, 1 / (2 * min(limits))) / whole
    yield case(
        "a single failure", Stretch(whole - 3, single), Stretch(1, single, Decimal(1)), Stretch(2, single)
    )
    quiet = Decimal("0.3")
    after = (Stretch(clean, quiet), Stretch(1, Decimal(1), Decimal(1)), Stretch(2, quiet))
    yield case("a single failure after a burn", breach, *after)
    yield case("a restart", calm, Stretch(whole - half, MANY, restarts=True))
    yield Case(name="nothing is measured", inputs=(), minutes=whole * step, step=step)


def sliced(
    objective: Objective, severity: str, arms: tuple[Arm, ...], annotations: Annotations, *, traffic: Traffic
) -> tuple[Case, ...]:
    """Give the cases of stretches of time that are good or bad as a whole; samples every minute."""
    step = PAGE_STEP if severity == PAGE else TICKET_STEP
    return tuple(_sliced(objective, arms, step, annotations, traffic))


def _sliced(
    objective: Objective, arms: tuple[Arm, ...], step: int, annotations: Annotations, traffic: Traffic
) -> Iterator[Case]:
    def case(
        name: str, *stretches: Stretch, annotations: Annotations | None = None, fires: bool = False
    ) -> Case:
        return Case(
            name=name,
            inputs=traffic(stretches),
            minutes=sum(each.steps for each in stretches) - 1,
            annotations=annotations,
            fires=fires,
            step=step,
            sampled=1,
        )

    breach, over = (Stretch(31, MANY, MANY), 60) if step == PAGE_STEP else (Stretch(481, MANY, MANY), 450)
    if objective.limit_usd is None:
        before = Stretch(1, MANY)
        yield case("a breach", before, breach, fires=True)
        yield case("it is over", before, breach, Stretch(over, MANY))
    else:
        yield case("a breach", breach, annotations=_with_share(annotations, Decimal(1)))
        yield case("it is over", breach, Stretch(over, MANY))
    limits = [burn.threshold(objective, arm) for arm in arms]
    good = max(math.ceil(LEAST_GOOD / min(limits)), LEAST_MOMENTS)
    below, above = (
        math.floor(good * _odds(limit) * part) for limit, part in ((min(limits), BELOW), (limits[0], ABOVE))
    )
    longest = max(int(duration(arm.long) / MINUTE) for arm in arms) // step
    if good + above + MARGIN[step] <= longest:
        calm = Stretch(good * step + 1, MANY)
        yield case("just below the limit", calm, Stretch(below * step, MANY, MANY))
        yield case("above the limit", calm, Stretch((above + MARGIN[step]) * step, MANY, MANY), fires=True)
    if objective.limit_usd is None:
        yield case("it has just begun", breach, Stretch(9 * step + 1, MANY))
        yield Case(name="nothing is measured", inputs=(), minutes=breach.steps - 1, step=step)
        return
    few = Decimal("0.05") / step
    yield case("few events, all of them bad", replace(breach, events=few, bad=few))
    yield Case(name="nothing is measured", inputs=(), minutes=breach.steps - 1, step=step)


def on_recorded(watched: Watched) -> Watched:
    """Prove the alerts on the recorded events, where promtool cannot be given what they are counted from."""
    objective = watched.objective
    arms = burn.usable(objective, watched.catalog.retention)

    def prove(severity: str, own: tuple[Arm, ...], annotations: Annotations) -> tuple[Case, ...]:
        def traffic(stretches: Sequence[Stretch]) -> tuple[Input, ...]:
            windows = dict.fromkeys(window for arm in arms for window in (arm.short, arm.long))
            return tuple(each for window in windows for each in _means(watched, window, stretches, severity))

        return counted(objective, severity, own, annotations, traffic=traffic)

    return replace(watched, prove=prove)


def _means(watched: Watched, window: str, stretches: Sequence[Stretch], severity: str) -> Iterator[Input]:
    """Give the recorded events of a window: at each step what its steps brought, per second of the whole of it."""
    step = PAGE_STEP if severity == PAGE else TICKET_STEP
    every = [each for each in stretches for _ in range(each.steps)]
    covers = max(1, int(duration(window) / MINUTE / step))
    for record, of in (
        (recorded.slo_events(window), [each.events for each in every]),
        (recorded.slo_bad_events(window), [each.bad for each in every]),
    ):
        values = []
        for end in range(1, len(of) + 1):
            seen = of[max(0, end - covers) : end]
            values.append(plain(round(sum(seen, Decimal(0)) / covers / (MINUTE * step), 12)))
        yield Input(selector=select(record, watched.where), values=" ".join(values))


def _odds(share: Decimal) -> Decimal:
    """Give bad per good events of a share of bad ones."""
    return share / (1 - share)


def _with_share(annotations: Annotations, share: Decimal) -> Annotations:
    return filled(annotations, {SHARE: percent(share)})


def _share(share: Decimal) -> Decimal:
    return (MANY * share).to_integral_value()
