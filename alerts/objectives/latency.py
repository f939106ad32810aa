"""Latency: a request that took longer than the threshold is a bad event, counted at a bucket's edge. Never from a quantile."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from leadline.base.units import plain, show
from leadline.catalog.model import Catalog, Service
from leadline.signals import latency, series_names
from leadline.signals.burn import PAGE
from leadline.signals.instruments import Instrument
from leadline.signals.objective import Objective

from ..annotations import SHARE
from ..input_series import Phase, counting, outside, telling_label
from ..model import Input
from .sli import SLI


def watched(catalog: Catalog, service: Service) -> SLI | None:
    """Return what is watched; None where there is no objective, or its threshold is on no known bucket edge."""
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
        catalog=catalog,
        service=service,
        objective=objective,
        least=(service.tuning.least_events, service.tuning.least_bad),
        events=lambda window: latency.requests(histogram, edge, window),
        bad=bad,
        describe=partial(_described, service, objective),
        traffic=None if histogram.native else partial(_traffic, histogram, objective),
        outside=outside(histogram),
        telling=telling_label(histogram.matchers),
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


def _traffic(histogram: Instrument, objective: Objective, phases: Sequence[Phase]) -> tuple[Input, ...]:
    """Return requests of which a share is slower than the objective's threshold."""
    edge = histogram.raw_edge(objective.within) if objective.within else ""
    labels = {
        name: value for name, value in (("route", "/example"), ("method", "GET")) if histogram.has(name)
    }
    return (
        counting(
            histogram,
            phases,
            lambda each: each.events - each.bad,
            suffix="_bucket",
            labels={**labels, "le": edge},
        ),
        counting(histogram, phases, suffix="_bucket", labels={**labels, "le": "+Inf"}),
        counting(histogram, phases, suffix="_count", labels=labels),
    )
