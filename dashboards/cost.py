"""Cost: spend per hour, per request, per 1k tokens, and the projected month."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import SECONDS_PER_HOUR, plain
from leadline.catalog.model import Catalog, Reference, Service
from leadline.signals import cost, series_names
from leadline.signals.instruments import total
from leadline.signals.links import dashboard_uid
from leadline.signals.promql import select

from . import colors
from .model import Dashboard, Panel, Query, Step
from .parts import MOST_QUERIES, View, measured, target_lines


def build(catalog: Catalog) -> Dashboard:
    """Return the cost dashboard of a catalog."""
    view = View.of(catalog)
    panels = (
        _per_hour(view),
        _month(view, catalog.monthly_budget_usd),
        *_to_date(view, catalog.monthly_budget_usd),
        _per_1k_tokens(view),
        _per_request(view),
        *_savings(view, catalog.references),
        *_expected(view, catalog.tuning.spend_surge),
        _tokens(
            view,
            "token_type",
            "Tokens per second by type",
            "Output tokens cost several times input tokens.",
        ),
        _tokens(
            view,
            "model",
            "Tokens per second by model",
            "A shift to a more expensive model shows here first.",
        ),
        *_unpriced(view),
        *_infrastructure(view),
    )
    return Dashboard(
        topic="cost",
        uid=dashboard_uid(catalog.project, "cost"),
        title=f"{catalog.project} / Cost",
        description="US dollars and tokens by model and service, from counters of spend.",
        project=catalog.project,
        panels=measured(view, panels),
        variables=("service",),
    )


def _per_hour(view: View) -> Panel:
    where = view.where
    return Panel(
        key="cost.hour",
        title="USD per hour by model, 5-min mean",
        description="Spend at the present rate, stacked by model. Normal follows the traffic; a step does not.",
        unit="currencyUSD",
        queries=(Query(expr=cost.per_hour(where, ("service", "model")), legend="{{service}} {{model}}"),),
        needs=("cost",),
        stacked=True,
    )


def _month(view: View, monthly_budget_usd: Decimal | None) -> Panel:
    where = view.where
    rates = tuple(
        Query(
            expr=cost.month(where, window, ("service",)),
            legend=f"{{{{service}}}} if the last {window} lasted",
        )
        for window in (series_names.LONG_WINDOW, series_names.DAY_WINDOW)
    )
    budget = Query(
        expr=select(series_names.BUDGET, view.scope.matchers()),
        legend="budget of the project",
        line=True,
    )
    stated = monthly_budget_usd is not None
    return Panel(
        key="cost.month",
        title="Projected month",
        description=(
            "US dollars in a month of 730 hours at the rate of the window: a run rate, not a forecast. "
            "The dashed line is the budget of the whole project. An alert fires when both windows are above it. Normal is below."
        ),
        unit="currencyUSD",
        queries=(*rates, *((budget,) if stated else ())),
        needs=("cost",),
    )


def _to_date(view: View, monthly_budget_usd: Decimal | None) -> Iterator[Panel]:
    """Show the month's spend if it is summed: with a budget and a retention of a month."""
    if monthly_budget_usd is None or not view.scope.keeps("31d"):
        return
    owner = view.scope.matchers()
    yield Panel(
        key="cost.to-date",
        title="Spent since the month began",
        description=(
            "Spend since the month began (UTC), and its projected end at the rate of the last six hours. The dashed line is the budget. "
            "Spend is summed since the rules were loaded: check the coverage. Normal ends below the line."
        ),
        unit="currencyUSD",
        queries=(
            Query(expr=select(series_names.MONTH_TO_DATE, owner), legend="spent"),
            Query(expr=select(series_names.MONTH_PROJECTED, owner), legend="at the month's end"),
            Query(expr=select(series_names.BUDGET, owner), legend="budget", line=True),
        ),
        needs=("cost",),
    )
    yield Panel(
        key="cost.coverage",
        title="Coverage of the month",
        description="Share of the month so far that was recorded. Sums exclude the rest. Normal is near 100 %.",
        kind="gauge",
        unit="percentunit",
        queries=(Query(expr=select(series_names.MONTH_COVERAGE, owner), legend="coverage"),),
        needs=("cost",),
        most=1,
        steps=(Step(None, colors.BAD), Step(0.5, colors.WARN), Step(0.95, colors.GOOD)),
    )


