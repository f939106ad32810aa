"""Multiwindow, multi-burn-rate alerts on objectives, and the recorded events that they read."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from alerts.model import Alert, Recording
from alerts.objectives import arms as single
from alerts.objectives.proofs import PAGE_STEP, TICKET_STEP
from alerts.objectives.watched import Watched
from signals import burn, recorded
from signals.burn import PAGE, TICKET, Arm
from signals.promql import indent, select
from signals.units import duration, plain

LEAST_STILL_BAD = Decimal(2)
"""Bad events of the short window from which it still goes on: a single one, hours after a burn, is no second burn."""
HOLD = {PAGE: "2m", TICKET: "15m"}
KEEP = {PAGE: "5m", TICKET: "30m"}
"""How long a condition holds before anybody is told, and how long it must be gone before they are told that."""


def recordings(watched: Watched) -> Iterator[Recording]:
    """Record numerator and denominator apart, once a window, straight from the counters: never NaN, and 0 is 0."""
    arms = burn.usable(watched.objective, watched.catalog.retention)
    named = (watched.catalog.paced(window) for arm in arms for window in (arm.short, arm.long))
    windows = dict.fromkeys((watched.slice, *sorted(named, key=duration)) if arms else ())
    slices = watched.slices
    if slices and windows:
        yield Recording(record=slices.events, expr=watched.events(watched.slice), labels=watched.labels)
        yield Recording(record=slices.bad, expr=watched.bad(watched.slice), labels=watched.labels)
    for window in windows:
        if watched.is_slice(window):
            continue
        for record, read, write in (
            (recorded.slo_events, slices and slices.events, watched.events),
            (recorded.slo_bad_events, slices and slices.bad, watched.bad),
        ):
            expr = slices.over(select(read, watched.where), window) if slices and read else write(window)
            yield Recording(record=record(window), expr=expr, labels=watched.labels)


def alerts(watched: Watched) -> Iterator[Alert]:
    """Give a page and a ticket alert, each of the arms that can be met; none where none can."""
    usable = burn.usable(watched.objective, watched.catalog.retention)
    for severity in (PAGE, TICKET):
        arms = tuple(arm for arm in usable if arm.severity == severity)
        if not arms:
            continue
        annotations = watched.describe(severity)
        yield Alert(
            name=watched.alert_name(severity),
            expr="\nor\n".join(f"(\n{indent(_arm(watched, arm))}\n)" for arm in arms),
            hold=watched.catalog.paced(HOLD[severity]),
            keep=watched.catalog.paced(KEEP[severity]),
            labels={"severity": severity, **watched.labels},
            annotations=annotations,
            cases=(
                *watched.prove(severity, arms, annotations),
                *single.cases(
                    watched,
                    arms,
                    (HOLD[severity], KEEP[severity]),
                    (*watched.least, LEAST_STILL_BAD),
                    annotations,
                    PAGE_STEP if severity == PAGE else TICKET_STEP,
                ),
            ),
        )


def _arm(watched: Watched, arm: Arm) -> str:
    """Write an arm's condition: in its long and in its short window, and with enough events, and bad ones, to tell."""
    limit = plain(burn.threshold(watched.objective, arm))
    long, short = (watched.catalog.paced(window) for window in (arm.long, arm.short))
    shares = (f"{burn.share(watched.where, window)} > {limit}" for window in (long, short))
    events, bad = watched.least
    enough = (
        _at_least(watched, recorded.slo_events(long), long, events),
        _at_least(watched, recorded.slo_bad_events(long), long, bad),
        _at_least(watched, recorded.slo_bad_events(short), short, LEAST_STILL_BAD),
    )
    return "\nand\n".join((*shares, *enough))


def _at_least(watched: Watched, record: str, window: str, least: Decimal) -> str:
    return f"{select(record, watched.where)} * {plain(duration(window))} >= {plain(least)}"
