"""Alert on latency: too large a share of requests is slower than the objective allows. Never from a quantile."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from alerts import objectives, proofs
from alerts.examples import Stretch, counting
from alerts.model import Alert, Input
from alerts.objectives import Watched
from signals import latency
from signals.burn import PAGE
from signals.catalog import Catalog, Objective, Service
from signals.instruments import Instrument
from signals.units import plain, show

NAME = "LatencyBudgetBurn"
NAMES = (NAME, f"{NAME}Slow")


def watched(service: Service) -> Watched | None:
    """Give what is watched; None where there is no objective, or its threshold is on no known bucket edge."""
    objective, histogram = service.objective("latency"), service.instruments.get("latency")
    if objective is None or objective.within is None or histogram is None:
        return None
    edge = objective.within
    if edge not in histogram.buckets or histogram.kind != "histogram":
        return None
    return Watched(
        service=service,
        objective=objective,
        name=NAME,
        events=lambda window: latency.requests(histogram, window),
        bad=lambda window: latency.slower(histogram, edge, window),
    )


def build(catalog: Catalog, service: Service) -> tuple[Alert, ...]:
    """Give a page and a ticket alert, as far as they can fire."""
    found = watched(service)
    if found is None:
        return ()
    traffic = partial(_traffic, service.instruments["latency"], found.objective)
    return tuple(
        objectives.alerts(
            catalog,
            found,
            partial(_described, service, found.objective),
            partial(proofs.cases, found.objective, traffic=traffic),
        )
    )


def _described(service: Service, objective: Objective, severity: str) -> dict[str, str]:
    within = show(float(objective.within or 0), "seconds")
    fast = severity == PAGE
    return {
        "summary": "Requests are slow enough to use up the latency budget."
        if fast
        else "Requests are slow often enough to use up the latency budget before its period ends.",
        "description": (
            f"{proofs.VALUE} of the requests to {service.name} took longer than {within} in the last "
            f"{'hour or six' if fast else 'day or three'}, and it goes on. "
            f"The objective is {plain(objective.target * 100)} % within {within}."
        ),
    }


def _traffic(histogram: Instrument, objective: Objective, stretches: Sequence[Stretch]) -> tuple[Input, ...]:
    """Give requests of which a share is slower than the objective's threshold."""
    edge = histogram.raw_edge(objective.within) if objective.within else ""
    labels = {
        name: value for name, value in (("route", "/example"), ("method", "GET")) if histogram.has(name)
    }
    return (
        counting(
            histogram, stretches, lambda each: each.events - each.bad, suffix="_bucket", le=edge, **labels
        ),
        counting(histogram, stretches, lambda each: each.events, suffix="_bucket", le="+Inf", **labels),
        counting(histogram, stretches, lambda each: each.events, suffix="_count", **labels),
    )
