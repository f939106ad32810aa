"""The project's monthly budget: what the month would cost at the present rate, what it has cost, and alerts on both."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import HOURS_PER_MONTH, plain, promql_duration
from leadline.catalog.model import Catalog, Service
from leadline.signals import cost, series_names
from leadline.signals.alert_names import MONTH_NEARLY_SPENT, MONTH_PROJECTED, MONTH_SPENT
from leadline.signals.burn import PAGE, TICKET
from leadline.signals.promql import select
from leadline.signals.series_names import DAY_WINDOW, LONG_WINDOW, WINDOW_SECONDS

from ..annotations import USD, Annotations, filled
from ..input_series import Phase, attempted, growing
from ..model import IDLE_STEP, Alert, Case, Check, Group, Input, Recording

MONTH = "31d"
NEARLY = Decimal("0.8")
INTERVAL = Decimal(WINDOW_SECONDS)
"""How often spend is written down at most, in seconds; each sample is what that stretch cost."""
EVALUATIONS = 20
"""More often where rules are evaluated so often that this many evaluations take less."""
THIS_MONTH = 'count_values("month", month())'
MONTH_BEGAN = "((day_of_month() - 1) * 86400 + hour() * 3600 + minute() * 60)"
"""Seconds since the month began, in UTC as all of Prometheus's calendar."""


def recordings(catalog: Catalog) -> Iterator[Recording]:
    """Record the budget itself."""
    if catalog.monthly_budget_usd is not None:
        value = plain(catalog.monthly_budget_usd)
        yield Recording(record=series_names.BUDGET, expr=f"vector({value})", labels=catalog.labels())


def projected(catalog: Catalog) -> Iterator[Alert]:
    """Return the alert on the month at the present rate, in two windows; none where there is no budget, or no spend."""
    spending = catalog.measuring("cost")
    budget = catalog.monthly_budget_usd
    if budget is None or not spending:
        return
    where = series_names.owner(catalog.project)
    long, short = (
        cost.month(where, catalog.paced(window), ("project",)) for window in (DAY_WINDOW, LONG_WINDOW)
    )
    annotations = {
        "summary": "At the present rate the month would cost more than its budget.",
        "description": (
            f"A month of 730 hours like the last 6 would cost {USD} USD, "
            f"and the last hour is no cheaper. The budget is {plain(budget)} USD."
        ),
    }
    yield Alert(
        name=MONTH_PROJECTED,
        expr=f"{long} > {plain(budget)}\nand\n{short} > {plain(budget)}",
        hold=catalog.paced("15m"),
        labels=catalog.labels(severity=TICKET),
        annotations=annotations,
        cases=attempted(_projected_cases(spending[0], budget, annotations)),
    )


def _projected_cases(service: Service, budget: Decimal, annotations: Annotations) -> Iterator[Case]:
    """Spend in times of what the budget allows: within it, a spike of minutes, a spike that is over, and then beyond it."""
    allowed = budget / (HOURS_PER_MONTH * 60)
    fired = filled(annotations, {USD: f"{2 * budget:.2f}"})

    def spent(*levels: tuple[int, str]) -> tuple[Input, ...]:
        return growing(service, [Phase(steps, allowed * EVERY * Decimal(times)) for steps, times in levels])

    yield Case(
        name="beyond the budget",
        inputs=spent((40, "2")),
        checks=(Check(minutes=39 * EVERY, fires=True, annotations=fired),),
        step=EVERY,
    )
    yield Case(
        name="within it with a dear hour, a spike that is over, and a very dear hour",
        inputs=spent((30, "0.8"), (8, "1.3"), (3, "10"), (30, "0.8"), (7, "20")),
        checks=(
            Check(minutes=37 * EVERY),
            Check(minutes=50 * EVERY),
            Check(minutes=77 * EVERY, fires=True),
        ),
        step=EVERY,
    )
    yield Case(name="nothing is measured", inputs=(), checks=(Check(minutes=60),), step=IDLE_STEP)


EVERY = 10
"""Minutes between samples and evaluations of these tests."""


def is_counted(catalog: Catalog) -> bool:
    """Whether the month's spend can be summed: there is a budget and spend, and samples are kept for a month."""
    has_budget = catalog.monthly_budget_usd is not None
    return has_budget and bool(catalog.measuring("cost")) and catalog.keeps(MONTH)


def remarks(catalog: Catalog) -> Iterator[str]:
    """Return why the month's spend is not summed, and what to change."""
    if catalog.monthly_budget_usd is None or is_counted(catalog):
        return
    if not catalog.measuring("cost"):
        yield "the budget is not watched: no service of the catalog has an instrument for cost, or prices for its tokens"
        return
    kept = promql_duration(catalog.retention or 0)
    yield (
        f"the month's spend is not summed: samples are kept for {kept}, a month needs {MONTH}; "
        "the budget is watched by its projection only. Keep samples for longer, and write the retention into the catalog"
    )


