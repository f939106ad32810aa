"""Availability: a failed request is a bad event. The profile defines failures."""

from __future__ import annotations

from functools import partial

from leadline.base.units import plain
from leadline.catalog.model import Service
from leadline.signals import series_names
from leadline.signals.burn import PAGE
from leadline.signals.instruments import error_rate, errors_alone, rate
from leadline.signals.objective import Objective
from leadline.signals.scope import Scope

from ..annotations import SHARE
from .sli import SLI


def sli(scope: Scope, service: Service) -> SLI | None:
    """Return the SLI; None without an objective or if the metric does not distinguish failures."""
    objective, requests = service.objective("availability"), service.instruments.get("requests")
    if objective is None or requests is None or not requests.tells_errors:
        return None

    def bad(window: str) -> str:
        """Write the error rate; longer windows are 0 without errors only if the shortest window has a result."""
        if window == found.slice:
            return error_rate(requests, window)
        recorded_bad = found.recorded(series_names.slo_bad_events(found.slice))
        return f"{errors_alone(requests, window)}\nor\n0 * {recorded_bad}"

    found = SLI(
        scope=scope,
        service=service,
        objective=objective,
        instrument=requests,
        least=(service.tuning.least_events, service.tuning.least_bad),
        events=lambda window: rate(requests, window),
        bad=bad,
        describe=partial(_described, service, objective),
    )
    return found


def _described(service: Service, objective: Objective, severity: str) -> dict[str, str]:
    fast = severity == PAGE
    return {
        "summary": "Requests fail fast enough to use up the error budget."
        if fast
        else "Requests fail often enough to use up the error budget early.",
        "description": (
            f"{SHARE} of the requests to {service.name} failed in the last "
            f"{'1 or 6 hours' if fast else '1 or 3 days'}, and requests still fail. "
            f"The objective is {plain(objective.target * 100)} %."
        ),
    }
