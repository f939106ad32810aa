"""Alerts on saturation: low headroom, nearly full pools and queues, CPU throttling; only for the profile's metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from leadline.base.units import plain
from leadline.catalog.model import Service
from leadline.signals import burn, saturation, series_names
from leadline.signals.alert_names import CPU_THROTTLED, HEADROOM_LOW, POOL_EXHAUSTED, QUEUE_FULL, QUEUE_STUCK
from leadline.signals.instruments import rate, total
from leadline.signals.scope import Scope
from leadline.signals.series_names import WINDOW

from ..annotations import NUMBER, RESOURCE, SHARE
from ..model import Alert, Recording

FULL = {"pool": POOL_EXHAUSTED, "queue": QUEUE_FULL}
STUCK, GROWN, AT_LEAST = "30m", Decimal("1.2"), 10
"""A queue does not drain if it is never empty for STUCK and grows by the factor GROWN plus AT_LEAST tasks."""


def recordings(scope: Scope, service: Service) -> Iterator[Recording]:
    """Record use ÷ limit of each resource with both known, the queue's length, and CPU throttling."""
    labels = scope.labels()
    window = scope.window(WINDOW)
    for name, resource in saturation.resources(service.instruments).items():
        limit = resource.limit
        bound = total(limit) if limit.constant is not None else f"({total(limit)} > 0)"
        yield Recording(
            record=series_names.SATURATION,
            expr=f"{saturation.use(resource.used, window)}\n/\n{bound}",
            labels={**labels, "resource": name},
        )
    if "queue" in service.instruments:
        yield Recording(record=series_names.QUEUE, expr=total(service.instruments["queue"]), labels=labels)
    if {"throttled", "periods"} <= set(service.instruments):
        throttled, every = (rate(service.instruments[name], window) for name in ("throttled", "periods"))
        yield Recording(record=series_names.THROTTLED, expr=f"{throttled}\n/\n({every} > 0)", labels=labels)


def alerts(scope: Scope, service: Service) -> Iterator[Alert]:
    """Yield the alerts on the recorded series."""
    resources = saturation.resources(service.instruments)
    if planned := saturation.planned(service.instruments):
        yield _headroom(scope, service, planned)
    for resource, name in FULL.items():
        if resource in resources:
            yield _full(scope, service, resource, name)
    if "queue" in service.instruments:
        yield _stuck(scope, service)
    if {"throttled", "periods"} <= set(service.instruments):
        yield _throttled(scope, service)


def _headroom(scope: Scope, service: Service, planned: Mapping[str, Decimal]) -> Alert:
    factor = service.tuning.headroom
    room = (
        f"{plain(share)} / {scope.select(series_names.SATURATION, resource=resource)} < {plain(factor)}"
        for resource, share in planned.items()
    )
    annotations = {
        "summary": "A resource has little headroom.",
        "description": (
            f"{RESOURCE} of {service.name} can take {NUMBER} times its present use before it reaches the planned "
            f"share of its limit; at least {plain(factor)} times are required."
        ),
    }
    return Alert(
        name=HEADROOM_LOW,
        expr="\nor\n".join(room),
        hold=scope.window("15m"),
        labels=scope.labels(severity=burn.TICKET),
        annotations=annotations,
    )


def _full(scope: Scope, service: Service, resource: str, name: str) -> Alert:
    limit = service.tuning.exhausted
    annotations = {
        "summary": f"A {resource} is nearly exhausted.",
        "description": f"The {resource} of {service.name} is {SHARE} full; at its limit, work waits or is rejected.",
    }
    return Alert(
        name=name,
        expr=f"{scope.select(series_names.SATURATION, resource=resource)} > {plain(limit)}",
        hold=scope.window("5m"),
        labels=scope.labels(severity=burn.TICKET),
        annotations=annotations,
    )


def _stuck(scope: Scope, service: Service) -> Alert:
    queue, window = scope.select(series_names.QUEUE), scope.window(STUCK)
    annotations = {
        "summary": "A queue does not drain.",
        "description": (
            f"The queue of {service.name} has not been empty for 30 minutes and has grown to {NUMBER} tasks: "
            "tasks arrive faster than they are processed."
        ),
    }
    return Alert(
        name=QUEUE_STUCK,
        expr=(
            f"{queue} > {plain(GROWN)} * ({queue} offset {window}) + {AT_LEAST}\n"
            f"and\nmin_over_time({queue}[{window}]) > 0"
        ),
        hold=scope.window("15m"),
        labels=scope.labels(severity=burn.TICKET),
        annotations=annotations,
    )


def _throttled(scope: Scope, service: Service) -> Alert:
    limit = service.tuning.throttled
    annotations = {
        "summary": "A service is CPU-throttled at its limit.",
        "description": f"{service.name} was throttled in {SHARE} of its CPU periods: it waits for CPU even if the node has some to spare.",
    }
    return Alert(
        name=CPU_THROTTLED,
        expr=f"{scope.select(series_names.THROTTLED)} > {plain(limit)}",
        hold=scope.window("15m"),
        labels=scope.labels(severity=burn.TICKET),
        annotations=annotations,
    )
