"""Alert on cost: at the present rate the month would exceed the budget."""

from __future__ import annotations

from decimal import Decimal

from alerts.examples import counter
from alerts.model import Alert, Case, Input
from signals import cost, recorded
from signals.catalog import Catalog
from signals.instruments import Instrument
from signals.recorded import DAY_WINDOW, LONG_WINDOW
from signals.units import HOURS_PER_MONTH, plain

NAME = "MonthlyBudgetExceeded"


def build(catalog: Catalog) -> tuple[Alert, ...]:
    """Give the alert, or none where there is no budget or nothing counts cost."""
    spending = catalog.measuring("cost")
    budget = catalog.monthly_budget_usd
    if budget is None or not spending:
        return ()
    where = recorded.owner(catalog.project)
    long, short = (cost.month(where, window, ("project",)) for window in (DAY_WINDOW, LONG_WINDOW))
    annotations = {
        "summary": "At the present rate the month would cost more than its budget.",
        "description": (
            'A month of 730 hours like the last 6 would cost {{ $value | printf "%.2f" }} USD, '
            f"and the last hour is no cheaper. The budget is {plain(budget)} USD."
        ),
    }
    return (
        Alert(
            name=NAME,
            expr=f"{long} > {plain(budget)}\nand\n{short} > {plain(budget)}",
            hold="15m",
            labels={"severity": "warning", "project": catalog.project},
            annotations=annotations,
            cases=_cases(spending[0].instruments["cost"], budget, annotations),
        ),
    )


def _cases(instrument: Instrument, budget: Decimal, annotations: dict[str, str]) -> tuple[Case, ...]:
    """Spend evenly: once so that the month comes to twice the budget, once to four fifths of it."""
    fired = {
        **annotations,
        "description": annotations["description"].replace(
            '{{ $value | printf "%.2f" }}', f"{2 * budget:.2f}"
        ),
    }
    return (
        Case(
            name="spend would exceed the budget",
            inputs=_spend(instrument, 2 * budget),
            minutes=390,
            annotations=fired,
        ),
        Case(
            name="spend stays within the budget",
            inputs=_spend(instrument, budget * Decimal("0.8")),
            minutes=390,
        ),
        Case(name="nothing is measured", inputs=(), minutes=390),
    )


def _spend(instrument: Instrument, month_usd: Decimal) -> tuple[Input, ...]:
    labels = {"model": "example"} if instrument.has("model") else {}
    return (counter(instrument, month_usd / (HOURS_PER_MONTH * 60), **labels),)
