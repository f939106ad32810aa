"""SLO: remaining budget, burn rate and coverage of each objective, and what consumed the budget."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import plain, promql_duration
from leadline.catalog.model import Catalog
from leadline.signals import burn, error_ratio, series_names
from leadline.signals.links import dashboard_uid
from leadline.signals.objective import Objective
from leadline.signals.promql import Matcher, one_of, select, sum_by

from . import colors
from .model import Dashboard, Panel, Query, Step, row
from .parts import MOST_ROWS, View, measured

DRAWN = "6h"
"""The longest window drawn over time; longer ones would read too many samples."""
LONGEST = "3d"
LEFT = (Step(None, colors.BAD), Step(0, colors.WARN), Step(0.25, colors.GOOD))
"""Colours of the remaining budget: overdrawn, little, enough."""
BURNING = (Step(None, colors.GOOD), Step(1, colors.WARN), Step(6, colors.BAD))
"""Colours of a burn rate: within the budget, above it, as fast as a page."""
SURE = (Step(None, colors.BAD), Step(0.5, colors.WARN), Step(0.95, colors.GOOD))


def build(catalog: Catalog) -> Dashboard:
    """Return the SLO dashboard of a catalog."""
    view = View.of(catalog)
    watched = any(True for _ in kept(view))
    panels = (
        (
            _objectives(view),
            _remaining(view),
            _burning(view),
            row("slo.why", "What consumed it, and coverage"),
            *measured(view, (_errors(view), _share(view))),
            _exhaustion(view),
            _coverage(view),
        )
        if watched
        else (_none(),)
    )
    return Dashboard(
        topic="slo",
        uid=dashboard_uid(catalog.project, "slo"),
        title=f"{catalog.project} / SLO",
        description="Objectives, their error budgets and burn rates, event by event.",
        project=catalog.project,
        panels=panels,
        variables=("service",),
    )


def kept(view: View) -> Iterator[Objective]:
    """Yield the objectives whose budgets are computed, because the retention covers their period."""
    for service in view.services:
        for objective in service.objectives:
            if burn.has_budget(objective, view.scope.retention_seconds):
                yield objective


def _none() -> Panel:
    return Panel(
        key="slo.none",
        title="No objectives",
        description=(
            "The catalog has no objectives whose period the retention covers. Write them under `services.NAME.objectives`, keep "
            "samples for their period (`retention`), and generate."
        ),
        kind="text",
        width=24,
    )


def _series(view: View, record: str, *more: Matcher) -> str:
    return select(record, (*view.where, *more))


def _objectives(view: View) -> Panel:
    where = view.where
    allowed = f"(1 - {_series(view, series_names.OBJECTIVE)})"

    def column(record: str, title: str, unit: str, steps: tuple[Step, ...] = ()) -> Query:
        return written(_series(view, record), title, unit, steps)

    def written(value: str, title: str, unit: str, steps: tuple[Step, ...] = ()) -> Query:
        expr = sum_by(("service", "objective"), value, "max")
        return Query(expr=expr, legend=title, unit=unit, steps=steps)

    return Panel(
        key="slo.objectives",
        title="Objectives",
        description=(
            "Every objective of the selected services, least remaining budget first. Below 0 % the budget is overdrawn and the "
            "objective missed. Check the coverage too: events that were not scraped count in neither."
        ),
        kind="table",
        unit="percentunit",
        queries=(
            column(series_names.OBJECTIVE, "Target", "percentunit"),
            written(burn.remaining(where), "Budget left", "percentunit", LEFT),
            written(burn.burning(where, series_names.WINDOW), "Burn rate now", "none", BURNING),
            written(
                f"{burn.summed_share(where, LONGEST)}\n/\n{allowed}",
                f"Burn rate of {LONGEST}",
                "none",
                BURNING,
            ),
            written(_lasting(view), "Lasts for, at this rate", "s"),
            column(series_names.SLO_COVERAGE, "Coverage", "percentunit", SURE),
        ),
        labels=("service", "objective"),
        sort="-Budget left",
        width=24,
        height=min(MOST_ROWS, 4 + sum(len(service.objectives) for service in view.services)),
    )


def _remaining(view: View) -> Panel:
    return Panel(
        key="slo.remaining",
        title="Budget left",
        description=(
            "1 − bad events ÷ all ÷ (1 − target), over the objective's period; 'no data' until 1 % of it is recorded. It falls while events are bad and rises again when "
            "they leave the period. Normal is well above 0; below the line the objective is missed."
        ),
        unit="percentunit",
        queries=(Query(expr=burn.remaining(view.where), legend="{{service}} {{objective}}"),),
        least=None,
        steps=(Step(None, colors.BAD), Step(0, colors.GOOD)),
        height=10,
    )


def _burning(view: View) -> Panel:
    where = view.where
    legend = "{{service}} {{objective}} "
    allowed = f"(1 - {_series(view, series_names.OBJECTIVE)})"
    rates = [Query(expr=burn.burning(where, window), legend=f"{legend}{window}") for window in burn.RECORDED]
    long = Query(expr=f"{burn.summed_share(where, DRAWN)}\n/\n{allowed}", legend=f"{legend}{DRAWN}")
    return Panel(
        key="slo.burn",
        title="Burn rates by window",
        description=(
            "How many times faster than allowed the budget is consumed, over windows of five minutes, an hour and six hours. At 1 it "
            "lasts exactly its period. An alert fires when a long window and its short one exceed their dashed factor. Normal is below 1."
        ),
        unit="none",
        queries=(*rates, long, *_factors(view)),
        colors=colors.ending(colors.WINDOWS),
        height=10,
    )


def _factors(view: View) -> Iterator[Query]:
    """Yield the burn rate at which each long window alerts, as a line; per period if there are several."""
    stated = list(kept(view))
    several = len({each.period_seconds for each in stated}) > 1
    lines = {}
    for objective in stated:
        for windows in burn.usable(objective, view.scope.retention_seconds):
            period = f" of {promql_duration(objective.period_seconds)}" if several else ""
            factor = plain(round(burn.factor(objective, windows), 4))
            lines[f"{windows.severity} {windows.long}{period}"] = factor
    for legend, factor in lines.items():
        yield Query(expr=f"vector({factor})", legend=legend, line=True)


def _errors(view: View) -> Panel:
    return Panel(
        key="slo.errors",
        title="Failed requests by route",
        description=(
            "Errors per second of each route, stacked: the routes that consume the availability budget. Normal is zero."
        ),
        unit="reqps",
        queries=(
            Query(
                expr=error_ratio.errors(view.where, ("service", "route")),
                legend="{{service}} {{route}}",
            ),
        ),
        needs=("requests",),
        stacked=True,
    )


def _share(view: View) -> Panel:
    return Panel(
        key="slo.share",
        title="Bad events, share of all",
        description=(
            "Bad events per event over five minutes, of each objective; 'no data' without events. Normal is below "
            "1 − target, drawn dashed."
        ),
        unit="percentunit",
        queries=(
            Query(
                expr=burn.share(view.where, series_names.WINDOW),
                legend="{{service}} {{objective}}",
            ),
            Query(
                expr=f"1 - {_series(view, series_names.OBJECTIVE)}",
                legend="{{service}} {{objective}} allowed",
                line=True,
            ),
        ),
    )


def _exhaustion(view: View) -> Panel:
    return Panel(
        key="slo.exhaustion",
        title="Budget lasts for, at the present rate",
        description=(
            "Remaining budget × period ÷ present burn rate. 'No data' without bad events, and until 1 % of the period is recorded. Longer than the period is normal; a few hours "
            "need attention now."
        ),
        unit="s",
        queries=(Query(expr=_lasting(view), legend="{{service}} {{objective}}"),),
    )


def _lasting(view: View) -> str:
    """Write how long budgets last at the present burn rate, in seconds: remaining × period ÷ burn rate, by period if several."""
    by_period: dict[Decimal, dict[str, list[str]]] = {}
    for service in view.services:
        for objective in service.objectives:
            if burn.has_budget(objective, view.scope.retention_seconds):
                names = by_period.setdefault(objective.period_seconds, {})
                names.setdefault(objective.name, []).append(service.name)
    chosen_ones = view.where
    parts = []
    for period, objectives in by_period.items():
        wheres = [chosen_ones]
        if len(by_period) > 1:
            wheres = [
                (
                    *chosen_ones,
                    Matcher("service", "=~", one_of(services)),
                    Matcher("objective", "=", name),
                )
                for name, services in objectives.items()
            ]
        parts += [
            f"clamp_min({burn.remaining(where)}, 0) * {plain(period)}\n/\n"
            f"({burn.burning(where, series_names.WINDOW)} > 0)"
            for where in wheres
        ]
    return "\nor\n".join(parts)


def _coverage(view: View) -> Panel:
    return Panel(
        key="slo.coverage",
        title="Coverage of the period",
        description=(
            "Share of the objective's period that was recorded. After the rules are first loaded it grows for a whole period; a "
            "gap lowers it for one. Normal is near 100 %."
        ),
        unit="percentunit",
        queries=(Query(expr=_series(view, series_names.SLO_COVERAGE), legend="{{service}} {{objective}}"),),
        most=1,
    )
