"""Cost: requests or tokens that cost more than their limit are bad events, judged in slices of five minutes.

No counter has the cost of a single request. All requests of a five-minute slice are bad if together they exceed the limit.
Slices are weighted by their events, so an expensive minute at night counts little.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from leadline.base.units import plain, significant
from leadline.catalog.model import Service
from leadline.signals import series_names
from leadline.signals.burn import PAGE
from leadline.signals.instruments import rate
from leadline.signals.objective import Objective
from leadline.signals.scope import Scope

from ..annotations import SHARE
from .sli import SLI, TimeSlices


def sli(scope: Scope, service: Service) -> SLI | None:
    """Return the SLI; None without an objective, or without counters of the spend and its unit."""
    objective = service.objective("cost")
    counter = service.instruments.get(objective.of) if objective else None
    spend = service.instruments.get("cost")
    if objective is None or objective.limit_usd is None or counter is None or spend is None:
        return None
    limit = plain(objective.limit_usd)

    def bad(window: str) -> str:
        events = found.recorded(series_names.slo_events(window))
        return f"{events}\n*\n(\n{rate(spend, window)}\n> bool\n{limit} * {events}\n)"

    found = SLI(
        scope=scope,
        service=service,
        objective=objective,
        instrument=counter,
        least=(service.tuning.least_events, service.tuning.least_bad),
        events=lambda window: rate(counter, window),
        bad=bad,
        slices=TimeSlices(
            events=series_names.slo_events(scope.window(series_names.WINDOW)),
            bad=series_names.slo_bad_events(scope.window(series_names.WINDOW)),
            over=lambda series, window: f"avg_over_time({series}[{window}])",
        ),
        describe=partial(_described, service, objective),
    )
    return found


def _described(service: Service, objective: Objective, severity: str) -> dict[str, str]:
    fast = severity == PAGE
    limit = objective.limit_usd or Decimal(0)
    what = f"{significant(float(limit * 1000))} USD per 1k tokens"
    if objective.of == "requests":
        what = f"{significant(float(limit))} USD per request"
    return {
        "summary": f"{objective.of.capitalize()} cost too much and use up the cost budget fast."
        if fast
        else f"{objective.of.capitalize()} cost too much often enough to use up the cost budget early.",
        "description": (
            f"{SHARE} of the {objective.of} of {service.name} in the last "
            f"{'1 or 6 hours' if fast else '1 or 3 days'} cost more than {what}, and they still do. "
            f"The objective is {plain(objective.target * 100)} % within it."
        ),
    }
