"""Alerts on targets: all or some are down, all or many are gone, or one keeps restarting."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import plain
from leadline.catalog.model import Service
from leadline.signals import burn, series_names
from leadline.signals.alert_names import (
    RESTARTING,
    SERVICE_DOWN,
    SERVICE_VANISHED,
    TARGETS_DOWN,
    TARGETS_LOST,
)
from leadline.signals.instruments import Instrument, restarts
from leadline.signals.promql import Matcher, select
from leadline.signals.scope import Scope
from leadline.signals.series_names import UP

from ..annotations import NUMBER, SHARE
from ..model import Alert, Recording

TARGET_LABELS = frozenset(
    ("job", "instance", "namespace", "pod", "container", "endpoint", "cluster", "node", "env", "environment", "region", "zone")
)  # fmt: skip
"""Target labels, which `up` has too; other labels belong to the metrics."""
REMEMBERED, HALF = "1d", Decimal("0.5")
"""How long vanished targets are remembered, and the minimum share of targets that must remain."""


def recordings(scope: Scope, service: Service) -> Iterator[Recording]:
    """Record the number of targets that are up, to remember it when they are gone."""
    own = service_targets(service)
    if own and not service.scales_to_zero:
        labels = scope.labels()
        yield Recording(record=series_names.TARGETS_UP, expr=f"sum({select(UP, own)})", labels=labels)


def alerts(scope: Scope, service: Service) -> Iterator[Alert]:
    """Yield the alerts on the service's targets; only on restarts if its selector names no job."""
    own = service_targets(service)
    if own:
        yield _service_down(scope, service, own)
    if own and not service.scales_to_zero:
        yield _vanished(scope, service, own)
        if "replicas_limit" not in service.instruments:
            yield _targets_lost(scope, service)
    if selectors := target_selectors(service):
        yield _targets_down(scope, service, selectors)
    requests = service.instruments.get("requests")
    if requests is not None:
        yield _restarting(scope, service, requests)


def service_targets(service: Service) -> tuple[Matcher, ...]:
    """Return matchers for `up` of the targets of the service's first instrument."""
    first = next(iter(service.golden.values()), None)
    return own_targets(first) if first else ()


def target_selectors(service: Service) -> tuple[tuple[Matcher, ...], ...]:
    """Return matchers for `up` of each instrument's targets, without duplicates."""
    return tuple(dict.fromkeys(filter(None, map(own_targets, service.golden.values()))))


def own_targets(instrument: Instrument) -> tuple[Matcher, ...]:
    """Return matchers for `up` of an instrument's targets; empty if its selector names no job."""
    found = tuple(
        each for each in instrument.matchers if each.label in TARGET_LABELS and each.operator in ("=", "=~")
    )
    return found if any(matcher.label == "job" for matcher in found) else ()


def _service_down(scope: Scope, service: Service, where: tuple[Matcher, ...]) -> Alert:
    annotations = {
        "summary": "All targets of a service are down.",
        "description": (
            f"Every target of {service.name} is down (up is {NUMBER}): it serves no requests, or Prometheus cannot reach it."
        ),
    }
    return Alert(
        name=SERVICE_DOWN,
        expr=f"max({select(UP, where)}) == 0",
        hold=scope.window("2m"),
        labels=scope.labels(severity=burn.PAGE),
        annotations=annotations,
    )


def _vanished(scope: Scope, service: Service, where: tuple[Matcher, ...]) -> Alert:
    """Alert on targets that left service discovery: without `up`, all other alerts are blind."""
    remembered = f"max_over_time({scope.select(series_names.TARGETS_UP)}[{scope.window(REMEMBERED)}])"
    annotations = {
        "summary": "A service has no targets left.",
        "description": (
            f"{service.name} had up to {NUMBER} targets within the last day and has none now: it was scaled to zero, removed, or lost "
            "by service discovery."
        ),
    }
    return Alert(
        name=SERVICE_VANISHED,
        expr=f"{remembered} > 0\nunless on ()\nsum({select(UP, where)})",
        hold=scope.window("5m"),
        labels=scope.labels(severity=burn.PAGE),
        annotations=annotations,
    )


def _targets_lost(scope: Scope, service: Service) -> Alert:
    """Alert on replicas that left service discovery, and so have no `up`."""
    now = scope.select(series_names.TARGETS_UP)
    before = f"max_over_time({now}[{scope.window('1h')}])"
    annotations = {
        "summary": "A service has lost more than half of its targets.",
        "description": f"{service.name} has {SHARE} of the targets that it had within the last hour.",
    }
    return Alert(
        name=TARGETS_LOST,
        expr=f"{now} / {before} < {plain(HALF)}\nand\n{now} > 0",
        hold=scope.window("10m"),
        labels=scope.labels(severity=burn.TICKET),
        annotations=annotations,
    )


def _targets_down(scope: Scope, service: Service, selectors: tuple[tuple[Matcher, ...], ...]) -> Alert:
    down = "\nor\n".join(f"{select(UP, where)} == 0" for where in selectors)
    annotations = {
        "summary": "Some targets of a service are down.",
        "description": (f"{NUMBER} of the targets of {service.name} have been down for 10 minutes."),
    }
    return Alert(
        name=TARGETS_DOWN,
        expr=f"count(\n{down}\n) > 0",
        hold=scope.window("10m"),
        labels=scope.labels(severity=burn.TICKET),
        annotations=annotations,
    )


def _restarting(scope: Scope, service: Service, requests: Instrument) -> Alert:
    many = service.tuning.restarts
    annotations = {
        "summary": "An instance of a service keeps restarting.",
        "description": (
            f"An instance of {service.name} has restarted {NUMBER} times within an hour: "
            "it crashes, is killed for its memory, or fails its probes."
        ),
    }
    return Alert(
        name=RESTARTING,
        expr=f"{restarts(requests, scope.window('1h'))} >= {plain(many)}",
        hold=scope.window("1m"),
        labels=scope.labels(severity=burn.TICKET),
        annotations=annotations,
    )
