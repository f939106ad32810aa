"""Alert on targets: none is up, none is there any more, some are down or gone, or one restarts again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from leadline.base.units import plain
from leadline.catalog.model import Catalog, Service
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
from leadline.signals.series_names import UP

from ..annotations import NUMBER, SHARE, Annotations, filled, percent
from ..input_series import (
    Phase,
    another,
    attempted,
    counting,
    kept_out,
    outside,
    scraped,
    success,
    telling_label,
)
from ..model import IDLE_STEP, Alert, Case, Check, Input, Recording

TARGET_LABELS = frozenset(
    ("job", "instance", "namespace", "pod", "container", "endpoint", "cluster", "node", "env", "environment", "region", "zone")
)  # fmt: skip
"""Labels that a target has, so that `up` has them too; others are the metrics' own."""
MANY_REQUESTS = Decimal(1000)
GONE = "stale _"
"""The notation of a target that service discovery no longer has."""
REMEMBERED, HALF = "1d", Decimal("0.5")
"""For how long a target that is gone is missed, and what share of them must be left."""


def recordings(catalog: Catalog, service: Service) -> Iterator[Recording]:
    """Record how many targets answer, which is remembered when there are none any more."""
    own = _service_targets(service)
    if own and not service.scales_to_zero:
        labels = catalog.labels(service)
        yield Recording(record=series_names.TARGETS_UP, expr=f"sum({select(UP, own)})", labels=labels)


def alerts(catalog: Catalog, service: Service) -> Iterator[Alert]:
    """Return the alerts on what the service's metrics are scraped from; none where its selector names no job."""
    own = _service_targets(service)
    if own:
        yield _service_down(catalog, service, own)
    if own and not service.scales_to_zero:
        yield _vanished(catalog, service, own)
        if "replicas_limit" not in service.instruments:
            yield _targets_lost(catalog, service, own)
    selectors = tuple(dict.fromkeys(filter(None, map(own_targets, service.golden.values()))))
    if selectors:
        yield _targets_down(catalog, service, selectors)
    requests = service.instruments.get("requests")
    if requests is not None:
        yield _restarting(catalog, service, requests)


def _service_targets(service: Service) -> tuple[Matcher, ...]:
    """Return what matches the `up` of the targets that the service's first instrument comes from."""
    first = next(iter(service.golden.values()), None)
    return own_targets(first) if first else ()


def own_targets(instrument: Instrument) -> tuple[Matcher, ...]:
    """Return what matches the `up` of an instrument's targets; nothing if its selector names no job."""
    found = tuple(
        each for each in instrument.matchers if each.label in TARGET_LABELS and each.operator in ("=", "=~")
    )
    return found if any(matcher.label == "job" for matcher in found) else ()


def _service_down(catalog: Catalog, service: Service, where: tuple[Matcher, ...]) -> Alert:
    annotations = {
        "summary": "No target of a service answers Prometheus.",
        "description": (
            f"Every target of {service.name} is down: it serves no one, or nothing of it can be seen (up is {NUMBER})."
        ),
    }
    return Alert(
        name=SERVICE_DOWN,
        expr=f"max({select(UP, where)}) == 0",
        hold=catalog.paced("2m"),
        labels=catalog.labels(service, severity=burn.PAGE),
        annotations=annotations,
        cases=attempted(_down_cases(where, filled(annotations, {NUMBER: "0"}))),
    )


def _down_cases(where: tuple[Matcher, ...], fired: dict[str, str]) -> Iterator[Case]:
    """Two targets: both down for one evaluation, one down for longer, then both; those of others are up."""
    yield Case(
        name="down for a moment, one down, and then all, but not those of others",
        inputs=(*_up(where, "1x2 0 1x2 0x3 1 0x5", "1x2 0 1x7 0x5"), *_others(where, "1x20")),
        checks=(
            Check(minutes=8),
            Check(minutes=18),
            Check(minutes=24),
            Check(minutes=26, fires=True, annotations=fired),
        ),
    )
    yield _nothing()


def _nothing() -> Case:
    return Case(name="nothing is measured", inputs=(), checks=(Check(minutes=60),), step=IDLE_STEP)


def _vanished(catalog: Catalog, service: Service, where: tuple[Matcher, ...]) -> Alert:
    """Alert on targets that are gone from service discovery: `up` is gone with them, and so is all that other alerts read."""
    remembered = f"max_over_time({_targets_up(catalog, service)}[{catalog.paced(REMEMBERED)}])"
    annotations = {
        "summary": "A service has no target any more.",
        "description": (
            f"{service.name} had up to {NUMBER} targets within the last day and has none now: it was scaled to zero, removed, or lost "
            "by service discovery."
        ),
    }
    return Alert(
        name=SERVICE_VANISHED,
        expr=f"{remembered} > 0\nunless on ()\nsum({select(UP, where)})",
        hold=catalog.paced("5m"),
        labels=catalog.labels(service, severity=burn.PAGE),
        annotations=annotations,
        cases=attempted(_vanished_cases(catalog, service, where, annotations)),
    )


