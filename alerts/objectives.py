"""Objectives watched: their events recorded by window, and multiwindow, multi-burn-rate alerts on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from alerts.model import Alert, Case, Recording
from signals import burn, recorded
from signals.burn import PAGE, TICKET, Arm
from signals.catalog import Catalog, Objective, Service
from signals.promql import Matcher, indent, select
from signals.units import duration, plain

LEAST_EVENTS = 20
"""With fewer events in the long window a share says nothing: one failure of three is no outage."""
HOLD = {PAGE: "2m", TICKET: "15m"}
KEEP = {PAGE: "5m", TICKET: "30m"}
"""How long a condition holds before anybody is told, and how long it must be gone before they are told that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An objective of a service with what its events are.

    events, bad  per second over a window, as PromQL: all, and those that use up the budget
    name         the page alert's name; the ticket's ends with Slow
    """

    service: Service
    objective: Objective
    name: str
    events: Callable[[str], str]
    bad: Callable[[str], str]

    def alert_name(self, severity: str) -> str:
        return self.name if severity == PAGE else f"{self.name}Slow"


def recordings(watched: Watched, arms: tuple[Arm, ...], owner: dict[str, str]) -> Iterator[Recording]:
    """Record numerator and denominator apart, once a window, straight from the counters: never NaN, and 0 is 0."""
    labels = {**owner, "objective": watched.objective.name}
    windows = dict.fromkeys(window for arm in arms for window in (arm.short, arm.long))
    for window in sorted(windows, key=duration):
        yield Recording(record=recorded.slo_events(window), expr=watched.events(window), labels=labels)
        yield Recording(record=recorded.slo_bad_events(window), expr=watched.bad(window), labels=labels)


def expression(watched: Watched, arms: tuple[Arm, ...], project: str) -> str:
    """Write the condition: any of the arms, each in its long and its short window, and with enough events to tell."""
    where = (
        *recorded.owner(project, watched.service.name),
        Matcher("objective", "=", watched.objective.name),
    )
    return "\nor\n".join(f"(\n{indent(_arm(watched, arm, where))}\n)" for arm in arms)


def _arm(watched: Watched, arm: Arm, where: tuple[Matcher, ...]) -> str:
    limit = plain(burn.threshold(watched.objective, arm))
    long, short = (f"{_share(window, where)} > {limit}" for window in (arm.long, arm.short))
    events = select(recorded.slo_events(arm.long), where)
    return f"{long}\nand\n{short}\nand\n{events} * {plain(duration(arm.long))} >= {LEAST_EVENTS}"


def _share(window: str, where: tuple[Matcher, ...]) -> str:
    return f"{select(recorded.slo_bad_events(window), where)}\n/\n({select(recorded.slo_events(window), where)} > 0)"


def alerts(
    catalog: Catalog,
    watched: Watched,
    describe: Callable[[str], dict[str, str]],
    cases: Callable[[str, tuple[Arm, ...], dict[str, str]], tuple[Case, ...]],
) -> Iterator[Alert]:
    """Give a page and a ticket alert, each of the arms that can be met; none where none can."""
    usable = burn.usable(watched.objective, catalog.retention)
    for severity in (PAGE, TICKET):
        arms = tuple(arm for arm in usable if arm.severity == severity)
        if not arms:
            continue
        annotations = describe(severity)
        yield Alert(
            name=watched.alert_name(severity),
            expr=expression(watched, arms, catalog.project),
            hold=HOLD[severity],
            keep=KEEP[severity],
            labels={
                "severity": severity,
                "project": catalog.project,
                "service": watched.service.name,
                "objective": watched.objective.name,
            },
            annotations=annotations,
            cases=cases(severity, arms, annotations),
        )
