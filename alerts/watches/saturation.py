"""Alert on saturation: little headroom, pools and queues near their end, a CPU held back. Only of what the profile has."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from alerts.annotations import NUMBER, SHARE, Annotations, filled, percent
from alerts.examples import counter, level, quarterly, success
from alerts.model import Alert, Case, Input, Recording
from signals import burn, recorded, saturation
from signals.alarms import CPU_THROTTLED, HEADROOM_LOW, POOL_EXHAUSTED, QUEUE_FULL, QUEUE_STUCK
from signals.catalog import Catalog, Service
from signals.instruments import Instrument, rate, total
from signals.promql import Matcher, select
from signals.recorded import WINDOW
from signals.units import plain

FULL = {"pool": POOL_EXHAUSTED, "queue": QUEUE_FULL}
EXAMPLE_LIMIT = Decimal(200)
STUCK, GROWN, MORE = "30m", Decimal("1.2"), 10
"""For how long a queue is never empty, and how much longer it is by then, before it is said not to drain."""
MINUTES = 45
"""How long a case is."""


def recordings(catalog: Catalog, service: Service) -> Iterator[Recording]:
    """Record how full each resource is whose use and limit are both known, and the queue's length."""
    labels = catalog.labels(service)
    window = catalog.paced(WINDOW)
    for name, resource in saturation.resources(service).items():
        limit = resource.limit
        bound = total(limit) if limit.constant is not None else f"({total(limit)} > 0)"
        yield Recording(
            record=recorded.SATURATION,
            expr=f"{saturation.use(resource.used, window)}\n/\n{bound}",
            labels={**labels, "resource": name},
        )
    if "queue" in service.instruments:
        yield Recording(record=recorded.QUEUE, expr=total(service.instruments["queue"]), labels=labels)
    if {"throttled", "periods"} <= set(service.instruments):
        held, every = (rate(service.instruments[name], window) for name in ("throttled", "periods"))
        yield Recording(record=recorded.THROTTLED, expr=f"{held}\n/\n({every} > 0)", labels=labels)


def alerts(catalog: Catalog, service: Service) -> Iterator[Alert]:
    """Give the alerts on what is recorded."""
    resources = saturation.resources(service)
    planned = [each for each in resources if each in saturation.PLANNED]
    if planned:
        yield _headroom(catalog, service, planned)
    for resource, name in FULL.items():
        if resource in resources:
            yield _full(catalog, service, resource, name)
    if "queue" in service.instruments:
        yield _stuck(catalog, service)
    if {"throttled", "periods"} <= set(service.instruments):
        yield _throttled(catalog, service)


def _series(catalog: Catalog, service: Service, record: str, resource: str = "") -> str:
    where = recorded.owner(catalog.project, service.name)
    return select(record, (*where, Matcher("resource", "=", resource)) if resource else where)


def _headroom(catalog: Catalog, service: Service, resources: list[str]) -> Alert:
    factor = service.tuning.headroom
    room = (
        f"{plain(saturation.PLANNED[each])} / {_series(catalog, service, recorded.SATURATION, each)} < {plain(factor)}"
        for each in resources
    )
    annotations = {
        "summary": "A resource has little headroom.",
        "description": (
            f"{{{{ $labels.resource }}}} of {service.name} would take {NUMBER} times its present use, up to the share "
            f"of its limit that is planned; at least {plain(factor)} times are wanted."
        ),
    }
    return Alert(
        name=HEADROOM_LOW,
        expr="\nor\n".join(room),
        hold=catalog.paced("15m"),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=tuple(_headroom_cases(catalog, service, resources, annotations)),
    )


def _headroom_cases(
    catalog: Catalog, service: Service, resources: list[str], annotations: Annotations
) -> Iterator[Case]:
    factor = service.tuning.headroom
    short, ample = factor / Decimal("1.1"), factor * Decimal("1.1")
    for resource in resources:
        said = {"{{ $labels.resource }}": resource, NUMBER: f"{float(short):.4g}"}
        yield quarterly(
            name=f"little headroom of {resource}",
            inputs=_at(catalog, service, resource, saturation.PLANNED[resource] / short),
            minutes=MINUTES,
            annotations=filled(annotations, said),
            labels={"resource": resource},
        )
        yield quarterly(
            name=f"headroom enough of {resource}",
            inputs=_at(catalog, service, resource, saturation.PLANNED[resource] / ample),
            minutes=MINUTES,
        )
    yield quarterly(name="nothing is measured", inputs=(), minutes=MINUTES)


