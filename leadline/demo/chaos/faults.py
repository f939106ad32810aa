"""The faults: effect on the service, expected alert, and theoretical time until it fires."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import leadline.alerts.rules
from leadline.alerts.model import Alert
from leadline.base.errors import NoDataError
from leadline.base.units import duration
from leadline.catalog.model import Catalog
from leadline.signals import burn
from leadline.signals.alert_names import ABSENT, BURNING, SERVICE_DOWN, TARGETS_DOWN
from leadline.signals.burn import PAGE
from leadline.signals.objective import Objective

from ..behaviour import Behaviour

HEALTHY = Behaviour(failing=0)
"""Healthy behaviour: the demo's default 0.6 % of failures alone would exhaust a 99.9 % budget and page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault.

    says       description for people
    objective  objective whose budget it consumes; empty if its alert is not on an objective
    usual      bad share of the objective's events without the fault
    share      bad share of the objective's events during the fault
    behaviour  behaviour of the service; None if it is stopped
    silences   alerts that also fire but must not be delivered while the fault's own alert fires
    """

    name: str
    says: str
    alert: str
    objective: str = ""
    usual: float = 0.0
    share: float = 1.0
    behaviour: Behaviour | None = None
    silences: tuple[str, ...] = ()


FAULTS = (
    Fault(
        name="cost",
        says="every token costs 50 times as much",
        alert=BURNING["cost"],
        objective="cost",
        behaviour=Behaviour(failing=0, price_factor=50),
    ),
    Fault(
        name="latency",
        says="every request takes 0.7 s longer",
        alert=BURNING["latency"],
        objective="latency",
        usual=0.0175,  # half of the retries, whose median is the objective's threshold
        behaviour=Behaviour(failing=0, slow_seconds=0.7),
    ),
    Fault(
        name="errors",
        says="a fifth of the requests is answered 500",
        alert=BURNING["availability"],
        objective="availability",
        share=0.2,
        behaviour=Behaviour(failing=0.2),
    ),
    Fault(
        name="stop",
        says="the service is stopped",
        alert=SERVICE_DOWN,
        silences=(TARGETS_DOWN, ABSENT["requests"]),
    ),
)
"""Faults in order of injection: the one with the longest alert windows first, while those are still short."""


def hastened(catalog: Catalog, pace: int) -> Catalog:
    """Return the catalog at another pace: scraped and evaluated every second, with a budget for a month of steady load."""
    second = Decimal(1)
    return replace(
        catalog,
        pace=Decimal(pace),
        scrape_interval=second,
        evaluation_interval=second,
        monthly_budget_usd=Decimal(100_000),
    )


def in_theory(catalog: Catalog, fault: Fault, history: float) -> float:
    """Return the seconds from the fault until its alert fires, ignoring scrape and evaluation delays.

    For an objective: until the share of bad events exceeds the threshold in both windows of a pair, plus `for` (Google SRE
    Workbook, chapter 5: threshold × window ÷ share). A window that is not full yet, with only `history` seconds of events,
    exceeds it sooner.
    """
    hold = float(duration(_alert(catalog, fault.alert).hold))
    objective = next((each for each in catalog.services[0].objectives if each.name == fault.objective), None)
    return hold + (_burnt(catalog, objective, fault, history) if objective else 0.0)


def _burnt(catalog: Catalog, objective: Objective, fault: Fault, history: float) -> float:
    """Return the seconds until one of the page's window pairs meets its condition."""
    pairs = [pair for pair in burn.usable(objective, catalog.retention) if pair.severity == PAGE]
    limits = [(pair, float(burn.threshold(objective, pair))) for pair in pairs]
    return min(
        max(
            _above(limit, fault, float(duration(window) / catalog.pace), history)
            for window in (pair.long, pair.short)
        )
        for pair, limit in limits
        if limit < fault.share
    )


def _above(limit: float, fault: Fault, window: float, history: float) -> float:
    """Return the seconds until the share of bad events over a window exceeds a limit."""
    lacking = limit - fault.usual
    growing = lacking * history / (fault.share - limit)
    return growing if history + growing <= window else lacking * window / (fault.share - fault.usual)


def _alert(catalog: Catalog, name: str) -> Alert:
    for file in leadline.alerts.rules.build(catalog):
        for group in file.groups:
            for alert in group.alerts:
                if alert.name == name:
                    return alert
    raise NoDataError(f"no rule {name} is generated from {catalog.file}")
