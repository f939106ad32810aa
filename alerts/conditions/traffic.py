"""Alert on traffic: far less, or far more, than at the same hour a week before. Demand is no objective, but news."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import duration, plain
from leadline.catalog.model import Catalog, Service
from leadline.signals import burn, series_names
from leadline.signals.alert_names import TRAFFIC_DROP, TRAFFIC_SURGE
from leadline.signals.instruments import rate
from leadline.signals.promql import select

from ..annotations import SHARE, filled, percent
from ..input_series import Phase, attempted, counting, success
from ..model import IDLE_STEP, Alert, Case, Check, Recording

WINDOW, HOLD, WEEK = "30m", "30m", "1w"
LEAST_REQUESTS = 100
"""With fewer in the half hour a week before, twice as many, or half, is chance."""
SAMPLED, DAY_STEPS, EVERY = 15, 96, 480
"""Minutes between samples of the tests, how many of them are a day, and minutes between evaluations."""
USUAL, FEW = Decimal(10_000), Decimal(40)
"""Requests in each sample."""
FEWER, ENOUGH, MORE = Decimal("0.5"), Decimal("1.1"), Decimal("1.5")
"""Parts of a limit on the traffic of a week before that are beyond it, and within it."""


def is_watched(catalog: Catalog, service: Service) -> bool:
    """Whether traffic is counted, and samples of a week before are kept."""
    return "requests" in service.instruments and catalog.keeps("8d")


def recordings(catalog: Catalog, service: Service) -> Iterator[Recording]:
    """Record the traffic that is compared."""
    if is_watched(catalog, service):
        window = catalog.paced(WINDOW)
        yield Recording(
            record=series_names.requests(window),
            expr=rate(service.instruments["requests"], window),
            labels=catalog.labels(service),
        )


def alerts(catalog: Catalog, service: Service) -> Iterator[Alert]:
    """Return the alerts on a drop and on a surge."""
    if not is_watched(catalog, service):
        return
    tuning = service.tuning
    drop, surge = tuning.traffic_drop, tuning.traffic_surge
    yield _alert(
        catalog,
        service,
        TRAFFIC_DROP,
        f"< {plain(drop)}",
        "A service gets far fewer requests than a week before.",
        f"{service.name} gets {SHARE} of the requests of the same half hour a week before: callers cannot reach it, or have gone.",
        drop * FEWER,
    )
    yield _alert(
        catalog,
        service,
        TRAFFIC_SURGE,
        f"> {plain(surge)}",
        "A service gets far more requests than a week before.",
        f"{service.name} gets {SHARE} of the requests of the same half hour a week before: a campaign, a retry storm, or abuse.",
        surge * MORE,
    )


def _alert(
    catalog: Catalog,
    service: Service,
    name: str,
    compared: str,
    summary: str,
    description: str,
    beyond: Decimal,
) -> Alert:
    window = catalog.paced(WINDOW)
    now = select(series_names.requests(window), series_names.owner(catalog.project, service.name))
    before = f"{now} offset {catalog.paced(WEEK)}"
    annotations = {"summary": summary, "description": description}
    return Alert(
        name=name,
        expr=f"{now}\n/\n({before} > 0)\n{compared}\nand\n{before} * {plain(duration(window))} >= {LEAST_REQUESTS}",
        hold=catalog.paced(HOLD),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=attempted(_cases(service, name, filled(annotations, {SHARE: percent(beyond)}))),
    )


def _cases(service: Service, name: str, fired: dict[str, str]) -> Iterator[Case]:
    """A day of few requests and a usual week; then a day after the few, and days within and beyond each limit."""
    requests, tuning = service.instruments["requests"], service.tuning
    drop, surge = tuning.traffic_drop, tuning.traffic_surge
    days = (1 + 6) * [USUAL]
    days[0] = FEW
    days += [FEW * drop * FEWER, USUAL * min(drop * ENOUGH, Decimal(1)), USUAL * drop * FEWER]
    days += [USUAL * max(surge * Decimal("0.9"), Decimal(1)), USUAL * surge * MORE]
    at = {TRAFFIC_DROP: 10, TRAFFIC_SURGE: 12}[name]
    ends = [number * DAY_STEPS * SAMPLED - EVERY for number in range(5, len(days) + 1)]
    due = at * DAY_STEPS * SAMPLED - EVERY
    entry = counting(requests, [Phase(DAY_STEPS, events) for events in days], labels=success(requests))
    yield Case(
        name="few requests, and a day within, and a day beyond the limit",
        inputs=(entry,),
        checks=tuple(
            Check(minutes=end, fires=end == due, annotations=fired if end == due else None) for end in ends
        ),
        step=EVERY,
        sampled=SAMPLED,
    )
    yield Case(name="nothing is measured", inputs=(), checks=(Check(minutes=60),), step=IDLE_STEP)
