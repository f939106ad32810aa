"""Freshness: an evaluation without a sample is a bad event: the target is down, not scraped, or lacks the metric.

Evaluations count from the first sample. A metric that never existed has no bad events: the absence alert covers it, and a
new Prometheus or service pages no one.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from leadline.base.units import duration, plain, promql_duration
from leadline.catalog.model import Service
from leadline.signals import series_names
from leadline.signals.burn import PAGE
from leadline.signals.instruments import Instrument
from leadline.signals.objective import Objective
from leadline.signals.promql import Matcher, select
from leadline.signals.scope import Scope

from ..annotations import SHARE
from .sli import SLI, TimeSlices

SCRAPES = 2
"""One scrape may be late; after this many without a sample, the metric is stale."""
LEAST = (Decimal(20), Decimal(5))
"""Minimum evaluations and bad evaluations for an alert: a share of few means little."""
REMEMBERED = "1h"
"""How long a Prometheus outage may last before earlier samples are forgotten."""


def sli(scope: Scope, service: Service) -> SLI | None:
    """Return the SLI; None without an objective or its instrument."""
    objective = service.objective("freshness")
    instrument = service.instruments.get(objective.of) if objective else None
    if objective is None or instrument is None or instrument.constant is not None:
        return None
    window = promql_duration(SCRAPES * scope.scrape_seconds)
    suffix = instrument.count_suffix
    series = instrument.part(suffix) if suffix else instrument
    fresh = f"count(count_over_time({series.over(window)}))"
    labels = {**scope.labels(), "objective": objective.name}
    moments = select(series_names.SLO_MOMENTS, (Matcher(key, "=", value) for key, value in labels.items()))
    remembered = f"last_over_time({moments}[{scope.window(REMEMBERED)}])"
    return SLI(
        scope=scope,
        service=service,
        objective=objective,
        instrument=instrument,
        events=lambda _: f"0 * {fresh} + 1\nor\n0 * sum({remembered}) + 1",
        bad=lambda _: f"0 * {fresh}\nor\n0 * sum({moments}) + 1",
        slices=TimeSlices(
            events=series_names.SLO_MOMENTS,
            bad=series_names.SLO_BAD_MOMENTS,
            over=lambda series, length: f"sum_over_time({series}[{length}]) / {plain(duration(length))}",
        ),
        least=LEAST,
        describe=partial(_described, service, objective, instrument),
        sampled=False,
    )


def _described(
    service: Service, objective: Objective, instrument: Instrument, severity: str
) -> dict[str, str]:
    fast = severity == PAGE
    return {
        "summary": "A service has gone unmeasured for long enough to use up the freshness budget."
        if fast
        else "A service goes unmeasured often enough to use up the freshness budget early.",
        "description": (
            f"For {SHARE} of the last {'1 or 6 hours' if fast else '1 or 3 days'} there was no sample of "
            f"{instrument.name} of {service.name}, and samples are still missing. The objective is {plain(objective.target * 100)} % of the time."
        ),
    }
