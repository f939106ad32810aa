"""Latency: a request above the threshold is a bad event, counted at a bucket edge, never from a quantile."""

from __future__ import annotations

from functools import partial

from leadline.base.units import plain, show
from leadline.catalog.model import Service
from leadline.signals import latency, series_names
from leadline.signals.burn import PAGE
from leadline.signals.objective import Objective
from leadline.signals.scope import Scope

from ..annotations import SHARE
from .sli import SLI


def sli(scope: Scope, service: Service) -> SLI | None:
    """Return the SLI; None without an objective or if its threshold is not a known bucket edge."""
    objective, histogram = service.objective("latency"), service.instruments.get("latency")
    if objective is None or objective.within is None or histogram is None or histogram.kind != "histogram":
        return None
    edge = objective.within
    if not histogram.native and edge not in histogram.buckets:
        return None

    def bad(window: str) -> str:
        """Write the rate of slow requests; a native histogram reads no recordings, because its rule tests set those."""
        every = found.recorded(series_names.slo_events(window))
        if histogram.native:
            every = latency.requests(histogram, edge, window)
        return latency.slower(histogram, edge, window, every)

    found = SLI(
        scope=scope,
        service=service,
        objective=objective,
        instrument=histogram,
        least=(service.tuning.least_events, service.tuning.least_bad),
        events=lambda window: latency.requests(histogram, edge, window),
        bad=bad,
        describe=partial(_described, service, objective),
    )
    return found


def _described(service: Service, objective: Objective, severity: str) -> dict[str, str]:
    within = show(float(objective.within or 0), "seconds")
    fast = severity == PAGE
    return {
        "summary": "Requests are slow enough to use up the latency budget."
        if fast
        else "Requests are slow often enough to use up the latency budget early.",
        "description": (
            f"{SHARE} of the requests to {service.name} took longer than {within} in the last "
            f"{'1 or 6 hours' if fast else '1 or 3 days'}, and requests are still slow. "
            f"The objective is {plain(objective.target * 100)} % within {within}."
        ),
    }
