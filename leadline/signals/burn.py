"""Burn rates: how many times faster than allowed an error budget is consumed (Google SRE Workbook, chapter 5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from leadline.base.units import duration, plain

from . import series_names
from .objective import Objective
from .promql import Matcher, select

PAGE, TICKET = "critical", "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRateWindows:
    """A pair of windows: the long one shows that budget was lost, the short one that the loss continues."""

    severity: str
    long: str
    short: str


BURN_RATE_WINDOWS = (
    BurnRateWindows(severity=PAGE, long="1h", short="5m"),
    BurnRateWindows(severity=PAGE, long="6h", short="30m"),
    BurnRateWindows(severity=TICKET, long="1d", short="2h"),
    BurnRateWindows(severity=TICKET, long="3d", short="6h"),
)
RECORDED = ("5m", "1h")
"""Windows of the fast page, recorded from the counters. Longer windows sum the per-minute recordings."""
SHARES = {
    7: (Decimal("0.08"), Decimal("0.125"), Decimal("0.2"), Decimal("0.42")),
    28: (Decimal("0.02"), Decimal("0.05"), Decimal("0.1"), Decimal("0.1")),
    30: (Decimal("0.02"), Decimal("0.05"), Decimal("0.1"), Decimal("0.1")),
}
"""Share of the period's budget that each long window may use, by period in days, in the order of BURN_RATE_WINDOWS."""
LEAST_BAD = Decimal(2)
"""Minimum bad events in a burn: one failure is never an outage, however large a share of low traffic it is.

If the short window is expected to hold fewer events than this, one is enough; see LEAST_BAD_OF_EXPECTED.
"""
LEAST_BAD_OF_EXPECTED = Decimal("0.5")
"""Bad events required in the short window, as a share of the events expected there, between 1 and LEAST_BAD.

The expectation is the long window's rate. A single failure in the hours after a burn is not a second burn, but at 2
requests an hour a short window rarely has two requests. Simulated in docs/evidence/low-traffic.md.
"""
CONFIDENCE_Z = Decimal("2.33")
"""Standard deviations between the count of bad events and its lower confidence bound: 99 %, one-sided.

By the variance-stabilizing transformation of a Poisson count (Bartlett 1936): the square root of a count has a standard
deviation of about 1/2, so the bound exceeds the threshold if sqrt(bad) - z/2 > sqrt(share * events). Because z/2 > 1,
one bad event never does. docs/evidence/low-traffic.md compares values of z.
"""
BOUND_BURN_RATE = Decimal(2)
BOUND_FRACTION = Decimal("0.7")
"""The lower confidence bound must exceed BOUND_BURN_RATE, capped at this fraction of the window pair's factor.

The measured burn rate must exceed the whole factor. If the bound had to as well, moderate traffic would miss burns of
several times the factor. docs/evidence/low-traffic.md compares bounds.
"""


def factor(objective: Objective, pair: BurnRateWindows) -> Decimal:
    """Return the burn rate of a window pair: share × period ÷ long window. 13.44, 5.6, 2.8 and 0.9333 for 28 days."""
    days = int(objective.period_seconds / 86400)
    return SHARES[days][BURN_RATE_WINDOWS.index(pair)] * objective.period_seconds / duration(pair.long)


def threshold(objective: Objective, pair: BurnRateWindows) -> Decimal:
    """Return the share of bad events above which a window pair fires: factor × (1 − target)."""
    return factor(objective, pair) * (1 - objective.target)


def bound_factor(objective: Objective, pair: BurnRateWindows) -> Decimal:
    """Return the burn rate that the lower confidence bound must exceed. 2, 2, 1.96 and 0.6533 for 28 days."""
    return min(BOUND_BURN_RATE, BOUND_FRACTION * factor(objective, pair))


def bound_threshold(objective: Objective, pair: BurnRateWindows) -> Decimal:
    """Return the share of bad events that the lower confidence bound must exceed: bound factor × (1 − target)."""
    return bound_factor(objective, pair) * (1 - objective.target)


def usable(objective: Objective, retention: Decimal | None) -> tuple[BurnRateWindows, ...]:
    """Return the window pairs that can fire: threshold below 100 % bad events, long window within the retention."""
    return tuple(pair for pair in BURN_RATE_WINDOWS if not refused(objective, pair, retention))


def has_budget(objective: Objective, retention: Decimal | None) -> bool:
    """Return whether an objective's budget is computed: a window pair is usable and the retention covers the period."""
    return bool(usable(objective, retention)) and (retention is None or objective.period_seconds <= retention)


def share(where: Sequence[Matcher], window: str) -> str:
    """Write the share of recorded events that are bad over a window; no result without events."""
    bad, events = series_names.slo_bad_events(window), series_names.slo_events(window)
    return f"{select(bad, where)}\n/ ({select(events, where)} > 0)"


def burning(where: Sequence[Matcher], window: str) -> str:
    """Write the burn rate over a recorded window: the share of bad events ÷ what the objective allows."""
    return f"{share(where, window)}\n/\n(1 - {select(series_names.OBJECTIVE, where)})"


LEAST_COVERAGE = Decimal("0.01")
"""The part of a period that must be recorded before its budget is shown: a minute of it says nothing of a week."""


def remaining(where: Sequence[Matcher]) -> str:
    """Write what is left of recorded budgets; nothing of those of which too little of the period was recorded."""
    left, coverage = (select(each, where) for each in (series_names.SLO_REMAINING, series_names.SLO_COVERAGE))
    return f"{left}\nand on (project, service, objective)\n{coverage} >= {plain(LEAST_COVERAGE)}"


def summed_share(where: Sequence[Matcher], window: str) -> str:
    """Write the share of bad events over a long window, from the per-minute recordings."""
    bad, events = (
        select(each, where) for each in (series_names.SLO_BAD_EVENTS_COUNTED, series_names.SLO_EVENTS_COUNTED)
    )
    return f"sum_over_time({bad}[{window}])\n/\n(sum_over_time({events}[{window}]) > 0)"


def refused(objective: Objective, pair: BurnRateWindows, retention: Decimal | None) -> str:
    """Return why a window pair cannot fire, and what to change; empty if it can."""
    if threshold(objective, pair) >= 1:
        return (
            f"{plain(round(factor(objective, pair), 4))} × (1 − {plain(objective.target)}) is at least 1, so not even a total "
            "outage would exceed it; raise the objective's target"
        )
    if retention is not None and duration(pair.long) > retention:
        return f"the {pair.long} window is longer than the retention; keep samples for longer"
    return ""


def remarks(objective: Objective, retention: Decimal | None) -> Iterator[str]:
    """Yield a remark for each dropped window pair, with the reason."""
    for pair in BURN_RATE_WINDOWS:
        why = refused(objective, pair, retention)
        if why:
            kind = "page" if pair.severity == PAGE else "ticket"
            yield f"objective {objective.name}: the {kind} windows {pair.long}/{pair.short} are left out: {why}"
