"""Rule tests of the alerts on what a service spends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from leadline.base.units import rounded
from leadline.catalog.model import Target
from leadline.signals import series_names
from leadline.signals.alert_names import UNIT_COST
from leadline.signals.series_names import LONG_WINDOW

from ..annotations import MODEL, NUMBER, UNIT_USD, USD
from ..conditions.spending import UNIT_COSTS, floor_usd, unit_costs
from .input_series import Phase, constant, counting, growing, others_than, success
from .model import NOTHING_MEASURED, AlertTest, Check, Input
from .subject import Subject
from .weeks import DAY_STEPS, EVERY, SAMPLED

UNPRICED_MODEL = "example-without-a-price"


def anomaly(subject: Subject) -> Iterator[AlertTest]:
    """Test a day of nearly no spend and a normal week; then far more than nothing, slightly above normal, and far above."""
    service, surge = subject.service, subject.service.tuning.spend_surge
    floor = floor_usd(subject.monthly_budget_usd)
    normal = (4 * floor / (surge - 1) if surge > 1 else 4 * floor) * SAMPLED / 60
    nothing, far = normal / 100, 2 * surge
    phases = (
        Phase(DAY_STEPS, nothing),
        Phase(6 * DAY_STEPS, normal),
        Phase(DAY_STEPS, nothing * far),
        Phase(DAY_STEPS, normal * (1 + surge) / 2),
        Phase(DAY_STEPS, normal * far),
    )
    fired = subject.fired({USD: f"{far * normal * 60 / SAMPLED:.2f}"})
    day = DAY_STEPS * SAMPLED
    yield AlertTest(
        name="far more than nothing, slightly above normal, and far above normal",
        inputs=growing(service, phases),
        checks=(
            Check(minutes=5 * day),
            Check(minutes=8 * day - EVERY),
            Check(minutes=9 * day - EVERY),
            Check(minutes=10 * day - EVERY, fires=True, annotations=fired),
        ),
        step=EVERY,
        sampled=SAMPLED,
    )
    yield NOTHING_MEASURED


def unit_cost(subject: Subject) -> Iterator[AlertTest]:
    """Test a cheap hour, and then one in which each unit costs more than its target."""
    target = next(
        each for each in unit_costs(subject.service) if UNIT_COST[each.signal] == subject.alert.name
    )
    fired = subject.fired({UNIT_USD: f"{float(target.value * EXPENSIVE):.3g}"})
    phases = (Phase(6, target.value * CHEAP), Phase(9, target.value * EXPENSIVE))
    yield AlertTest(
        name="cheap, and then expensive",
        inputs=_at(subject, target, phases),
        checks=(Check(minutes=75), Check(minutes=210, fires=True, annotations=fired)),
        step=15,
    )
    yield NOTHING_MEASURED


EXPENSIVE, CHEAP = Decimal("1.25"), Decimal("0.8")
"""Cost of a unit in the tests, as a multiple of its target."""


def _at(subject: Subject, target: Target, phases: Sequence[Phase]) -> tuple[Input, ...]:
    """Return units at these costs; recorded series if spend is tokens × prices, whose ratio is fixed."""
    scope, service, unit = subject.scope, subject.service, UNIT_COSTS[target.signal]
    counter, amount = service.instruments[unit.instrument], Decimal(10_000)
    spent = [replace(each, events=amount / unit.many * each.events) for each in phases]
    if "cost" not in service.instruments:
        window = scope.window(LONG_WINDOW)
        levels = [(each.steps, rounded(each.events, 12)) for each in spent]
        return (
            Input(
                selector=scope.select(unit.record(window)),
                values=constant((sum(each.steps for each in phases), amount)),
            ),
            Input(selector=scope.select(series_names.cost(window)), values=constant(*levels)),
        )
    labels = success(counter) if unit.instrument == "requests" else {}
    steady = [replace(each, events=amount) for each in phases]
    return (counting(counter, steady, labels=labels), *growing(service, spent))


def unpriced(subject: Subject) -> Iterator[AlertTest]:
    """Test tokens of a model without a price and of one with a price, beside recordings of another project and service."""
    service, tokens = subject.service, subject.service.instruments["tokens"]
    fired = subject.fired({NUMBER: "10", MODEL: UNPRICED_MODEL})
    others = (
        Input(selector=each.select(series_names.UNPRICED_TOKENS, model="other"), values=constant((16, 1)))
        for each in others_than(subject.scope)
    )

    def used(model: str) -> Input:
        return counting(tokens, (Phase(16, Decimal(1200)),), labels={"model": model, "token_type": "input"})

    yield AlertTest(
        name="a model without a price, and one that has one",
        inputs=(used(UNPRICED_MODEL), used(service.prices[0].model), *others),
        checks=(Check(minutes=12), Check(minutes=30, fires=True, annotations=fired)),
        labels={"model": UNPRICED_MODEL},
    )
    yield NOTHING_MEASURED
