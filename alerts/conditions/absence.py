"""Alerts on missing metrics. Missing data never counts as good news."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import show
from leadline.catalog.model import Service
from leadline.signals.alert_names import ABSENT, BUCKET_MISSING
from leadline.signals.burn import TICKET
from leadline.signals.instruments import Instrument
from leadline.signals.latency import without_edge
from leadline.signals.promql import select
from leadline.signals.scope import Scope
from leadline.signals.series_names import UP

from ..annotations import NUMBER
from ..model import Alert
from .targets import own_targets

WINDOW, HOLD = "10m", "5m"


def alerts(scope: Scope, service: Service) -> Iterator[Alert]:
    """Yield an alert for each instrument of the service, and one for series without the latency objective's bucket."""
    for instrument in service.golden.values():
        yield _alert(scope, service, instrument)
    if edge := lost_edge(service):
        yield _bucket_missing(scope, service, edge)


def lost_edge(service: Service) -> Decimal | None:
    """Return the bucket edge, in seconds, that the latency objective counts; None if it counts none."""
    latency, objective = service.instruments.get("latency"), service.objective("latency")
    if latency is None or latency.native or objective is None or objective.within not in latency.buckets:
        return None
    return objective.within


def _alert(scope: Scope, service: Service, instrument: Instrument) -> Alert:
    suffix = instrument.count_suffix
    metric = f"{instrument.metric}{suffix}"
    annotations = {
        "summary": "A metric has disappeared.",
        "description": (
            f"{metric} of {service.name} has had no samples for 10 minutes: its target is down or not scraped, or a deploy renamed the metric."
        ),
    }
    absent = f"max(absent_over_time({instrument.select(suffix=suffix)}[{scope.window(WINDOW)}]))"
    targets = own_targets(instrument)
    if service.scales_to_zero and targets:
        absent = f"{absent}\nand on ()\ncount({select(UP, targets)})"
    return Alert(
        name=ABSENT[instrument.name],
        expr=absent,
        hold=scope.window(HOLD),
        labels=scope.labels(severity=TICKET),
        annotations=annotations,
    )


def _bucket_missing(scope: Scope, service: Service, edge: Decimal) -> Alert:
    latency, shown = service.instruments["latency"], show(float(edge), "seconds")
    annotations = {
        "summary": "Instances lack the latency objective's bucket.",
        "description": (
            f"{NUMBER} series of {service.name} have no bucket at {shown} in {latency.metric}, so latency alerts and the "
            "latency budget miss their requests."
        ),
    }
    return Alert(
        name=BUCKET_MISSING,
        expr=f"count({without_edge(latency, edge)}) > 0",
        hold=scope.window("15m"),
        labels=scope.labels(severity=TICKET),
        annotations=annotations,
    )