def _full(catalog: Catalog, service: Service, resource: str, name: str) -> Alert:
    limit = service.tuning.exhausted
    annotations = {
        "summary": f"A {resource} is nearly exhausted.",
        "description": f"The {resource} of {service.name} is {SHARE} full; beyond its limit work waits, or is turned away.",
    }
    above, below = round((1 + limit) / 2, 6), limit * Decimal("0.95")
    said = {SHARE: percent(above)}
    extra = {"resource": resource}
    return Alert(
        name=name,
        expr=f"{_series(catalog, service, recorded.SATURATION, resource)} > {plain(limit)}",
        hold=catalog.paced("5m"),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=(
            quarterly(
                name="nearly exhausted",
                inputs=_at(catalog, service, resource, above),
                minutes=MINUTES,
                annotations=filled(annotations, said),
                labels=extra,
            ),
            quarterly(
                name="room enough",
                inputs=_at(catalog, service, resource, below),
                minutes=MINUTES,
            ),
            quarterly(name="nothing is measured", inputs=(), minutes=MINUTES),
        ),
    )


def _stuck(catalog: Catalog, service: Service) -> Alert:
    queue, window = _series(catalog, service, recorded.QUEUE), catalog.paced(STUCK)
    annotations = {
        "summary": "A queue does not drain.",
        "description": (
            f"The queue of {service.name} has not been empty for 30 minutes and has grown to {NUMBER} tasks: "
            "more comes in than is worked off."
        ),
    }
    return Alert(
        name=QUEUE_STUCK,
        expr=(
            f"{queue} > {plain(GROWN)} * ({queue} offset {window}) + {MORE}\n"
            f"and\nmin_over_time({queue}[{window}]) > 0"
        ),
        hold=catalog.paced("15m"),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=_stuck_cases(queue, service.instruments["queue"], annotations),
    )


def _stuck_cases(queue: str, instrument: Instrument, annotations: Annotations) -> tuple[Case, ...]:
    said = {NUMBER: "301"}

    def inputs(first: str, then: str) -> tuple[Input, ...]:
        """Give half an hour, and another one."""
        if instrument.expression:
            return (Input(selector=queue, values=f"{first} {then}"),)
        return (level(instrument, f"{first} {then}"),)

    return (
        quarterly(
            name="it grows",
            inputs=inputs("1+5x29", "151+5x30"),
            minutes=60,
            annotations=filled(annotations, said),
        ),
        quarterly(
            name="long, but it does not grow",
            inputs=inputs("500x29", "505x30"),
            minutes=60,
        ),
        quarterly(name="a few more", inputs=inputs("1x29", "10x30"), minutes=60),
        quarterly(
            name="it was empty in between",
            inputs=inputs("1x29", "100x9 0 100x20"),
            minutes=60,
        ),
        quarterly(name="nothing is measured", inputs=(), minutes=60),
    )


def _throttled(catalog: Catalog, service: Service) -> Alert:
    limit = service.tuning.throttled
    annotations = {
        "summary": "The CPU of a service is held back at its limit.",
        "description": f"{service.name} was held back in {SHARE} of its CPU periods: it waits for CPU though the node may have some.",
    }
    above, below = round((1 + limit) / 2, 6), limit * Decimal("0.9")
    said = {SHARE: percent(above)}

    def inputs(share: Decimal) -> tuple[Input, ...]:
        throttled, periods = service.instruments["throttled"], service.instruments["periods"]
        return (counter(throttled, 600 * share), counter(periods, 600))

    return Alert(
        name=CPU_THROTTLED,
        expr=f"{_series(catalog, service, recorded.THROTTLED)} > {plain(limit)}",
        hold=catalog.paced("15m"),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=(
            quarterly(
                name="held back",
                inputs=inputs(above),
                minutes=MINUTES,
                annotations=filled(annotations, said),
            ),
            quarterly(name="held back a little", inputs=inputs(below), minutes=MINUTES),
            quarterly(name="nothing is measured", inputs=(), minutes=MINUTES),
        ),
    )


def _at(catalog: Catalog, service: Service, resource: str, share: Decimal) -> tuple[Input, ...]:
    """Give series that make a resource so full; as recorded, where promtool cannot be given what it is reckoned from."""
    found = saturation.resources(service)[resource]
    used, limit = found.used, found.limit
    if used.expression or limit.expression or used.native or used.names:
        series = _series(catalog, service, recorded.SATURATION, resource)
        return (Input(selector=series, values=f"{share}x{MINUTES}"),)
    whole = limit.constant or EXAMPLE_LIMIT
    amount = round(whole * share / used.scale, 6)
    bound = () if limit.constant is not None else (level(limit, f"{plain(whole / limit.scale)}x{MINUTES}"),)
    if used.kind == "gauge":
        return (level(used, f"{amount}x{MINUTES}"), *bound)
    labels = success(used) if resource == "rate_limit" else {}
    return (counter(used, amount * 60, **labels), *bound)
