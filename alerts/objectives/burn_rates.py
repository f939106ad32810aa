"""Multiwindow, multi-burn-rate alerts on objectives, and the recorded events that they read."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import duration, plain, rounded
from leadline.signals import burn, series_names
from leadline.signals.burn import PAGE, TICKET, BurnRateWindows
from leadline.signals.promql import indent, select

from ..model import Alert, Recording
from .sli import DIGITS, SLI

HOLD = {PAGE: "2m", TICKET: "15m"}
KEEP = {PAGE: "5m", TICKET: "30m"}
"""How long a condition must hold before the alert fires, and be gone before it resolves."""


def recordings(sli: SLI) -> Iterator[Recording]:
    """Record numerator and denominator separately, for the windows of the fast page: never NaN, and 0 is 0."""
    if not sli.is_watched:
        return
    slices = sli.slices
    if slices and not sli.is_slice(sli.slice):
        yield Recording(record=slices.events, expr=sli.events(sli.slice), labels=sli.labels)
        yield Recording(record=slices.bad, expr=sli.bad(sli.slice), labels=sli.labels)
    for base in burn.RECORDED:
        window = sli.scope.window(base)
        if base != series_names.WINDOW and base not in _windows(sli):
            continue
        for record, read, write in (
            (series_names.slo_events, slices and slices.events, sli.events),
            (series_names.slo_bad_events, slices and slices.bad, sli.bad),
        ):
            is_read = slices and read and not sli.is_slice(window)
            expr = (
                slices.over(select(read, sli.where), window) if slices and read and is_read else write(window)
            )
            yield Recording(record=record(window), expr=expr, labels=sli.labels)


def sums(sli: SLI, seconds: Decimal) -> Iterator[Recording]:
    """Record events per interval of `seconds`; long windows and periods are sums of these."""
    if not sli.is_watched:
        return
    for record, rate in (
        (series_names.SLO_EVENTS_COUNTED, series_names.slo_events),
        (series_names.SLO_BAD_EVENTS_COUNTED, series_names.slo_bad_events),
    ):
        events = select(rate(sli.slice), sli.where)
        yield Recording(record=record, expr=f"{events} * {plain(seconds)}", labels=sli.labels)


def _windows(sli: SLI) -> set[str]:
    """Return the windows that the objective's alerts read."""
    pairs = (*sli.pairs(PAGE), *sli.pairs(TICKET))
    return {window for windows in pairs for window in (windows.short, windows.long)}


def alerts(sli: SLI) -> Iterator[Alert]:
    """Yield a page and a ticket alert, each over the window pairs that can be met, if any."""
    for severity in (PAGE, TICKET):
        if pairs := sli.pairs(severity):
            yield Alert(
                name=sli.alert_name(severity),
                expr="\nor\n".join(f"(\n{indent(_condition(sli, windows))}\n)" for windows in pairs),
                hold=sli.scope.window(HOLD[severity]),
                keep=sli.scope.window(KEEP[severity]),
                labels={"severity": severity, **sli.labels},
                annotations=sli.describe(severity),
            )


def _condition(sli: SLI, windows: BurnRateWindows) -> str:
    """Write the condition of a window pair: the long one lost budget, not by chance, and the short one is still losing it."""
    limit = plain(rounded(burn.threshold(sli.objective, windows), DIGITS))
    bad, recent_bad = sli.bad_in(windows.long), sli.bad_in(windows.short)
    conditions = [f"{sli.share_in(windows.long)} > {limit}", f"{sli.share_in(windows.short)} > {limit}"]
    if sli.sampled:
        bound = sli.events_in(windows.long, burn.bound_threshold(sli.objective, windows))
        conditions.append(f"sqrt({bad}) - {plain(burn.CONFIDENCE_Z / 2)} > sqrt({bound})")
    expected = sli.events_in(
        windows.long, duration(windows.short) / duration(windows.long) * burn.LEAST_BAD_OF_EXPECTED
    )
    conditions.append(f"{recent_bad} >= clamp({expected}, 1, {plain(burn.LEAST_BAD)})")
    for total, least in zip((sli.events_in(windows.long), bad), sli.least, strict=True):
        if least:
            conditions.append(f"{total} >= {plain(least)}")
    return "\nand ".join(conditions)
