"""Cost: what the tokens cost, per hour, per request, per 1k tokens, and where the month would end."""

from __future__ import annotations

from dashboards.model import Dashboard, Panel, Query
from dashboards.parts import chosen, measured, target_lines
from signals import cost, recorded
from signals.catalog import Catalog
from signals.links import dashboard_uid
from signals.promql import select


def build(catalog: Catalog) -> Dashboard:
    """Give the cost dashboard of a catalog."""
    panels = (
        _per_hour(catalog),
        _month(catalog),
        _per_1k_tokens(catalog),
        _per_request(catalog),
        _tokens(
            catalog,
            "token_type",
            "Tokens per second by type",
            "Output tokens cost several times input tokens.",
        ),
        _tokens(
            catalog, "model", "Tokens per second by model", "A dearer model taking over is seen here first."
        ),
    )
    return Dashboard(
        topic="cost",
        uid=dashboard_uid(catalog.project, "cost"),
        title=f"{catalog.project} / Cost",
        description="US dollars and tokens by model and service, from counters of spend.",
        project=catalog.project,
        panels=measured(catalog, panels),
        variables=("service",),
    )


def _per_hour(catalog: Catalog) -> Panel:
    where = chosen(catalog, route=False)
    return Panel(
        key="cost.hour",
        title="USD per hour by model",
        description="Spend at the present rate, stacked by model. Normal follows the traffic; a step does not.",
        unit="currencyUSD",
        queries=(Query(expr=cost.per_hour(where, ("service", "model")), legend="{{service}} {{model}}"),),
        needs=("cost",),
        stacked=True,
    )


def _month(catalog: Catalog) -> Panel:
    where = chosen(catalog, route=False)
    rates = tuple(
        Query(
            expr=cost.month(where, window, ("service",)),
            legend=f"{{{{service}}}} if the last {window} lasted",
        )
        for window in (recorded.LONG_WINDOW, recorded.DAY_WINDOW)
    )
    budget = Query(
        expr=select(recorded.BUDGET, recorded.owner(catalog.project)),
        legend="budget of the project",
        line=True,
    )
    stated = catalog.monthly_budget_usd is not None
    return Panel(
        key="cost.month",
        title="Projected month",
        description=(
            "US dollars in a month of 730 hours if the rate of the window lasted: a run rate, not a forecast. "
            "The dashed line is the budget of the whole project. An alert fires when both windows are above it."
        ),
        unit="currencyUSD",
        queries=(*rates, *((budget,) if stated else ())),
        needs=("cost",),
    )


def _per_1k_tokens(catalog: Catalog) -> Panel:
    return Panel(
        key="cost.per-1k-tokens",
        title="USD per 1k tokens",
        description=(
            "Spend divided by tokens, input and output together. Moves with the mix of models and of input and "
            "output, not with traffic. Normal is below the dashed target."
        ),
        unit="currencyUSD",
        queries=(
            Query(expr=cost.per_1k_tokens(chosen(catalog, route=False), ("service",)), legend="{{service}}"),
            *target_lines(catalog, "cost_per_1k_tokens"),
        ),
        needs=("cost", "tokens"),
    )


def _per_request(catalog: Catalog) -> Panel:
    return Panel(
        key="cost.per-request",
        title="USD per request",
        description=(
            "Spend divided by requests of the service. Falls when a cache answers, rises with longer prompts. "
            "Normal is flat, and below the dashed target where there is one."
        ),
        unit="currencyUSD",
        queries=(
            Query(expr=cost.per_request(chosen(catalog, route=False), ("service",)), legend="{{service}}"),
            *target_lines(catalog, "cost_per_request"),
        ),
        needs=("cost", "requests"),
    )


def _tokens(catalog: Catalog, label: str, title: str, why: str) -> Panel:
    return Panel(
        key=f"cost.tokens-{label.replace('_', '-')}",
        title=title,
        description=f"Tokens per second, stacked. {why} Normal is a mix that changes slowly.",
        queries=(
            Query(
                expr=cost.tokens(chosen(catalog, route=False), ("service", label)),
                legend=f"{{{{service}}}} {{{{{label}}}}}",
            ),
        ),
        needs=("tokens",),
        stacked=True,
    )
