"""Alerts on traffic: far less or far more than a week ago. Demand is not an objective, but worth knowing."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.base.units import duration, plain
from leadline.catalog.model import Service
from leadline.signals import burn, series_names
from leadline.signals.alert_names import TRAFFIC_DROP, TRAFFIC_SURGE
from leadline.signals.instruments import rate
from leadline.signals.scope import Scope

from ..annotations import SHARE
from ..model import Alert, Recording

WINDOW, HOLD, WEEK = "30m", "30m", "1w"
LEAST_REQUESTS = 100
"""Minimum requests in the half hour a week ago; with fewer, twice or half as many may be chance."""


def is_watched(scope: Scope, service: Service) -> bool:
    """Return whether traffic is counted and the retention covers last week's samples."""
    return "requests" in service.instruments and scope.keeps("8d")


def recordings(scope: Scope, service: Service) -> Iterator[Recording]:
    """Record the traffic to compare."""
    if is_watched(scope, service):
        window = scope.window(WINDOW)
        yield Recording(
            record=series_names.requests(window),
            expr=rate(service.instruments["requests"], window),
            labels=scope.labels(),
        )


def alerts(scope: Scope, service: Service) -> Iterator[Alert]:
    """Yield the alerts on a drop and on a surge."""
    if not is_watched(scope, service):
        return
    tuning = service.tuning
    drop, surge = tuning.traffic_drop, tuning.traffic_surge
    yield _alert(
        scope,
        TRAFFIC_DROP,
        f"< {plain(drop)}",
        "A service gets far fewer requests than a week ago.",
        f"{service.name} gets {SHARE} of the requests of the same half hour a week ago: callers cannot reach it, or have left.",
    )
    yield _alert(
        scope,
        TRAFFIC_SURGE,
        f"> {plain(surge)}",
        "A service gets far more requests than a week ago.",
        f"{service.name} gets {SHARE} of the requests of the same half hour a week ago: a campaign, a retry storm, or abuse.",
    )


def _alert(
    scope: Scope,
    name: str,
    compared: str,
    summary: str,
    description: str,
) -> Alert:
    window = scope.window(WINDOW)
    now = scope.select(series_names.requests(window))
    before = f"{now} offset {scope.window(WEEK)}"
    annotations = {"summary": summary, "description": description}
    return Alert(
        name=name,
        expr=f"{now}\n/\n({before} > 0)\n{compared}\nand\n{before} * {plain(duration(window))} >= {LEAST_REQUESTS}",
        hold=scope.window(HOLD),
        labels=scope.labels(severity=burn.TICKET),
        annotations=annotations,
    )