def _savings(view: View, references: tuple[Reference, ...]) -> Iterator[Panel]:
    """Show the savings against each reference that has a unit cost."""
    where = view.where
    tokens = cost.tokens(where, ("service",))
    found = [
        (reference, reference.figures["cost_per_1k_tokens"][0])
        for reference in references
        if "cost_per_1k_tokens" in reference.figures
    ]
    if found:
        yield Panel(
            key="cost.savings",
            title="Savings against the reference, USD per hour",
            description=(
                "The same tokens at the reference's price, minus their actual cost: "
                + "; ".join(f"{reference.name} ({reference.source})" for reference, _ in found)
                + ". Below 0, the service costs more than the reference. Normal is above 0."
            ),
            unit="currencyUSD",
            queries=tuple(
                Query(
                    expr=f"{plain(price * 36 / 10)} * {tokens}\n-\n{cost.per_hour(where, ('service',))}",
                    legend=f"{{{{service}}}} against {reference.name}",
                )
                for reference, price in found
            ),
            needs=("cost", "tokens"),
            least=None,
        )


def _expected(view: View, spend_surge: Decimal) -> Iterator[Panel]:
    if not view.scope.keeps("7d2h"):
        return
    where = view.where
    expected = f"{SECONDS_PER_HOUR} * {select(series_names.COST_EXPECTED, where)}"
    surge = spend_surge
    yield Panel(
        key="cost.expected",
        title="USD per hour, and what past weeks' same hour cost",
        description=(
            f"The last hour's spend, the mean of the same hour of past weeks, and {plain(surge)} times that, where an alert fires. "
            "'No data' for past weeks means that there is not enough history yet. Normal is near the mean."
        ),
        unit="currencyUSD",
        queries=(
            Query(
                expr=f"{SECONDS_PER_HOUR} * {select(series_names.cost(series_names.LONG_WINDOW), where)}",
                legend="{{service}}",
            ),
            Query(expr=expected, legend="{{service}} past weeks"),
            Query(expr=f"{plain(surge)} * {expected}", legend="{{service}} anomaly", line=True),
        ),
        needs=("cost",),
    )


def _unpriced(view: View) -> Iterator[Panel]:
    if any(service.is_priced for service in view.services):
        yield Panel(
            key="cost.unpriced",
            title="Tokens without a price",
            description=(
                "Tokens per second of models that have no price in the catalog; figures computed from prices exclude them. Normal is "
                "'no data'."
            ),
            queries=(
                Query(
                    expr=select(series_names.UNPRICED_TOKENS, view.where),
                    legend="{{service}} {{model}}",
                ),
            ),
            needs=("tokens",),
        )


def _infrastructure(view: View) -> Iterator[Panel]:
    """Show the cost of machines, if a service has an instrument for it."""
    found = view.measuring("infrastructure")
    if found:
        yield Panel(
            key="cost.infrastructure",
            title="Machines, USD per hour",
            description="Cost of a service's machines, apart from its models. Normal changes only with the number of replicas.",
            unit="currencyUSD",
            queries=tuple(
                Query(expr=_hourly(service), legend=service.name) for service in found[:MOST_QUERIES]
            ),
            needs=("infrastructure",),
        )


def _hourly(service: Service) -> str:
    found = service.instruments["infrastructure"]
    return f"vector({total(found)})" if found.constant is not None else total(found)


def _per_1k_tokens(view: View) -> Panel:
    return Panel(
        key="cost.per-1k-tokens",
        title="USD per 1k tokens",
        description=(
            "Spend divided by tokens, input and output together. Moves with the mix of models and of input and "
            "output, not with traffic. Normal is below the dashed target."
        ),
        unit="currencyUSD",
        queries=(
            Query(expr=cost.per_1k_tokens(view.where, ("service",)), legend="{{service}}"),
            *target_lines(view, "cost_per_1k_tokens"),
        ),
        needs=("cost", "tokens"),
    )


def _per_request(view: View) -> Panel:
    return Panel(
        key="cost.per-request",
        title="USD per request",
        description=(
            "Spend divided by requests of the service. Falls when a cache answers, rises with longer prompts. "
            "Normal is flat, and below the dashed target if there is one."
        ),
        unit="currencyUSD",
        queries=(
            Query(expr=cost.per_request(view.where, ("service",)), legend="{{service}}"),
            *target_lines(view, "cost_per_request"),
        ),
        needs=("cost", "requests"),
    )


def _tokens(view: View, label: str, title: str, why: str) -> Panel:
    return Panel(
        key=f"cost.tokens-{label.replace('_', '-')}",
        title=title,
        description=f"Tokens per second, stacked. {why} Normal is a mix that changes slowly.",
        queries=(
            Query(
                expr=cost.tokens(view.where, ("service", label)),
                legend=f"{{{{service}}}} {{{{{label}}}}}",
            ),
        ),
        needs=("tokens",),
        stacked=True,
    )