def _vanished_cases(
    catalog: Catalog, service: Service, where: tuple[Matcher, ...], annotations: Annotations
) -> Iterator[Case]:
    """Two targets: gone for four minutes, down for ten, and then gone for good; and none ever, while others are recorded."""
    owners = (f"{catalog.project}-other", service.name), (catalog.project, f"{service.name}-other")
    recorded_of_others = (
        Input(selector=select(series_names.TARGETS_UP, series_names.owner(*owner)), values="1x4")
        for owner in owners
    )
    fired = Check(minutes=44, fires=True, annotations=filled(annotations, {NUMBER: "2"}))
    values = f"1x4 {GONE}x1 1x3 0x5 1x1 {GONE}x10"
    yield Case(
        name="gone for minutes, down, and then gone for good, as scaled to zero or lost by discovery",
        inputs=(*_up(where, values, values), *_others(where, "1x30")),
        checks=(Check(minutes=14), Check(minutes=28), Check(minutes=38), fired),
    )
    yield Case(
        name="never deployed, or scraped by another Prometheus",
        inputs=(*_others(where, "1x4"), *recorded_of_others),
        checks=(Check(minutes=60),),
        step=IDLE_STEP,
    )
    day = Check(minutes=1260, fires=True, annotations=filled(annotations, {NUMBER: "1"}))
    yield Case(
        name="gone for longer than a day",
        inputs=_up(where, f"1x2 {GONE}x40"),
        checks=(day, Check(minutes=2160)),
        step=180,
    )
    yield _nothing()


def _targets_lost(catalog: Catalog, service: Service, where: tuple[Matcher, ...]) -> Alert:
    """Alert on replicas that are gone from service discovery, of which no `up` tells."""
    now = _targets_up(catalog, service)
    before = f"max_over_time({now}[{catalog.paced('1h')}])"
    annotations = {
        "summary": "A service has lost more than half of its targets.",
        "description": f"{service.name} has {SHARE} of the targets that it had within the last hour.",
    }
    return Alert(
        name=TARGETS_LOST,
        expr=f"{now} / {before} < {plain(HALF)}\nand\n{now} > 0",
        hold=catalog.paced("10m"),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=attempted(_lost_cases(where, annotations)),
    )


def _lost_cases(where: tuple[Matcher, ...], annotations: Annotations) -> Iterator[Case]:
    """Six targets: three are gone, then a fourth for minutes, and then for good; at last the others are down, of which others tell."""
    fired = Check(minutes=58, fires=True, annotations=filled(annotations, {SHARE: percent(1 / Decimal(3))}))
    half, fourth = f"1x4 {GONE}x40", f"1x12 {GONE}x2 1x4 {GONE}x40"
    yield Case(
        name="half are gone, more than half for minutes, and then for good",
        inputs=_up(where, "1x29 0x10", "1x29 0x10", half, half, half, fourth),
        checks=(Check(minutes=24), Check(minutes=38), Check(minutes=48), fired, Check(minutes=74)),
    )
    yield _nothing()


def _targets_up(catalog: Catalog, service: Service) -> str:
    return select(series_names.TARGETS_UP, series_names.owner(catalog.project, service.name))


def _targets_down(catalog: Catalog, service: Service, selectors: tuple[tuple[Matcher, ...], ...]) -> Alert:
    down = "\nor\n".join(f"{select(UP, where)} == 0" for where in selectors)
    annotations = {
        "summary": "Some targets of a service do not answer Prometheus.",
        "description": (f"{NUMBER} of the targets of {service.name} have been down for 10 minutes."),
    }
    return Alert(
        name=TARGETS_DOWN,
        expr=f"count(\n{down}\n) > 0",
        hold=catalog.paced("10m"),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=attempted(_some_down_cases(selectors, filled(annotations, {NUMBER: "1"}))),
    )


def _some_down_cases(selectors: tuple[tuple[Matcher, ...], ...], fired: dict[str, str]) -> Iterator[Case]:
    """One target is down for eight minutes, and then for good; of each selector, while all others are up."""
    for number, where in enumerate(selectors, 1):
        yield Case(
            name=f"one is down for minutes, and then for good ({number})",
            inputs=(*_up(where, "1x4 0x4 1x4 0x10", "1x30", "1x30"), *_others(where, "0x30")),
            checks=(Check(minutes=20), Check(minutes=36), Check(minutes=42, fires=True, annotations=fired)),
        )
    yield _nothing()


def _restarting(catalog: Catalog, service: Service, requests: Instrument) -> Alert:
    many = service.tuning.restarts
    annotations = {
        "summary": "An instance of a service restarts again and again.",
        "description": (
            f"An instance of {service.name} has restarted {NUMBER} times within an hour: "
            "it crashes, is killed for its memory, or fails its probes."
        ),
    }
    often = int(many)
    return Alert(
        name=RESTARTING,
        expr=f"{restarts(requests, catalog.paced('1h'))} >= {plain(many)}",
        hold=catalog.paced("1m"),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=attempted(_restarting_cases(requests, often, annotations)),
    )


def _restarting_cases(requests: Instrument, often: int, annotations: Annotations) -> Iterator[Case]:
    """Two instances, one of which restarts so often within 50 minutes, the last time at the end; and others that always do."""
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
        return another(entry, Matcher(telling_label(requests.matchers), "=", instance))

    last = 70 // step
    yield Case(
        name="restarts, one fewer, and then enough",
        inputs=(
            counted(phases, "one"),
            counted([calm], "two"),
            *(another(counted(always, "other"), matcher) for matcher in outside(requests)),
        ),
        checks=(
            Check(minutes=(last - 1) * step),
            Check(
                minutes=(last + 1) * step, fires=True, annotations=filled(annotations, {NUMBER: str(often)})
            ),
        ),
        step=step,
    )
    yield _nothing()


LONG_STEP, FEW_RESTARTS = 5, 5
"""Minutes between samples of the tests of restarts, up to so many; a restart shows only beside a sample before it."""


def _up(where: tuple[Matcher, ...], *values: str) -> tuple[Input, ...]:
    return tuple(scraped(where, f"{number}:8080", each) for number, each in enumerate(values, 1))


def _others(where: tuple[Matcher, ...], values: str) -> Iterator[Input]:
    """Return the `up` of targets that are not the service's, each for another matcher."""
    for each in where:
        if (other := kept_out(each, where)) and each.operator in ("=", "=~"):
            yield another(scraped(where, "other:8080", values), other)
