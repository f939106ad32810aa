"""Resources: a service's use of each, and its limit."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.catalog.model import Service
from leadline.signals import series_names
from leadline.signals.instruments import Instrument, total
from leadline.signals.promql import select
from leadline.signals.saturation import LIMITS, use
from leadline.signals.scope import Scope

from . import colors
from .model import Panel, Query, Step

WINDOW = "$__rate_interval"
USED = {
    "cpu": ("CPU", "none", "cores in use"),
    "memory": ("Memory", "bytes", "memory in use"),
    "pool": ("Pool", "none", "connections in use"),
    "in_flight": ("Requests in progress (gauge)", "none", "requests in progress"),
    "queue": ("Queue", "none", "waiting tasks"),
    "replicas": ("Replicas", "none", "replicas"),
}
"""The panel of each resource: title, unit and description."""


def build(scope: Scope, service: Service) -> Iterator[Panel]:
    """Yield a panel for each resource with known use, and one for CPU throttling."""
    where = scope.matchers()
    for name, (title, unit, what) in USED.items():
        used, limit = service.instruments.get(name), service.instruments.get(LIMITS[name])
        if used is None:
            continue
        now = select(series_names.QUEUE, where) if name == "queue" else use(used, WINDOW)
        lines = (Query(expr=_limited(limit), legend="limit", line=True),) if limit else ()
        yield Panel(
            key=f"service.{name}",
            title=title,
            description=(
                f"{what[0].upper()}{what[1:]}, all instances together"
                + (", and their limit, dashed." if limit else "; the catalog has no limit for it.")
                + " Normal follows the traffic; a line that only rises is a leak."
            ),
            unit=unit,
            queries=(Query(expr=now, legend=what), *lines),
        )
    if {"throttled", "periods"} <= set(service.instruments):
        yield Panel(
            key="service.throttled",
            title="CPU throttling",
            description="Share of CPU periods in which a container was throttled at its limit. Normal is near 0.",
            unit="percentunit",
            queries=(Query(expr=select(series_names.THROTTLED, where), legend="throttled"),),
            steps=(Step(None, colors.GOOD), Step(float(service.tuning.throttled), colors.BAD)),
        )


def _limited(limit: Instrument) -> str:
    return f"vector({total(limit)})" if limit.constant is not None else total(limit)
