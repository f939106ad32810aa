"""Alerts on a service's spend: anomalies, unit costs above target, and tokens without a price."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from leadline.base.units import HOURS_PER_MONTH, SECONDS_PER_HOUR, plain, rounded
from leadline.catalog.model import Service, Target
from leadline.signals import burn, series_names
from leadline.signals.alert_names import SPEND_ANOMALY, UNIT_COST, UNPRICED
from leadline.signals.instruments import rate
from leadline.signals.promql import select, sum_by
from leadline.signals.scope import Scope
from leadline.signals.series_names import LONG_WINDOW

from ..annotations import MODEL, NUMBER, UNIT_USD, USD
from ..model import Alert, Recording

WEEKS = 3
"""Past weeks to compare with, if the retention covers them."""
SHARE_OF_BUDGET, LEAST_USD_PER_HOUR = Decimal("0.1"), Decimal("0.01")
"""Minimum excess spend per hour to matter: a share of the budget's hour; without a budget, a cent."""
INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit cost: the instrument that counts the unit, how many make one unit, its recording and its texts."""

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


def recordings(scope: Scope, service: Service) -> Iterator[Recording]:
    """Record the spend of the same hour in past weeks, the units of unit costs, and unpriced tokens."""
    labels = scope.labels()
    window = scope.window(LONG_WINDOW)
    weeks = _weeks(scope)
    if "cost" in service.measures and weeks:
        before = [_spent(scope, f" offset {scope.window(f'{week}w')}") for week in weeks]
        expected = [_mean(before[:many]) for many in range(len(before), 0, -1)]
        yield Recording(record=series_names.COST_EXPECTED, expr="\nor\n".join(expected), labels=labels)
    for target in unit_costs(service):
        unit = UNIT_COSTS[target.signal]
        counter = service.instruments[unit.instrument]
        yield Recording(record=unit.record(window), expr=rate(counter, window), labels=labels)
    if service.is_priced:
        where = scope.matchers()
        tokens, prices = select(series_names.MODEL_TOKENS, where), select(series_names.PRICE, where)
        yield Recording(
            record=series_names.UNPRICED_TOKENS,
            expr=sum_by(("model",), f"{tokens}\nunless on (model, token_type)\n{prices}"),
            labels=labels,
        )


def alerts(scope: Scope, service: Service, monthly_budget_usd: Decimal | None) -> Iterator[Alert]:
    """Yield the alerts on the recorded series."""
    if "cost" in service.measures and _weeks(scope):
        yield _anomaly(scope, service, floor_usd(monthly_budget_usd))
    for target in unit_costs(service):
        yield _unit_cost(scope, service, target)
    if service.is_priced:
        yield _unpriced(scope, service)


def _weeks(scope: Scope) -> list[int]:
    return [week for week in range(1, WEEKS + 1) if scope.keeps(f"{7 * week}d2h")]


def unit_costs(service: Service) -> list[Target]:
    """Return the unit-cost targets that can be computed."""
    return [
        target
        for target in service.targets
        if target.signal in UNIT_COSTS
        and "cost" in service.measures
        and UNIT_COSTS[target.signal].instrument in service.instruments
    ]


def _spent(scope: Scope, offset: str = "") -> str:
    window = scope.window(LONG_WINDOW)
    return scope.select(series_names.cost(window)) + offset


def _mean(series: list[str]) -> str:
    return series[0] if len(series) == 1 else "(\n" + "\n+\n".join(series) + f"\n) / {len(series)}"


def floor_usd(monthly_budget_usd: Decimal | None) -> Decimal:
    """Return the minimum excess spend per hour of an anomaly, in US dollars."""
    budget = monthly_budget_usd
    return rounded(budget / HOURS_PER_MONTH * SHARE_OF_BUDGET, 6) if budget else LEAST_USD_PER_HOUR


def _anomaly(scope: Scope, service: Service, floor: Decimal) -> Alert:
    surge = service.tuning.spend_surge
    spent = _spent(scope)
    expected = scope.select(series_names.COST_EXPECTED)
    annotations = {
        "summary": "A service spends far more than in the same hour of past weeks.",
        "description": (
            f"{service.name} spends {USD} USD per hour, more than {plain(surge)} times the spend in the same hour of past weeks."
        ),
    }
    return Alert(
        name=SPEND_ANOMALY,
        expr=(
            f"{SECONDS_PER_HOUR} * {spent} > {plain(SECONDS_PER_HOUR * surge)} * {expected}\n"
            f"and\n{SECONDS_PER_HOUR} * ({spent} - {expected}) > {plain(floor)}"
        ),
        hold=scope.window("15m"),
        labels=scope.labels(severity=burn.TICKET),
        annotations=annotations,
    )


def _unit_cost(scope: Scope, service: Service, target: Target) -> Alert:
    unit = UNIT_COSTS[target.signal]
    record = unit.record(scope.window(LONG_WINDOW))
    counted = scope.select(record)
    spent = _spent(scope)
    annotations = {
        "summary": unit.summary,
        "description": (
            f"In the last hour {service.name} spent {UNIT_USD} USD per {unit.name}; the target is {plain(target.value)} USD."
        ),
    }

    return Alert(
        name=UNIT_COST[target.signal],
        expr=f"{f'{unit.many} * ' if unit.many > 1 else ''}{spent}\n/\n({counted} > 0)\n> {plain(target.value)}",
        hold=scope.window("30m"),
        labels=scope.labels(severity=burn.TICKET),
        annotations=annotations,
    )


def _unpriced(scope: Scope, service: Service) -> Alert:
    unpriced = scope.select(series_names.UNPRICED_TOKENS)
    severity = INFO if "cost" in service.instruments else burn.TICKET
    annotations = {
        "summary": "A model in use has no price in the catalog.",
        "description": (
            f"{service.name} uses {NUMBER} tokens per second of {MODEL}, which has no price in the catalog: "
            + (
                "figures computed from prices exclude them."
                if severity == INFO
                else "its actual spend is higher than shown."
            )
        ),
    }
    return Alert(
        name=UNPRICED,
        expr=f"{unpriced} > 0",
        hold=scope.window("15m"),
        labels=scope.labels(severity=severity),
        annotations=annotations,
    )
