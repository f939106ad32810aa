"""Alert on what a service spends: unlike past weeks, too much for a request or token, or on tokens that have no price."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from leadline.base.units import HOURS_PER_MONTH, SECONDS_PER_HOUR, plain, rounded
from leadline.catalog.model import Catalog, Service, Target
from leadline.signals import burn, series_names
from leadline.signals.alert_names import SPEND_ANOMALY, UNIT_COST, UNPRICED
from leadline.signals.instruments import rate
from leadline.signals.promql import Matcher, select, sum_by
from leadline.signals.series_names import LONG_WINDOW

from ..annotations import NUMBER, USD, Annotations, filled
from ..input_series import Phase, attempted, constant, counting, growing, success
from ..model import IDLE_STEP, Alert, Case, Check, Input, Recording

WEEKS = 3
"""How many past weeks are compared with, where samples are kept for so long."""
SHARE_OF_BUDGET, LEAST_USD_PER_HOUR = Decimal("0.1"), Decimal("0.01")
"""What an hour must cost beyond the usual to matter: a share of the budget's hour; without a budget, a cent."""
SAMPLED, DAY_STEPS, EVERY = 15, 96, 480
"""Minutes between samples of weekly tests, how many of them are a day, and minutes between evaluations."""
INFO = "info"
UNPRICED_MODEL = "example-without-a-price"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What a unit cost is for: the instrument that counts it, how many of them it is of, how it is recorded and called."""

    instrument: str
    many: int
    record: Callable[[str], str]
    summary: str
    name: str


UNIT_COSTS = {
    "cost_per_1k_tokens": Unit(
        instrument="tokens",
        many=1000,
        record=series_names.tokens,
        summary="1k tokens cost more than their target.",
        name="1k tokens",
    ),
    "cost_per_request": Unit(
        instrument="requests",
        many=1,
        record=series_names.requests,
        summary="A request costs more than its target.",
        name="request",
    ),
}


def recordings(catalog: Catalog, service: Service) -> Iterator[Recording]:
    """Record what the same hour of past weeks cost, and what unit costs are made of."""
    labels = catalog.labels(service)
    window = catalog.paced(LONG_WINDOW)
    weeks = _weeks(catalog)
    if "cost" in service.measures and weeks:
        before = [_spent(catalog, service, f" offset {catalog.paced(f'{week}w')}") for week in weeks]
        expected = [_mean(before[:many]) for many in range(len(before), 0, -1)]
        yield Recording(record=series_names.COST_EXPECTED, expr="\nor\n".join(expected), labels=labels)
    for target in _unit_costs(service):
        unit = UNIT_COSTS[target.signal]
        counter = service.instruments[unit.instrument]
        yield Recording(record=unit.record(window), expr=rate(counter, window), labels=labels)
    if service.is_priced:
        where = series_names.owner(catalog.project, service.name)
        tokens, prices = select(series_names.MODEL_TOKENS, where), select(series_names.PRICE, where)
        yield Recording(
            record=series_names.UNPRICED_TOKENS,
            expr=sum_by(("model",), f"{tokens}\nunless on (model, token_type)\n{prices}"),
            labels=labels,
        )


def alerts(catalog: Catalog, service: Service) -> Iterator[Alert]:
    """Return the alerts on what is recorded."""
    if "cost" in service.measures and _weeks(catalog):
        yield _anomaly(catalog, service)
    for target in _unit_costs(service):
        yield _unit_cost(catalog, service, target)
    if service.is_priced:
        yield _unpriced(catalog, service)


def _weeks(catalog: Catalog) -> list[int]:
    return [week for week in range(1, WEEKS + 1) if catalog.keeps(f"{7 * week}d2h")]


def _unit_costs(service: Service) -> list[Target]:
    return [
        target
        for target in service.targets
        if target.signal in UNIT_COSTS
        and "cost" in service.measures
        and UNIT_COSTS[target.signal].instrument in service.instruments
    ]


def _spent(catalog: Catalog, service: Service, offset: str = "") -> str:
    window = catalog.paced(LONG_WINDOW)
    return select(series_names.cost(window), series_names.owner(catalog.project, service.name)) + offset


def _mean(series: list[str]) -> str:
    return series[0] if len(series) == 1 else "(\n" + "\n+\n".join(series) + f"\n) / {len(series)}"


def _floor(catalog: Catalog) -> Decimal:
    budget = catalog.monthly_budget_usd
    return rounded(budget / HOURS_PER_MONTH * SHARE_OF_BUDGET, 6) if budget else LEAST_USD_PER_HOUR


def _anomaly(catalog: Catalog, service: Service) -> Alert:
    surge, floor = service.tuning.spend_surge, _floor(catalog)
    spent = _spent(catalog, service)
    expected = select(series_names.COST_EXPECTED, series_names.owner(catalog.project, service.name))
    annotations = {
        "summary": "A service spends far more than at the same hour of past weeks.",
        "description": (
            f"{service.name} spends {USD} USD an hour, more than {plain(surge)} times what the same hour of past weeks cost."
        ),
    }
    return Alert(
        name=SPEND_ANOMALY,
        expr=(
            f"{SECONDS_PER_HOUR} * {spent} > {plain(SECONDS_PER_HOUR * surge)} * {expected}\n"
            f"and\n{SECONDS_PER_HOUR} * ({spent} - {expected}) > {plain(floor)}"
        ),
        hold=catalog.paced("15m"),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=attempted(_anomaly_cases(service, surge, floor, annotations)),
    )


def _anomaly_cases(
    service: Service, surge: Decimal, floor: Decimal, annotations: Annotations
) -> Iterator[Case]:
    """A day of next to nothing and a usual week; then far more than nothing, a little more than usual, and far more."""
    usual = (4 * floor / (surge - 1) if surge > 1 else 4 * floor) * SAMPLED / 60
    nothing, far = usual / 100, 2 * surge
    phases = (
        Phase(DAY_STEPS, nothing),
        Phase(6 * DAY_STEPS, usual),
        Phase(DAY_STEPS, nothing * far),
        Phase(DAY_STEPS, usual * (1 + surge) / 2),
        Phase(DAY_STEPS, usual * far),
    )
    fired = filled(annotations, {USD: f"{far * usual * 60 / SAMPLED:.2f}"})
    day = DAY_STEPS * SAMPLED
    yield Case(
        name="far more than nothing, a little more than usual, and far more",
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
    yield Case(name="nothing is measured", inputs=(), checks=(Check(minutes=60),), step=IDLE_STEP)


def _unit_cost(catalog: Catalog, service: Service, target: Target) -> Alert:
    unit = UNIT_COSTS[target.signal]
    record = unit.record(catalog.paced(LONG_WINDOW))
    counted = select(record, series_names.owner(catalog.project, service.name))
    spent = _spent(catalog, service)
    value = '{{ $value | printf "%.3g" }}'
    annotations = {
        "summary": unit.summary,
        "description": (
            f"In the last hour {service.name} spent {value} USD per {unit.name}; the target is {plain(target.value)} USD."
        ),
    }

    return Alert(
        name=UNIT_COST[target.signal],
        expr=f"{f'{unit.many} * ' if unit.many > 1 else ''}{spent}\n/\n({counted} > 0)\n> {plain(target.value)}",
        hold=catalog.paced("30m"),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=attempted(_unit_cost_cases(catalog, service, target, value, annotations)),
    )


def _unit_cost_cases(
    catalog: Catalog, service: Service, target: Target, value: str, annotations: Annotations
) -> Iterator[Case]:
    """A cheap hour, and then one in which each unit costs more than its target."""
    fired = filled(annotations, {value: f"{float(target.value * DEAR):.3g}"})
    phases = (Phase(6, target.value * CHEAP), Phase(9, target.value * DEAR))
    yield Case(
        name="cheap, and then dear",
        inputs=_at(catalog, service, target, phases),
        checks=(Check(minutes=75), Check(minutes=210, fires=True, annotations=fired)),
        step=15,
    )
    yield Case(name="nothing is measured", inputs=(), checks=(Check(minutes=60),), step=IDLE_STEP)


DEAR, CHEAP = Decimal("1.25"), Decimal("0.8")
"""What a unit costs in the tests, in times of its target."""


def _at(catalog: Catalog, service: Service, target: Target, phases: Sequence[Phase]) -> tuple[Input, ...]:
    """Return units that cost so much each; as recorded where spend is tokens × prices, whose ratio none can choose."""
    unit = UNIT_COSTS[target.signal]
    counter, amount = service.instruments[unit.instrument], Decimal(10_000)
    spent = [replace(each, events=amount / unit.many * each.events) for each in phases]
    if "cost" not in service.instruments:
        window, where = catalog.paced(LONG_WINDOW), series_names.owner(catalog.project, service.name)
        levels = [(each.steps, rounded(each.events, 12)) for each in spent]
        return (
            Input(
                selector=select(unit.record(window), where),
                values=constant((sum(each.steps for each in phases), amount)),
            ),
            Input(selector=select(series_names.cost(window), where), values=constant(*levels)),
        )
    labels = success(counter) if unit.instrument == "requests" else {}
    steady = [replace(each, events=amount) for each in phases]
    return (counting(counter, steady, labels=labels), *growing(service, spent))


def _unpriced(catalog: Catalog, service: Service) -> Alert:
    unpriced = select(series_names.UNPRICED_TOKENS, series_names.owner(catalog.project, service.name))
    severity = INFO if "cost" in service.instruments else burn.TICKET
    annotations = {
        "summary": "Tokens are used of a model that has no price in the catalog.",
        "description": (
            f"{service.name} uses {NUMBER} tokens a second of {{{{ $labels.model }}}}, which has no price in the catalog: "
            + (
                "no figure from prices has them in it."
                if severity == INFO
                else "its spend is larger than what is shown."
            )
        ),
    }
    return Alert(
        name=UNPRICED,
        expr=f"{unpriced} > 0",
        hold=catalog.paced("15m"),
        labels=catalog.labels(service, severity=severity),
        annotations=annotations,
        cases=attempted(_unpriced_cases(catalog, service, annotations)),
    )


def _unpriced_cases(catalog: Catalog, service: Service, annotations: Annotations) -> Iterator[Case]:
    fired = filled(annotations, {NUMBER: "10", "{{ $labels.model }}": UNPRICED_MODEL})
    """Tokens of a model without a price, of one that has one, and what is recorded of another project and another service."""
    tokens = service.instruments["tokens"]
    owners = (f"{catalog.project}-other", service.name), (catalog.project, f"{service.name}-other")
    others = (
        Input(
            selector=select(
                series_names.UNPRICED_TOKENS, (*series_names.owner(*owner), Matcher("model", "=", "other"))
            ),
            values=constant((16, 1)),
        )
        for owner in owners
    )

    def used(model: str) -> Input:
        return counting(tokens, (Phase(16, Decimal(1200)),), labels={"model": model, "token_type": "input"})

    yield Case(
        name="a model without a price, and one that has one",
        inputs=(used(UNPRICED_MODEL), used(service.prices[0].model), *others),
        checks=(Check(minutes=12), Check(minutes=30, fires=True, annotations=fired)),
        labels={"model": UNPRICED_MODEL},
    )
    yield Case(name="nothing is measured", inputs=(), checks=(Check(minutes=60),), step=IDLE_STEP)
