"""Latency: a request that took longer than the threshold is a bad event, counted at a bucket's edge. Never from a quantile."""

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
    """Return what is sli; None where there is no objective, or its threshold is on no known bucket edge."""
    objective, histogram = service.objective("latency"), service.instruments.get("latency")
    if objective is None or objective.within is None or histogram is None or histogram.kind != "histogram":
        return None
    edge = objective.within
    if not histogram.native and edge not in histogram.buckets:
        return None

    def bad(window: str) -> str:
        """Of a native histogram nothing recorded is read, since its alerts are proven on what is recorded."""
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
            f"{'hour or six' if fast else 'day or three'}, and it goes on. "
            f"The objective is {plain(objective.target * 100)} % within {within}."
        ),
    }