def month(catalog: Catalog) -> Group | None:
    """Return the group that sums the month's spend, from samples that say which month they are of; None where it cannot."""
    if not is_counted(catalog):
        return None
    seconds = max(
        catalog.evaluation_interval, min(INTERVAL / catalog.pace, EVALUATIONS * catalog.evaluation_interval)
    )
    return Group(
        name=f"{catalog.project}-spend",
        interval_seconds=seconds,
        rules=(*_sums(catalog, seconds), *_spent(catalog, seconds)),
    )


def _sums(catalog: Catalog, seconds: Decimal) -> Iterator[Recording]:
    owner = series_names.owner(catalog.project)
    labels = catalog.labels()
    counted, long = select(series_names.COST_COUNTED, owner), MONTH
    to_date = select(series_names.MONTH_TO_DATE, owner)
    rate = select(series_names.cost(catalog.paced(DAY_WINDOW)), owner)
    expressions = {
        series_names.COST_COUNTED: (
            f"{plain(seconds)} * sum by (service) ({select(series_names.MODEL_COST, owner)})\n"
            f"* on () group_left (month)\n{THIS_MONTH}"
        ),
        series_names.MONTH_TO_DATE: f"sum(\n  sum_over_time({counted}[{long}])\n  and on (month)\n  {THIS_MONTH}\n)",
        series_names.MONTH_COVERAGE: (
            f"max(\n  count_over_time({counted}[{long}])\n  and on (month)\n  {THIS_MONTH}\n) * {plain(seconds)}\n"
            f"/\nclamp_min({MONTH_BEGAN}, {plain(seconds)})"
        ),
        series_names.MONTH_PROJECTED: f"{to_date}\n+ on ()\n(days_in_month() * 86400 - {MONTH_BEGAN}) * sum({rate})",
    }
    for record, expression in expressions.items():
        yield Recording(record=record, expr=expression, labels=labels)


def _spent(catalog: Catalog, seconds: Decimal) -> Iterator[Alert]:
    budget = catalog.monthly_budget_usd or Decimal(0)
    service = catalog.measuring("cost")[0]
    spent = select(series_names.MONTH_TO_DATE, series_names.owner(catalog.project))
    for name, share, severity in (
        (MONTH_NEARLY_SPENT, NEARLY, TICKET),
        (MONTH_SPENT, Decimal(1), PAGE),
    ):
        part = "" if share == 1 else f"{plain(share * 100)} % of "
        yield Alert(
            name=name,
            expr=f"{spent} > {plain(budget * share)}",
            hold=catalog.paced("15m"),
            labels=catalog.labels(severity=severity),
            annotations={
                "summary": f"The month has cost {part}its budget.",
                "description": (
                    f"Since the month began {USD} USD were spent; the budget is {plain(budget)} USD a month."
                ),
            },
            cases=attempted(_month_cases(service, budget * share, seconds, turns=share == 1)),
        )


def _month_cases(service: Service, limit: Decimal, seconds: Decimal, *, turns: bool) -> Iterator[Case]:
    """Spend within ten hours of January 1970, where promtool's clock begins; and all of that January, to see it end."""

    def spend(minutes: int, every: int, times: Decimal) -> tuple[Phase, ...]:
        """So much in all, as recorded at each evaluation: what that many seconds cost."""
        evaluations = minutes // every
        return (Phase(evaluations, limit * times * every / evaluations / (seconds / 60)),)

    hours = 600
    spent = counted_each_minute(service, spend(hours, EVERY, Decimal("1.2")), EVERY)
    yield Case(
        name="not yet, and spent",
        inputs=spent,
        checks=(Check(minutes=hours * 7 // 10), Check(minutes=hours - EVERY, fires=True)),
        step=EVERY,
        sampled=1,
    )
    yield Case(name="nothing is measured", inputs=(), checks=(Check(minutes=60),), step=IDLE_STEP)
    if not turns:
        return
    january, every = 31 * 24 * 60, 240
    spent = counted_each_minute(service, spend(january + 2 * every, every, Decimal(3)), every)
    yield Case(
        name="the month ends",
        inputs=spent,
        checks=(Check(minutes=january - every, fires=True), Check(minutes=january + every)),
        step=every,
        sampled=1,
    )


def counted_each_minute(service: Service, phases: tuple[Phase, ...], every: int) -> tuple[Input, ...]:
    """Return what a service spends, a sample each minute, of phases in steps of so many minutes."""
    return growing(service, [Phase(each.steps * every, each.events / every) for each in phases])
