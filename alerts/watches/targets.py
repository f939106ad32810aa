"""Alert on targets: none is up, some are down, or one restarts again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from alerts.annotations import NUMBER, filled
from alerts.examples import Stretch, another, counting, outside, quarterly, scraped, success
from alerts.model import Alert, Case, Check, Input
from signals import burn
from signals.alarms import RESTARTING, SERVICE_DOWN, TARGETS_DOWN
from signals.catalog import Catalog, Service
from signals.instruments import Instrument, restarts
from signals.promql import Matcher, select
from signals.recorded import UP
from signals.units import plain

TARGET_LABELS = frozenset(
    ("job", "instance", "namespace", "pod", "container", "endpoint", "cluster", "node", "env", "environment", "region", "zone")
)  # fmt: skip
"""Labels that a target has, so that `up` has them too; others are the metrics' own."""
MANY_REQUESTS = Decimal(1000)


def alerts(catalog: Catalog, service: Service) -> Iterator[Alert]:
    """Give the alerts on what the service's metrics are scraped from; none where its selector names no job."""
    selectors = tuple(dict.fromkeys(_of_target(each) for each in service.golden.values()))
    named = tuple(each for each in selectors if any(matcher.label == "job" for matcher in each))
    first = next(iter(service.golden.values()), None)
    if first is not None and _of_target(first) in named:
        yield _service_down(catalog, service, _of_target(first))
    if named:
        yield _targets_down(catalog, service, named)
    requests = service.instruments.get("requests")
    if requests is not None:
        yield _restarting(catalog, service, requests)


def _of_target(instrument: Instrument) -> tuple[Matcher, ...]:
    return tuple(
        each for each in instrument.matchers if each.label in TARGET_LABELS and each.operator in ("=", "=~")
    )


def _service_down(catalog: Catalog, service: Service, where: tuple[Matcher, ...]) -> Alert:
    annotations = {
        "summary": "No target of a service answers Prometheus.",
        "description": (
            f"Every target of {service.name} is down: it serves nobody, or nothing of it can be seen. "
            f"The value of up is {NUMBER}."
        ),
    }
    return Alert(
        name=SERVICE_DOWN,
        expr=f"max({select(UP, where)}) == 0",
        hold=catalog.paced("2m"),
        labels=catalog.labels(service, severity=burn.PAGE),
        annotations=annotations,
        cases=(
            Case(
                name="all are down, but not those of others",
                inputs=(*_up(where, "0x10", "0x10"), *_others(where, "1x10")),
                minutes=3,
                annotations=filled(annotations, {NUMBER: "0"}),
                earlier=(Check(minutes=1),),
            ),
            Case(name="one is down", inputs=_up(where, "0x10", "1x10"), minutes=10),
            Case(name="down for a minute", inputs=_up(where, "1x4 0 1x5"), minutes=6),
            Case(name="nothing is measured", inputs=(), minutes=10),
        ),
    )


def _targets_down(catalog: Catalog, service: Service, selectors: tuple[tuple[Matcher, ...], ...]) -> Alert:
    down = "\nor\n".join(f"{select(UP, where)} == 0" for where in selectors)
    annotations = {
        "summary": "Some targets of a service do not answer Prometheus.",
        "description": (
            f"{NUMBER} of the targets of {service.name} have been down for 10 minutes: what they serve, and "
            "what they count, is missing."
        ),
    }
    fired = filled(annotations, {NUMBER: "1"})
    where = selectors[-1]
    return Alert(
        name=TARGETS_DOWN,
        expr=f"count(\n{down}\n) > 0",
        hold=catalog.paced("10m"),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=(
            *(
                Case(
                    name=f"one is down, and others ({number})",
                    inputs=(*_up(each, "0x20", "1x20", "1x20"), *_others(each, "0x20")),
                    minutes=12,
                    annotations=fired,
                    earlier=(Check(minutes=9),),
                )
                for number, each in enumerate(selectors, 1)
            ),
            Case(name="down for some minutes", inputs=_up(where, "1x9 0x8 1x2"), minutes=17),
            Case(name="all are up", inputs=_up(where, "1x20", "1x20"), minutes=20),
            Case(name="nothing is measured", inputs=(), minutes=20),
        ),
    )


def _restarting(catalog: Catalog, service: Service, requests: Instrument) -> Alert:
    many = service.tuning.restarts
    annotations = {
        "summary": "An instance of a service restarts again and again.",
        "description": (
            f"An instance of {service.name} has begun anew {NUMBER} times within an hour: "
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
        cases=(
            quarterly(
                name="restarts",
                inputs=_counts(requests, often),
                minutes=60,
                annotations=filled(annotations, {NUMBER: str(often)}),
            ),
            quarterly(name="fewer restarts", inputs=_counts(requests, often - 1), minutes=60),
            quarterly(name="nothing is measured", inputs=(), minutes=60),
        ),
    )


def _counts(requests: Instrument, often: int) -> tuple[Input, ...]:
    """Count requests for an hour and a minute, in which the counter begins anew so often, the last time ten minutes ago."""
    each = 50 // (often + 1) if often else 50
    stretches = [
        Stretch(each, MANY_REQUESTS),
        *(Stretch(each, MANY_REQUESTS, restarts=True) for _ in range(often)),
    ]
    rest = 61 - each * (often + 1)
    ours = [*stretches, Stretch(rest, MANY_REQUESTS)]
    always = [Stretch(1, MANY_REQUESTS, restarts=True), Stretch(1, MANY_REQUESTS)] * 31

    def counted(by_step: Sequence[Stretch]) -> Input:
        return counting(requests, by_step, lambda one: one.events, **success(requests))

    return (counted(ours), *(another(counted(always), matcher) for matcher in outside(requests)))


def _up(where: tuple[Matcher, ...], *values: str) -> tuple[Input, ...]:
    return tuple(scraped(where, f"{number}:8080", each) for number, each in enumerate(values, 1))


def _others(where: tuple[Matcher, ...], values: str) -> Iterator[Input]:
    """Give the `up` of targets that are not the service's, each for another matcher."""
    for each in where:
        if each.operator == "=":
            yield another(
                scraped(where, "other:8080", values), Matcher(each.label, "=", f"{each.value}-other")
            )
