"""Multiwindow, multi-burn-rate alerts on objectives, and the recorded events that they read."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import duration, plain, rounded
from leadline.signals import burn, series_names
from leadline.signals.burn import PAGE, TICKET, BurnRateWindows
from leadline.signals.promql import indent, select

from ..input_series import attempted
from ..model import Alert, Recording
from . import burn_rate_tests
from .sli import DIGITS, SLI

HOLD = {PAGE: "2m", TICKET: "15m"}
KEEP = {PAGE: "5m", TICKET: "30m"}
"""How long a condition must hold before a notification is sent, and be gone before the alert resolves."""


def recordings(watched: SLI) -> Iterator[Recording]:
    """Record numerator and denominator apart, for the windows of the fast page: never NaN, and 0 is 0."""
    if not burn.usable(watched.objective, watched.catalog.retention):
        return
    slices = watched.slices
    if slices and not watched.is_slice(watched.slice):
        yield Recording(record=slices.events, expr=watched.events(watched.slice), labels=watched.labels)
        yield Recording(record=slices.bad, expr=watched.bad(watched.slice), labels=watched.labels)
    for base in burn.RECORDED:
        window = watched.catalog.paced(base)
        if base != series_names.WINDOW and base not in _windows(watched):
            continue
        for record, read, write in (
            (series_names.slo_events, slices and slices.events, watched.events),
            (series_names.slo_bad_events, slices and slices.bad, watched.bad),
        ):
            is_read = slices and read and not watched.is_slice(window)
            expr = (
                slices.over(select(read, watched.where), window)
                if slices and read and is_read
                else write(window)
            )
            yield Recording(record=record(window), expr=expr, labels=watched.labels)


def sums(watched: SLI, seconds: Decimal) -> Iterator[Recording]:
    """Record events as numbers, those of `seconds` each: long windows and periods are sums of these."""
    if not burn.usable(watched.objective, watched.catalog.retention):
        return
    for record, rate in (
        (series_names.SLO_EVENTS_COUNTED, series_names.slo_events),
        (series_names.SLO_BAD_EVENTS_COUNTED, series_names.slo_bad_events),
    ):
        events = select(rate(watched.slice), watched.where)
        yield Recording(record=record, expr=f"{events} * {plain(seconds)}", labels=watched.labels)


def _windows(watched: SLI) -> list[str]:
    """Return the windows that the objective's alerts read, the shortest first."""
    arms = burn.usable(watched.objective, watched.catalog.retention)
    return sorted({window for arm in arms for window in (arm.short, arm.long)}, key=duration)


def alerts(watched: SLI) -> Iterator[Alert]:
    """Return a page and a ticket alert, each of the arms that can be met; none where none can."""
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
            cases=attempted(
                burn_rate_tests.cases(watched, arms, (HOLD[severity], KEEP[severity]), annotations)
            ),
        )


def _arm(watched: SLI, arm: BurnRateWindows) -> str:
    """Write the condition of a window pair: budget was lost in the long one, not by chance, and still is in the short one."""
    limit = plain(rounded(burn.threshold(watched.objective, arm), DIGITS))
    bad, recent_bad = watched.bad_in(arm.long), watched.bad_in(arm.short)
    conditions = [f"{watched.share_in(arm.long)} > {limit}", f"{watched.share_in(arm.short)} > {limit}"]
    if watched.sampled:
        bound = watched.events_in(arm.long, burn.bound_threshold(watched.objective, arm))
        conditions.append(f"sqrt({bad}) - {plain(burn.CONFIDENCE_Z / 2)} > sqrt({bound})")
    expected = watched.events_in(
        arm.long, duration(arm.short) / duration(arm.long) * burn.LEAST_BAD_OF_EXPECTED
    )
    conditions.append(f"{recent_bad} >= clamp({expected}, 1, {plain(burn.LEAST_BAD)})")
    for total, least in zip((watched.events_in(arm.long), bad), watched.least, strict=True):
        if least:
            conditions.append(f"{total} >= {plain(least)}")
    return "\nand ".join(conditions)
