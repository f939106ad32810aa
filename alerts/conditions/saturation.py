"""Alert on saturation: little headroom, pools and queues near their end, a CPU held back. Only of what the profile has."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import plain, rounded
from leadline.catalog.model import Catalog, Service
from leadline.signals import burn, saturation, series_names
from leadline.signals.alert_names import CPU_THROTTLED, HEADROOM_LOW, POOL_EXHAUSTED, QUEUE_FULL, QUEUE_STUCK
from leadline.signals.instruments import Instrument, rate, total
from leadline.signals.promql import Matcher, select
from leadline.signals.series_names import WINDOW

from ..annotations import NUMBER, SHARE, Annotations, filled, humanized, percent
from ..input_series import Phase, attempted, constant, counting, level, success
from ..model import IDLE_STEP, STEP, Alert, Case, Check, Input, Recording

FULL = {"pool": POOL_EXHAUSTED, "queue": QUEUE_FULL}
EXAMPLE_LIMIT = Decimal(200)
STUCK, GROWN, AT_LEAST = "30m", Decimal("1.2"), 10
"""For how long a queue is never empty, and how much longer it is by then, before it is said not to drain."""
FIRST, MORE = 15, 20
"""For how many steps a test stays at what is silent, and then at what an alert fires at."""


def recordings(catalog: Catalog, service: Service) -> Iterator[Recording]:
    """Record how full each resource is whose use and limit are both known, and the queue's length."""
    labels = catalog.labels(service)
    window = catalog.paced(WINDOW)
    for name, resource in saturation.resources(service.instruments).items():
        limit = resource.limit
        bound = total(limit) if limit.constant is not None else f"({total(limit)} > 0)"
        yield Recording(
            record=series_names.SATURATION,
            expr=f"{saturation.use(resource.used, window)}\n/\n{bound}",
            labels={**labels, "resource": name},
        )
    if "queue" in service.instruments:
        yield Recording(record=series_names.QUEUE, expr=total(service.instruments["queue"]), labels=labels)
    if {"throttled", "periods"} <= set(service.instruments):
        held, every = (rate(service.instruments[name], window) for name in ("throttled", "periods"))
        yield Recording(record=series_names.THROTTLED, expr=f"{held}\n/\n({every} > 0)", labels=labels)


def alerts(catalog: Catalog, service: Service) -> Iterator[Alert]:
    """Return the alerts on what is recorded."""
    resources = saturation.resources(service.instruments)
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
    where = series_names.owner(catalog.project, service.name)
    return select(record, (*where, Matcher("resource", "=", resource)) if resource else where)


def _headroom(catalog: Catalog, service: Service, resources: list[str]) -> Alert:
    factor = service.tuning.headroom
    room = (
        f"{plain(saturation.PLANNED[each])} / {_series(catalog, service, series_names.SATURATION, each)} < {plain(factor)}"
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
        cases=attempted(_headroom_cases(catalog, service, resources, annotations)),
    )


def _headroom_cases(
    catalog: Catalog, service: Service, resources: list[str], annotations: Annotations
) -> Iterator[Case]:
    factor = service.tuning.headroom
    short, ample = factor / Decimal("1.1"), factor * Decimal("1.1")
    for resource in resources:
        planned = saturation.PLANNED[resource]
        said = {"{{ $labels.resource }}": resource, NUMBER: humanized(short)}
        yield _case(
            f"headroom enough of {resource}, and then little",
            _used(catalog, service, resource, planned / ample, planned / short),
            filled(annotations, said),
            resource,
        )
    yield _nothing()


def _case(
    name: str, inputs: tuple[Input, ...], fired: Annotations, resource: str = "", *, hold: int = 15
) -> Case:
    """Something for half an hour, and then something at which an alert fires that waits for so many minutes."""
    due = FIRST * STEP + hold
    return Case(
        name=name,
        inputs=inputs,
        checks=(
            Check(minutes=(FIRST - 1) * STEP),
            Check(minutes=due - 3),
            Check(minutes=due + 7, fires=True, annotations=fired),
        ),
        labels={"resource": resource} if resource else {},
    )


