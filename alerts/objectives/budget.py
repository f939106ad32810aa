"""Error budgets: the remaining budget of each objective over its period, by events, and its coverage.

The events of each minute are recorded as numbers, so that a period is a plain sum: a quiet night adds nothing, a restart or
a gap loses only what was not scraped, and coverage is the share of the period that was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import plain, promql_duration
from leadline.signals import series_names
from leadline.signals.promql import select
from leadline.signals.scope import Scope

from ..model import Recording
from .sli import SLI

MOST_SECONDS, EVALUATIONS = Decimal(60), 4


def interval(scope: Scope) -> Decimal:
    """Return how often budgets are computed, in seconds: up to a minute. Each sample counts the events of one interval."""
    return max(
        scope.evaluation_seconds,
        min(MOST_SECONDS / scope.pace, EVALUATIONS * scope.evaluation_seconds),
    )


def recordings(sli: SLI) -> Iterator[Recording]:
    """Record the remaining budget, 1 − bad ÷ all ÷ (1 − target) over the period, and the recorded share of the period."""
    objective, where = sli.objective, sli.where
    seconds = interval(sli.scope)
    long = objective.period_seconds / sli.scope.pace
    period, budget = promql_duration(long), plain(1 - objective.target)
    counted = select(series_names.SLO_EVENTS_COUNTED, where)
    spent = (
        f"sum_over_time({select(series_names.SLO_BAD_EVENTS_COUNTED, where)}[{period}])\n/\n"
        f"(sum_over_time({counted}[{period}]) > 0)"
    )
    samples = plain(round(long / seconds, 6))
    expressions = {
        series_names.SLO_REMAINING: f"1 -\n{spent}\n/\n{budget}",
        series_names.SLO_COVERAGE: f"clamp_max(count_over_time({counted}[{period}]) / {samples}, 1)",
    }
    for name, expression in expressions.items():
        yield Recording(record=name, expr=expression, labels=sli.labels)
