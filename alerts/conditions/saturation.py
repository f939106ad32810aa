"""Alert on saturation: little headroom, pools and queues near their end, a CPU held back. Only of what the profile has."""

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
"""For how long a queue is never empty, and how much longer it is by then, before it is said not to drain."""


def recordings(scope: Scope, service: Service) -> Iterator[Recording]:
    """Record how full each resource is whose use and limit are both known, and the queue's length."""
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
        held, every = (rate(service.instruments[name], window) for name in ("throttled", "periods"))
        yield Recording(record=series_names.THROTTLED, expr=f"{held}\n/\n({every} > 0)", labels=labels)


def alerts(scope: Scope, service: Service) -> Iterator[Alert]:
    """Return the alerts on what is recorded."""
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
            f"{RESOURCE} of {service.name} would take {NUMBER} times its present use, up to the share "
            f"of its limit that is planned; at least {plain(factor)} times are wanted."
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
        "description": f"The {resource} of {service.name} is {SHARE} full; beyond its limit work waits, or is turned away.",
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
            "more comes in than is worked off."
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
        "summary": "The CPU of a service is held back at its limit.",
        "description": f"{service.name} was held back in {SHARE} of its CPU periods: it waits for CPU though the node may have some.",
    }
    return Alert(
        name=CPU_THROTTLED,
        expr=f"{scope.select(series_names.THROTTLED)} > {plain(limit)}",
        hold=scope.window("15m"),
        labels=scope.labels(severity=burn.TICKET),
        annotations=annotations,
    )