def _nothing() -> Case:
    return Case(name="nothing is measured", inputs=(), checks=(Check(minutes=60),), step=IDLE_STEP)


def _full(catalog: Catalog, service: Service, resource: str, name: str) -> Alert:
    limit = service.tuning.exhausted
    annotations = {
        "summary": f"A {resource} is nearly exhausted.",
        "description": f"The {resource} of {service.name} is {SHARE} full; beyond its limit work waits, or is turned away.",
    }
    above, below = round((1 + limit) / 2, 6), limit * Decimal("0.95")
    fired = filled(annotations, {SHARE: percent(above)})
    return Alert(
        name=name,
        expr=f"{_series(catalog, service, series_names.SATURATION, resource)} > {plain(limit)}",
        hold=catalog.paced("5m"),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=attempted(_full_cases(catalog, service, resource, (below, above), fired)),
    )


def _full_cases(
    catalog: Catalog, service: Service, resource: str, shares: tuple[Decimal, Decimal], fired: Annotations
) -> Iterator[Case]:
    inputs = _used(catalog, service, resource, *shares)
    yield _case("room enough, and then nearly exhausted", inputs, fired, resource, hold=5)
    yield _nothing()


def _stuck(catalog: Catalog, service: Service) -> Alert:
    queue, window = _series(catalog, service, series_names.QUEUE), catalog.paced(STUCK)
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
            f"{queue} > {plain(GROWN)} * ({queue} offset {window}) + {AT_LEAST}\n"
            f"and\nmin_over_time({queue}[{window}]) > 0"
        ),
        hold=catalog.paced("15m"),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=attempted(_stuck_cases(queue, service.instruments["queue"], annotations)),
    )


def _stuck_cases(queue: str, instrument: Instrument, annotations: Annotations) -> Iterator[Case]:
    """A queue that grows, and is empty once; is long, and does not grow; and one that grows and never drains."""
    values = "0+10x14 0 0+10x14 500x34 500+20x30"
    fired = filled(annotations, {NUMBER: "800"})
    series = Input(selector=queue, values=values) if instrument.expression else level(instrument, values)
    yield Case(
        name="empty once, long but steady, and then growing",
        inputs=(series,),
        checks=(Check(minutes=50), Check(minutes=128), Check(minutes=162, fires=True, annotations=fired)),
    )
    yield _nothing()


def _throttled(catalog: Catalog, service: Service) -> Alert:
    limit = service.tuning.throttled
    annotations = {
        "summary": "The CPU of a service is held back at its limit.",
        "description": f"{service.name} was held back in {SHARE} of its CPU periods: it waits for CPU though the node may have some.",
    }
    above, below = round((1 + limit) / 2, 6), limit * Decimal("0.9")
    return Alert(
        name=CPU_THROTTLED,
        expr=f"{_series(catalog, service, series_names.THROTTLED)} > {plain(limit)}",
        hold=catalog.paced("15m"),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=attempted(
            _throttled_cases(service, below, above, filled(annotations, {SHARE: percent(above)}))
        ),
    )


def _throttled_cases(service: Service, below: Decimal, above: Decimal, fired: Annotations) -> Iterator[Case]:
    throttled, periods = service.instruments["throttled"], service.instruments["periods"]
    phases = (Phase(FIRST, Decimal(600) * below), Phase(MORE, Decimal(600) * above))
    steady = (Phase(FIRST + MORE, Decimal(600)),)
    inputs = (counting(throttled, phases), counting(periods, steady))
    yield Case(
        name="held back a little, and then much",
        inputs=inputs,
        checks=(
            Check(minutes=(FIRST - 1) * STEP),
            Check(minutes=(FIRST + MORE - 1) * STEP, fires=True, annotations=fired),
        ),
    )
    yield _nothing()


def _used(
    catalog: Catalog, service: Service, resource: str, first: Decimal, then: Decimal
) -> tuple[Input, ...]:
    """Return series that make a resource so full, and then so full; as recorded, where promtool cannot be given its instruments."""
    found = saturation.resources(service.instruments)[resource]
    used, limit = found.used, found.limit
    if used.expression or limit.expression or used.native or used.names:
        series = _series(catalog, service, series_names.SATURATION, resource)
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
