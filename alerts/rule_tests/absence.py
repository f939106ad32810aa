"""Rule tests of the alerts on absence."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.signals.alert_names import ABSENT
from leadline.signals.promql import Matcher

from ..annotations import NUMBER
from ..conditions.absence import lost_edge
from ..conditions.targets import own_targets
from .input_series import Phase, another, constant, counting, free_label, outside, scraped
from .model import IDLE_STEP, NOTHING_MEASURED, STEP, AlertTest, Check, Input
from .subject import Subject

LAST, DUE = 20, 15
"""The minute of the last sample in a test, and the minutes from there until the alert is due."""


INSTRUMENTS = {alert: instrument for instrument, alert in ABSENT.items()}


def stopped(subject: Subject) -> Iterator[AlertTest]:
    """Test samples that stop while others continue, and no samples at all, which is silent if the service scales to zero."""
    if subject.scope.pace != 1:
        return
    service, annotations = subject.service, subject.alert.annotations
    instrument = service.instruments[INSTRUMENTS[subject.alert.name]]
    suffix, targets = instrument.count_suffix, own_targets(instrument) if service.scales_to_zero else ()
    fired = Check(minutes=LAST + DUE + 3, fires=True, annotations=annotations)
    steps = fired.minutes // STEP + 1
    stops = counting(instrument, (Phase(LAST // STEP, Decimal(60)),), suffix=suffix)
    foreign = counting(instrument, (Phase(steps, Decimal(60)),), suffix=suffix)
    others = tuple(another(foreign, matcher) for matcher in outside(instrument))
    up = tuple(_up(targets, steps))
    yield AlertTest(
        name="samples stop, but not those of others",
        inputs=(stops, *others, *up),
        checks=(Check(minutes=LAST - 2), Check(minutes=LAST + DUE - 5), fired),
    )
    if targets:
        yield AlertTest(name="scaled to zero", inputs=(), checks=(Check(minutes=60),), step=IDLE_STEP)
    else:
        yield AlertTest(
            name="nothing is measured",
            inputs=(),
            checks=(Check(minutes=60, fires=True, annotations=annotations),),
            step=IDLE_STEP,
        )


def _up(targets: tuple[Matcher, ...], steps: int) -> Iterator[Input]:
    if targets:
        yield scraped(targets, "1:8080", constant((steps, 1)))


def bucket_missing(subject: Subject) -> Iterator[AlertTest]:
    """Test an old instance with the bucket, and a new one whose histogram has another edge instead."""
    latency, edge = subject.service.instruments["latency"], lost_edge(subject.service) or Decimal(0)
    fired = subject.fired({NUMBER: "1"})
    steady = (Phase(16, Decimal(60)),)
    kept, other = latency.raw_edge(edge), latency.raw_edge(edge * 7)

    def histogram(instance: str, le: str) -> Iterator[Input]:
        for suffix, labels in (("_bucket", {"le": le}), ("_bucket", {"le": "+Inf"}), ("_count", {})):
            entry = counting(latency, steady, suffix=suffix, labels=labels)
            yield another(entry, Matcher(free_label(latency.matchers), "=", instance))

    foreign = counting(latency, steady, suffix="_count")
    others = tuple(another(foreign, matcher) for matcher in outside(latency))
    both = (*histogram("old", kept), *histogram("new", other), *others)
    yield AlertTest(
        name="a new instance has another edge",
        inputs=both,
        checks=(Check(minutes=12), Check(minutes=30, fires=True, annotations=fired)),
    )
    alike = (*histogram("old", kept), *histogram("new", kept), *others)
    yield AlertTest(name="all have the edge", inputs=alike, checks=(Check(minutes=30),))
    yield NOTHING_MEASURED
