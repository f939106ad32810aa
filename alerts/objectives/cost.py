"""Cost: requests, or tokens, that cost more than their limit are bad events; each stretch of five minutes is judged as a whole.

No counter tells what one request cost. So the requests of five minutes are bad together when, together, they cost more than
the limit allows for so many: events are weighed by how many they are, and a dear minute at night counts for little.
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
    """Return what is sli; None where there is no objective, or nothing counts the spend, or what it is for."""
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
        "summary": f"{objective.of.capitalize()} cost enough to use up the cost budget."
        if fast
        else f"{objective.of.capitalize()} cost enough, often enough, to use up the cost budget before its period ends.",
        "description": (
            f"{SHARE} of the {objective.of} of {service.name} in the last "
            f"{'hour or six' if fast else 'day or three'} cost more than {what}, and it goes on. "
            f"The objective is {plain(objective.target * 100)} % within it."
        ),
    }
