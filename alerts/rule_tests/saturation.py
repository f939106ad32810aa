"""Rule tests of the alerts on saturation."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import rounded
from leadline.signals import saturation, series_names

from ..annotations import NUMBER, RESOURCE, SHARE, Annotations, humanized, percent
from ..conditions.saturation import FULL
from .input_series import Phase, constant, counting, level, success
from .model import NOTHING_MEASURED, STEP, AlertTest, Check, Input
from .subject import Subject

EXAMPLE_LIMIT = Decimal(200)
RESOURCES = {alert: resource for resource, alert in FULL.items()}

FIRST, MORE = 15, 20
"""Steps of a test at a silent level, and then at a firing one."""


def headroom(subject: Subject) -> Iterator[AlertTest]:
    """Test each resource with enough headroom, and then little."""
    factor = subject.service.tuning.headroom
    short, ample = factor / Decimal("1.1"), factor * Decimal("1.1")
    for resource, planned in saturation.planned(subject.service.instruments).items():
        yield _test(
            f"enough headroom of {resource}, and then little",
            _used(subject, resource, planned / ample, planned / short),
            subject.fired({RESOURCE: resource, NUMBER: humanized(short)}),
            resource,
        )
    yield NOTHING_MEASURED


def _test(
    name: str, inputs: tuple[Input, ...], fired: Annotations, resource: str = "", *, hold: int = 15
) -> AlertTest:
    """Return a test that is silent for half an hour and then fires after `hold` minutes."""
    due = FIRST * STEP + hold
    return AlertTest(
        name=name,
        inputs=inputs,
        checks=(
            Check(minutes=(FIRST - 1) * STEP),
            Check(minutes=due - 3),
            Check(minutes=due + 7, fires=True, annotations=fired),
        ),
        labels={"resource": resource} if resource else {},
    )


def full(subject: Subject) -> Iterator[AlertTest]:
    """Test a pool or queue with enough room, and then nearly exhausted."""
    limit = subject.service.tuning.exhausted
    above, below = round((1 + limit) / 2, 6), limit * Decimal("0.95")
    fired = subject.fired({SHARE: percent(above)})
    resource = RESOURCES[subject.alert.name]
    inputs = _used(subject, resource, below, above)
    yield _test("enough room, and then nearly exhausted", inputs, fired, resource, hold=5)
    yield NOTHING_MEASURED


def stuck(subject: Subject) -> Iterator[AlertTest]:
    """Test a queue that grows but is empty once, is long but steady, and then grows without draining."""
    queue, instrument = subject.scope.select(series_names.QUEUE), subject.service.instruments["queue"]
    values = "0+10x14 0 0+10x14 500x34 500+20x30"
    fired = subject.fired({NUMBER: "800"})
    series = Input(selector=queue, values=values) if instrument.expression else level(instrument, values)
    yield AlertTest(
        name="empty once, long but steady, and then growing",
        inputs=(series,),
        checks=(Check(minutes=50), Check(minutes=128), Check(minutes=162, fires=True, annotations=fired)),
    )
    yield NOTHING_MEASURED


def throttled(subject: Subject) -> Iterator[AlertTest]:
    """Test a little throttling, and then a lot."""
    service, limit = subject.service, subject.service.tuning.throttled
    above, below = round((1 + limit) / 2, 6), limit * Decimal("0.9")
    fired = subject.fired({SHARE: percent(above)})
    held, periods = service.instruments["throttled"], service.instruments["periods"]
    phases = (Phase(FIRST, Decimal(600) * below), Phase(MORE, Decimal(600) * above))
    steady = (Phase(FIRST + MORE, Decimal(600)),)
    inputs = (counting(held, phases), counting(periods, steady))
    yield AlertTest(
        name="throttled a little, and then a lot",
        inputs=inputs,
        checks=(
            Check(minutes=(FIRST - 1) * STEP),
            Check(minutes=(FIRST + MORE - 1) * STEP, fires=True, annotations=fired),
        ),
    )
    yield NOTHING_MEASURED


def _used(subject: Subject, resource: str, first: Decimal, then: Decimal) -> tuple[Input, ...]:
    """Return series that fill a resource to two levels; recorded ones if promtool cannot represent its instruments."""
    found = saturation.resources(subject.service.instruments)[resource]
    used, limit = found.used, found.limit
    if used.expression or limit.expression or used.native or used.names:
        series = subject.scope.select(series_names.SATURATION, resource=resource)
        return (Input(selector=series, values=constant((FIRST, first), (MORE, then))),)
    whole = limit.constant or EXAMPLE_LIMIT
    amounts = [rounded(whole * share / used.scale, 12) for share in (first, then)]
    bound = (
        () if limit.constant is not None else (level(limit, constant((FIRST + MORE, whole / limit.scale))),)
    )
    if used.kind == "gauge":
        return (level(used, constant(*zip((FIRST, MORE), amounts, strict=True))), *bound)
    labels = success(used) if resource == "rate_limit" else {}
    seconds = 60 * STEP
    phases = (Phase(FIRST, amounts[0] * seconds), Phase(MORE, amounts[1] * seconds))
    return (counting(used, phases, labels=labels), *bound)
