"""Alert on absence: what should be measured is not. No data is never taken for good news."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import show
from leadline.catalog.model import Catalog, Service
from leadline.signals.alert_names import ABSENT, BUCKET_MISSING
from leadline.signals.burn import TICKET
from leadline.signals.instruments import Instrument
from leadline.signals.latency import without_edge
from leadline.signals.promql import Matcher, select
from leadline.signals.series_names import UP

from ..annotations import NUMBER, filled
from ..input_series import Phase, another, attempted, constant, counting, outside, scraped, telling_label
from ..model import IDLE_STEP, STEP, Alert, Case, Check, Input
from .targets import own_targets

WINDOW, HOLD = "10m", "5m"
LAST, DUE = 20, 15
"""The minute of the last sample in a test, and after how many more the alert is due."""


def alerts(catalog: Catalog, service: Service) -> Iterator[Alert]:
    """Return one alert for each instrument of the service, and one for series that lost the bucket of its latency objective."""
    for instrument in service.golden.values():
        yield _alert(catalog, service, instrument)
    latency, objective = service.instruments.get("latency"), service.objective("latency")
    if (
        latency
        and objective
        and objective.within
        and objective.within in latency.buckets
        and not latency.native
    ):
        yield _bucket_missing(catalog, service, latency, objective.within)


def _alert(catalog: Catalog, service: Service, instrument: Instrument) -> Alert:
    suffix = "_count" if instrument.is_distribution and not instrument.native else ""
    metric = f"{instrument.metric}{suffix}"
    annotations = {
        "summary": "A metric has stopped.",
        "description": (
            f"{metric} of {service.name} has had no sample for 10 minutes: its target is down or not scraped, or a deploy renamed it."
        ),
    }
    absent = f"max(absent_over_time({instrument.select(suffix=suffix)}[{catalog.paced(WINDOW)}]))"
    targets = own_targets(instrument)
    if service.scales_to_zero and targets:
        absent = f"{absent}\nand on ()\ncount({select(UP, targets)})"
    return Alert(
        name=ABSENT[instrument.name],
        expr=absent,
        hold=catalog.paced(HOLD),
        labels=catalog.labels(service, severity=TICKET),
        annotations=annotations,
        cases=attempted(
            _cases(catalog, instrument, suffix, annotations, targets if service.scales_to_zero else ())
        ),
    )


def _cases(
    catalog: Catalog,
    instrument: Instrument,
    suffix: str,
    annotations: dict[str, str],
    targets: tuple[Matcher, ...],
) -> Iterator[Case]:
    """Return the tests; `targets` where the service may have none on purpose, so that the alert needs one."""
    if catalog.pace != 1:
        return
    fired = Check(minutes=LAST + DUE + 3, fires=True, annotations=annotations)
    steps = fired.minutes // STEP + 1
    stops = counting(instrument, (Phase(LAST // STEP, Decimal(60)),), suffix=suffix)
    foreign = counting(instrument, (Phase(steps, Decimal(60)),), suffix=suffix)
    others = tuple(another(foreign, matcher) for matcher in outside(instrument))
    up = tuple(_up(targets, steps))
    yield Case(
        name="samples stop, but not those of others",
        inputs=(stops, *others, *up),
        checks=(Check(minutes=LAST - 2), Check(minutes=LAST + DUE - 5), fired),
    )
    if targets:
        yield Case(name="scaled to zero", inputs=(), checks=(Check(minutes=60),), step=IDLE_STEP)
    else:
        yield Case(
            name="nothing is measured",
            inputs=(),
            checks=(Check(minutes=60, fires=True, annotations=annotations),),
            step=IDLE_STEP,
        )


def _up(targets: tuple[Matcher, ...], steps: int) -> Iterator[Input]:
    if targets:
        yield scraped(targets, "1:8080", constant((steps, 1)))


def _bucket_missing(catalog: Catalog, service: Service, latency: Instrument, edge: Decimal) -> Alert:
    shown = show(float(edge), "seconds")
    annotations = {
        "summary": "Instances lack the latency objective's bucket.",
        "description": (
            f"{NUMBER} series of {service.name} have no bucket at {shown} in {latency.metric}, so their requests are in no latency "
            "alert and no latency budget."
        ),
    }
    return Alert(
        name=BUCKET_MISSING,
        expr=f"count({without_edge(latency, edge)}) > 0",
        hold=catalog.paced("15m"),
        labels=catalog.labels(service, severity=TICKET),
        annotations=annotations,
        cases=attempted(_bucket_cases(latency, edge, filled(annotations, {NUMBER: "1"}))),
    )


def _bucket_cases(latency: Instrument, edge: Decimal, fired: dict[str, str]) -> Iterator[Case]:
    """An old instance with the bucket, and a new one whose histogram has another edge in its place."""
    steady = (Phase(16, Decimal(60)),)
    kept, other = latency.raw_edge(edge), latency.raw_edge(edge * 7)

    def histogram(instance: str, le: str) -> Iterator[Input]:
        for suffix, labels in (("_bucket", {"le": le}), ("_bucket", {"le": "+Inf"}), ("_count", {})):
            entry = counting(latency, steady, suffix=suffix, labels=labels)
            yield another(entry, Matcher(telling_label(latency.matchers), "=", instance))

    foreign = counting(latency, steady, suffix="_count")
    others = tuple(another(foreign, matcher) for matcher in outside(latency))
    both = (*histogram("old", kept), *histogram("new", other), *others)
    yield Case(
        name="a new instance has another edge",
        inputs=both,
        checks=(Check(minutes=12), Check(minutes=30, fires=True, annotations=fired)),
    )
    alike = (*histogram("old", kept), *histogram("new", kept), *others)
    yield Case(name="all have the edge", inputs=alike, checks=(Check(minutes=30),))
    yield Case(name="nothing is measured", inputs=(), checks=(Check(minutes=60),), step=IDLE_STEP)
