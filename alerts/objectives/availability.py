"""Availability: a request that failed is a bad event. The profile says what counts as failed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from leadline.base.units import plain
from leadline.catalog.model import Catalog, Service
from leadline.signals import series_names
from leadline.signals.burn import PAGE
from leadline.signals.instruments import Instrument, error_rate, errors_alone, rate
from leadline.signals.objective import Objective

from ..annotations import SHARE
from ..input_series import Phase, counting, failure, outside, success, telling_label
from ..model import Input
from .sli import SLI


def watched(catalog: Catalog, service: Service) -> SLI | None:
    """Return what is watched; None where there is no objective, or failures cannot be told."""
    objective, requests = service.objective("availability"), service.instruments.get("requests")
    if objective is None or requests is None or not requests.tells_errors:
        return None

    def bad(window: str) -> str:
        """Read in the shortest window whether failures can be told now; in the others none is 0 where they can."""
        if window == found.slice:
            return error_rate(requests, window)
        told = found.recorded(series_names.slo_bad_events(found.slice))
        return f"{errors_alone(requests, window)}\nor\n0 * {told}"

    found = SLI(
        catalog=catalog,
        service=service,
        objective=objective,
        least=(service.tuning.least_events, service.tuning.least_bad),
        events=lambda window: rate(requests, window),
        bad=bad,
        describe=partial(_described, service, objective),
        traffic=partial(_traffic, requests),
        outside=outside(requests),
        telling=telling_label(requests.matchers),
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
            f"{'hour or six' if fast else 'day or three'}, and it goes on. "
            f"The objective is {plain(objective.target * 100)} %."
        ),
    }


def _traffic(requests: Instrument, phases: Sequence[Phase]) -> tuple[Input, ...]:
    """Return all requests as those that failed and the others; apart where failures have a counter of their own."""
    labels = {name: value for name, value in (("route", "/example"), ("method", "GET")) if requests.has(name)}
    if requests.failed and not requests.has("status"):
        return (
            counting(requests, phases, labels=labels),
            counting(requests.failed, phases, lambda each: each.bad, labels=labels),
        )
    return (
        counting(
            requests, phases, lambda each: each.events - each.bad, labels={**success(requests), **labels}
        ),
        counting(requests, phases, lambda each: each.bad, labels={"status": failure(requests), **labels}),
    )
