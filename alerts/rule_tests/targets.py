"""Rule tests of the alerts on targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from leadline.signals import series_names
from leadline.signals.promql import Matcher

from ..annotations import NUMBER, SHARE, percent
from ..conditions.targets import service_targets, target_selectors
from .input_series import (
    Phase,
    another,
    counting,
    free_label,
    kept_out,
    others_than,
    outside,
    scraped,
    success,
)
from .model import IDLE_STEP, NOTHING_MEASURED, AlertTest, Check, Input
from .subject import Subject

MANY_REQUESTS = Decimal(1000)


GONE = "stale _"
"""promtool's notation for a target that left service discovery."""


def service_down(subject: Subject) -> Iterator[AlertTest]:
    """Test two targets: both down for one evaluation, one down for longer, then both; those of others are up."""
    where, fired = service_targets(subject.service), subject.fired({NUMBER: "0"})
    yield AlertTest(
        name="down for a moment, one down, and then all, but not those of others",
        inputs=(*_up(where, "1x2 0 1x2 0x3 1 0x5", "1x2 0 1x7 0x5"), *_others(where, "1x20")),
        checks=(
            Check(minutes=8),
            Check(minutes=18),
            Check(minutes=24),
            Check(minutes=26, fires=True, annotations=fired),
        ),
    )
    yield NOTHING_MEASURED


def vanished(subject: Subject) -> Iterator[AlertTest]:
    """Test two targets: gone for four minutes, down for ten, then gone for good; and no targets ever, while others are recorded."""
    where = service_targets(subject.service)
    recorded_of_others = (
        Input(selector=each.select(series_names.TARGETS_UP), values="1x4")
        for each in others_than(subject.scope)
    )
    fired = Check(minutes=44, fires=True, annotations=subject.fired({NUMBER: "2"}))
    values = f"1x4 {GONE}x1 1x3 0x5 1x1 {GONE}x10"
    yield AlertTest(
        name="gone for minutes, down, and then gone for good, as scaled to zero or lost by discovery",
        inputs=(*_up(where, values, values), *_others(where, "1x30")),
        checks=(Check(minutes=14), Check(minutes=28), Check(minutes=38), fired),
    )
    yield AlertTest(
        name="never deployed, or scraped by another Prometheus",
        inputs=(*_others(where, "1x4"), *recorded_of_others),
        checks=(Check(minutes=60),),
        step=IDLE_STEP,
    )
    day = Check(minutes=1260, fires=True, annotations=subject.fired({NUMBER: "1"}))
    yield AlertTest(
        name="gone for longer than a day",
        inputs=_up(where, f"1x2 {GONE}x40"),
        checks=(day, Check(minutes=2160)),
        step=180,
    )
    yield NOTHING_MEASURED


def lost(subject: Subject) -> Iterator[AlertTest]:
    """Test six targets: three are gone, then a fourth for minutes, then for good; finally the rest are down, for other alerts."""
    where = service_targets(subject.service)
    fired = Check(minutes=58, fires=True, annotations=subject.fired({SHARE: percent(1 / Decimal(3))}))
    half, fourth = f"1x4 {GONE}x40", f"1x12 {GONE}x2 1x4 {GONE}x40"
    yield AlertTest(
        name="half are gone, more than half for minutes, and then for good",
        inputs=_up(where, "1x29 0x10", "1x29 0x10", half, half, half, fourth),
        checks=(Check(minutes=24), Check(minutes=38), Check(minutes=48), fired, Check(minutes=74)),
    )
    yield NOTHING_MEASURED


def some_down(subject: Subject) -> Iterator[AlertTest]:
    """Test one target per selector that is down for eight minutes and then for good, while all others are up."""
    fired = subject.fired({NUMBER: "1"})
    for number, where in enumerate(target_selectors(subject.service), 1):
        yield AlertTest(
            name=f"one is down for minutes, and then for good ({number})",
            inputs=(*_up(where, "1x4 0x4 1x4 0x10", "1x30", "1x30"), *_others(where, "0x30")),
            checks=(Check(minutes=20), Check(minutes=36), Check(minutes=42, fires=True, annotations=fired)),
        )
    yield NOTHING_MEASURED


def restarting(subject: Subject) -> Iterator[AlertTest]:
    """Test two instances, one of which restarts often within 50 minutes, lastly at the end; and others that always restart."""
    requests, often = subject.service.instruments["requests"], int(subject.service.tuning.restarts)
    step = LONG_STEP if often <= FEW_RESTARTS else 1
    each = max(2, 50 // step // FEW_RESTARTS if step > 1 else 50 // often)
    before = 70 // step - each * (often - 1)
    phases = [
        Phase(before, MANY_REQUESTS),
        *(Phase(each, MANY_REQUESTS, restarts=True) for _ in range(often - 1)),
        Phase(3, MANY_REQUESTS, restarts=True),
    ]
    calm = Phase(sum(phase.steps for phase in phases), MANY_REQUESTS)
    always = [Phase(1, MANY_REQUESTS, restarts=True), Phase(1, MANY_REQUESTS)] * (calm.steps // 2 + 1)

    def counted(by_step: Sequence[Phase], instance: str) -> Input:
        entry = counting(requests, by_step, labels=success(requests))
        return another(entry, Matcher(free_label(requests.matchers), "=", instance))

    last = 70 // step
    yield AlertTest(
        name="restarts, one fewer, and then enough",
        inputs=(
            counted(phases, "one"),
            counted([calm], "two"),
            *(another(counted(always, "other"), matcher) for matcher in outside(requests)),
        ),
        checks=(
            Check(minutes=(last - 1) * step),
            Check(minutes=(last + 1) * step, fires=True, annotations=subject.fired({NUMBER: str(often)})),
        ),
        step=step,
    )
    yield NOTHING_MEASURED


LONG_STEP, FEW_RESTARTS = 5, 5
"""Minutes between samples, by maximum number of restarts; a restart shows only against a sample before it."""


def _up(where: tuple[Matcher, ...], *values: str) -> tuple[Input, ...]:
    return tuple(scraped(where, f"{number}:8080", each) for number, each in enumerate(values, 1))


def _others(where: tuple[Matcher, ...], values: str) -> Iterator[Input]:
    """Return `up` of other services' targets, each excluded by a different matcher."""
    for each in where:
        if (other := kept_out(each, where)) and each.operator in ("=", "=~"):
            yield another(scraped(where, "other:8080", values), other)
