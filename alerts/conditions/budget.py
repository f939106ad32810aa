"""The project's monthly budget: projected and actual spend of the month, and alerts on both."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import plain, promql_duration
from leadline.signals import cost, series_names
from leadline.signals.alert_names import MONTH_NEARLY_SPENT, MONTH_PROJECTED, MONTH_SPENT
from leadline.signals.burn import PAGE, TICKET
from leadline.signals.scope import Scope
from leadline.signals.series_names import DAY_WINDOW, LONG_WINDOW, WINDOW_SECONDS

from ..annotations import USD
from ..model import Alert, Group, Recording

MONTH = "31d"
INTERVAL = Decimal(WINDOW_SECONDS)
"""Maximum interval between spend samples, in seconds; each sample is the spend of one interval."""
EVALUATIONS = 20
"""Use a shorter interval if this many evaluations take less time."""
THIS_MONTH = 'count_values("month", month())'
MONTH_BEGAN = "((day_of_month() - 1) * 86400 + hour() * 3600 + minute() * 60)"
"""Seconds since the month began, in UTC like Prometheus's date functions."""


def recordings(scope: Scope, budget_usd: Decimal) -> Iterator[Recording]:
    """Record the budget."""
    yield Recording(record=series_names.BUDGET, expr=f"vector({plain(budget_usd)})", labels=scope.labels())


def projected(scope: Scope, budget_usd: Decimal) -> Alert:
    """Return the alert on the month's projected spend, over two windows."""
    long, short = (
        cost.month(scope.matchers(), scope.window(window), ("project",))
        for window in (DAY_WINDOW, LONG_WINDOW)
    )
    budget = plain(budget_usd)
    return Alert(
        name=MONTH_PROJECTED,
        expr=f"{long} > {budget}\nand\n{short} > {budget}",
        hold=scope.window("15m"),
        labels=scope.labels(severity=TICKET),
        annotations={
            "summary": "At the present rate, the month would exceed its budget.",
            "description": (
                f"At the rate of the last 6 hours, a month of 730 hours would cost {USD} USD, "
                f"and the last hour is above the budget too. The budget is {budget} USD."
            ),
        },
    )


def remarks(scope: Scope, *, spends: bool) -> Iterator[str]:
    """Yield why the month's spend is not summed, and what to change.

    spends  whether any service has a cost instrument or prices
    """
    if not spends:
        yield "the budget is not watched: no service in the catalog has a cost instrument, or prices for its tokens"
    elif not scope.keeps(MONTH):
        kept = promql_duration(scope.retention_seconds or 0)
        yield (
            f"the month's spend is not summed: samples are kept for {kept}, but a month needs {MONTH}; "
            "only the projection is watched. Keep samples for longer, and set the retention in the catalog"
        )


def month(scope: Scope, budget_usd: Decimal) -> Group | None:
    """Return the group that sums the month's spend, from samples labelled by month.

    Return None if samples are not kept for a month.
    """
    if not scope.keeps(MONTH):
        return None
    every = scope.evaluation_seconds
    seconds = max(every, min(INTERVAL / scope.pace, EVALUATIONS * every))
    return Group(
        name=f"{scope.project}-spend",
        interval_seconds=seconds,
        rules=(*_sums(scope, seconds), *_spent(scope, budget_usd)),
    )


def _sums(scope: Scope, seconds: Decimal) -> Iterator[Recording]:
    counted = f"{scope.select(series_names.COST_COUNTED)}[{MONTH}]"
    to_date = scope.select(series_names.MONTH_TO_DATE)
    rate = scope.select(series_names.cost(scope.window(DAY_WINDOW)))
    expressions = {
        series_names.COST_COUNTED: (
            f"{plain(seconds)} * sum by (service) ({scope.select(series_names.MODEL_COST)})\n"
            f"* on () group_left (month)\n{THIS_MONTH}"
        ),
        series_names.MONTH_TO_DATE: f"sum(\n  sum_over_time({counted})\n  and on (month)\n  {THIS_MONTH}\n)",
        series_names.MONTH_COVERAGE: (
            f"max(\n  count_over_time({counted})\n  and on (month)\n  {THIS_MONTH}\n) * {plain(seconds)}\n"
            f"/\nclamp_min({MONTH_BEGAN}, {plain(seconds)})"
        ),
        series_names.MONTH_PROJECTED: f"{to_date}\n+ on ()\n(days_in_month() * 86400 - {MONTH_BEGAN}) * sum({rate})",
    }
    for record, expression in expressions.items():
        yield Recording(record=record, expr=expression, labels=scope.labels())


SPENT_SHARES = {MONTH_NEARLY_SPENT: Decimal("0.8"), MONTH_SPENT: Decimal(1)}
"""The share of the budget at which each alert on the month's spend fires."""


def _spent(scope: Scope, budget_usd: Decimal) -> Iterator[Alert]:
    for name, share in SPENT_SHARES.items():
        part = "" if share == 1 else f"{plain(share * 100)} % of "
        yield Alert(
            name=name,
            expr=f"{scope.select(series_names.MONTH_TO_DATE)} > {plain(budget_usd * share)}",
            hold=scope.window("15m"),
            labels=scope.labels(severity=PAGE if share == 1 else TICKET),
            annotations={
                "summary": f"The month has cost {part}its budget.",
                "description": (
                    f"{USD} USD were spent since the month began; the budget is {plain(budget_usd)} USD per month."
                ),
            },
        )
