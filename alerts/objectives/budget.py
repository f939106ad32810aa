"""Error budgets: what of each objective's budget is left over its period, event by event, and how sure that is.

Every minute, or so, the events of that minute are written down as numbers, so that a period is a plain sum: a quiet night adds
nothing, a restart or a hole loses only what was not scraped, and coverage says how much of the period was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from alerts.model import Recording
from alerts.objectives.watched import Watched
from signals import burn, recorded
from signals.catalog import Catalog
from signals.promql import select
from signals.units import plain, promql_duration

MOST_SECONDS, EVALUATIONS = Decimal(60), 4


def interval(catalog: Catalog) -> Decimal:
    """Give how often budgets are reckoned, and the stretch that each of their samples counts: up to a minute."""
    return max(
        catalog.evaluation_interval,
        min(MOST_SECONDS / catalog.pace, EVALUATIONS * catalog.evaluation_interval),
    )


def recordings(watched: Watched) -> Iterator[Recording]:
    """Give budget, burn rates, what remains, coverage and time to exhaustion, in an order in which each reads earlier ones.

    Remaining is 1 − bad ÷ all ÷ (1 − target), over the period; exhaustion is remaining × period ÷ present burn rate.
    """
    objective, where = watched.objective, watched.where
    seconds = interval(watched.catalog)
    long = objective.period_seconds / watched.catalog.pace
    period, budget = promql_duration(long), plain(1 - objective.target)

    def series(name: str) -> str:
        return select(name, where)

    def over_period(name: str) -> str:
        return f"sum_over_time({series(name)}[{period}])"

    window = watched.slice
    samples = plain(round(long / seconds, 6))
    remaining, present = series(recorded.SLO_REMAINING), series(recorded.SLO_CURRENT_BURN)
    counted = (recorded.SLO_EVENTS_COUNTED, recorded.SLO_BAD_EVENTS_COUNTED)
    expressions = {
        counted[0]: f"{series(recorded.slo_events(window))} * {plain(seconds)}",
        counted[1]: f"{series(recorded.slo_bad_events(window))} * {plain(seconds)}",
        recorded.SLO_BUDGET: f"vector({budget})",
        recorded.SLO_CURRENT_BURN: (f"{burn.share(where, window)}\n/\n{budget}"),
        recorded.SLO_PERIOD_BURN: f"{over_period(counted[1])}\n/\n({over_period(counted[0])} > 0)\n/\n{budget}",
        recorded.SLO_REMAINING: f"1 - {series(recorded.SLO_PERIOD_BURN)}",
        recorded.SLO_COVERAGE: f"clamp_max(count_over_time({series(counted[0])}[{period}]) / {samples}, 1)",
        recorded.SLO_EXHAUSTION: (f"clamp_min({remaining}, 0) * {plain(long)}\n/\n({present} > 0)"),
    }
    for name, expression in expressions.items():
        yield Recording(record=name, expr=expression, labels=watched.labels)
    for arm in burn.usable(objective, watched.catalog.retention):
        factor = plain(round(burn.factor(objective, arm), 4))
        marks = {"severity": arm.severity, "window": watched.catalog.paced(arm.long)}
        yield Recording(
            record=recorded.SLO_FACTOR, expr=f"vector({factor})", labels={**watched.labels, **marks}
        )
    info = {"target": plain(objective.target), "period": period}
    if objective.within is not None:
        info["within"] = promql_duration(objective.within)
    yield Recording(record=recorded.SLO_INFO, expr="vector(1)", labels={**watched.labels, **info})
