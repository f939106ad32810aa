"""Freshness: a moment in which the metric had no sample is a bad event: the target is down, not scraped, or says nothing.

Moments are counted from the first sample on. A metric that was never there is no bad event of anything: an alert on absence tells it,
and nobody is paged because a Prometheus, or a service, has just begun.
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
"""One scrape may come late; after this many without a sample, there is none."""
LEAST = (Decimal(20), Decimal(5))
"""Moments, and bad ones, below which nobody is told: a share of few says little."""
REMEMBERED = "1h"
"""For so long it is known that there was a sample once, while Prometheus itself is away."""


def sli(scope: Scope, service: Service) -> SLI | None:
    """Return what is sli; None where there is no objective, or not its instrument."""
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
            f"For {SHARE} of the last {'hour or six' if fast else 'day or three'} there was no sample of "
            f"{instrument.name} of {service.name}, and it goes on. The objective is {plain(objective.target * 100)} % of the time."
        ),
    }
