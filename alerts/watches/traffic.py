"""Alert on traffic: far less, or far more, than at the same hour a week before. Demand is no objective, but news."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from alerts.annotations import SHARE, filled, percent
from alerts.examples import Stretch, counting, success
from alerts.model import Alert, Case, Input, Recording
from signals import burn, recorded
from signals.alarms import TRAFFIC_DROP, TRAFFIC_SURGE
from signals.catalog import Catalog, Service
from signals.instruments import Instrument, rate
from signals.promql import select
from signals.units import duration, plain

WINDOW, HOLD, WEEK = "30m", "30m", "1w"
LEAST_REQUESTS = 100
"""With fewer in the half hour a week before, twice as many, or half, is chance."""
STEP, WEEK_STEPS, MORE_STEPS, EVERY = 15, 672, 48, 240
USUAL = Decimal(10_000)
"""Minutes between samples of the cases, how many of them are a week, and twelve hours, and minutes between evaluations; and the
requests in each sample."""


def is_watched(catalog: Catalog, service: Service) -> bool:
    """Whether traffic is counted, and samples of a week before are kept."""
    return "requests" in service.instruments and catalog.keeps("8d")


def recordings(catalog: Catalog, service: Service) -> Iterator[Recording]:
    """Record the traffic that is compared."""
    if is_watched(catalog, service):
        window = catalog.paced(WINDOW)
        yield Recording(
            record=recorded.requests(window),
            expr=rate(service.instruments["requests"], window),
            labels=catalog.labels(service),
        )


def alerts(catalog: Catalog, service: Service) -> Iterator[Alert]:
    """Give the alerts on a drop and on a surge."""
    if not is_watched(catalog, service):
        return
    tuning, requests = service.tuning, service.instruments["requests"]
    drop, surge = tuning.traffic_drop, tuning.traffic_surge
    yield _alert(
        catalog,
        service,
        TRAFFIC_DROP,
        f"< {plain(drop)}",
        "A service gets far fewer requests than a week before.",
        f"{service.name} gets {SHARE} of the requests of the same half hour a week before: callers cannot reach it, or have gone.",
        _cases(requests, drop * Decimal("0.5"), drop * Decimal("1.1")),
    )
    yield _alert(
        catalog,
        service,
        TRAFFIC_SURGE,
        f"> {plain(surge)}",
        "A service gets far more requests than a week before.",
        f"{service.name} gets {SHARE} of the requests of the same half hour a week before: a campaign, a retry storm, or abuse.",
        _cases(requests, surge * Decimal("1.5"), surge * Decimal("0.9")),
    )


def _alert(
    catalog: Catalog,
    service: Service,
    name: str,
    compared: str,
    summary: str,
    description: str,
    cases: tuple[tuple[Case, Decimal | None], ...],
) -> Alert:
    window = catalog.paced(WINDOW)
    now = select(recorded.requests(window), recorded.owner(catalog.project, service.name))
    before = f"{now} offset {catalog.paced(WEEK)}"
    annotations = {"summary": summary, "description": description}
    return Alert(
        name=name,
        expr=f"{now}\n/\n({before} > 0)\n{compared}\nand\n{before} * {plain(duration(window))} >= {LEAST_REQUESTS}",
        hold=catalog.paced(HOLD),
        labels=catalog.labels(service, severity=burn.TICKET),
        annotations=annotations,
        cases=tuple(_expecting(case, share, annotations) for case, share in cases),
    )


def _expecting(case: Case, share: Decimal | None, annotations: dict[str, str]) -> Case:
    fired = None if share is None else filled(annotations, {SHARE: percent(share)})
    return replace(case, annotations=fired)


def _cases(requests: Instrument, beyond: Decimal, within: Decimal) -> tuple[tuple[Case, Decimal | None], ...]:
    """Give a week of usual traffic and twelve hours of another; the share that fires, or None for silence."""

    def case(name: str, share: Decimal, steps: int = WEEK_STEPS, usual: Decimal = USUAL) -> Case:
        stretches = (Stretch(steps, usual), Stretch(MORE_STEPS + 1, usual * share))
        return Case(
            name=name,
            inputs=_traffic(requests, stretches),
            minutes=(steps + MORE_STEPS) * STEP,
            step=EVERY,
            sampled=STEP,
        )

    return (
        (case("beyond the limit", beyond), beyond),
        (case("within the limit", within), None),
        (case("no week before", beyond, steps=96), None),
        (case("few requests", beyond, usual=Decimal(40)), None),
        (Case(name="nothing is measured", inputs=(), minutes=480, step=EVERY, sampled=STEP), None),
    )


def _traffic(requests: Instrument, stretches: tuple[Stretch, ...]) -> tuple[Input, ...]:
    return (counting(requests, stretches, lambda each: each.events, **success(requests)),)
