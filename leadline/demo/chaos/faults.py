"""The faults, what each does to the service, the alert that must tell of it, and how soon in theory."""

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
"""The usual 0.6 % of failures would use up the budget of 99.9 % by themselves, and page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong.

    says       what happens, as told to whoever looks on
    objective  whose budget it uses up; empty where it is no objective that tells of it
    usual      share of its events that are bad anyhow
    share      share of its events that are bad meanwhile
    behaviour  how the service behaves; None where it is stopped
    silences   alerts that fire as well, and that nobody must be told of while the fault's own does
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
        behaviour=Behaviour(failing=0, dear=50),
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
"""In the order in which they are made: the one whose alert reads the longest windows first, while these are short."""


def hastened(catalog: Catalog, pace: int) -> Catalog:
    """Return the catalog at another pace; scraped and evaluated every second, with a budget for a month of steady load."""
    second = Decimal(1)
    return replace(
        catalog,
        pace=Decimal(pace),
        scrape_interval=second,
        evaluation_interval=second,
        monthly_budget_usd=Decimal(100_000),
    )


def in_theory(catalog: Catalog, fault: Fault, history: float) -> float:
    """Return the seconds from the fault until its alert fires, scrapes and evaluations taking no time.

    Of an objective: until the share of bad events is above the threshold in both windows of one arm, and `for` after that (Google
    SRE workbook, chapter 5: threshold × window ÷ share). A window that is not full yet, because there have been events for
    `history` seconds only, is above it sooner.
    """
    hold = float(duration(_alert(catalog, fault.alert).hold))
    objective = next((each for each in catalog.services[0].objectives if each.name == fault.objective), None)
    return hold + (_burnt(catalog, objective, fault, history) if objective else 0.0)


def _burnt(catalog: Catalog, objective: Objective, fault: Fault, history: float) -> float:
    """Return the seconds until the condition of a page is met by one of its arms."""
    arms = [arm for arm in burn.usable(objective, catalog.retention) if arm.severity == PAGE]
    limits = [(arm, float(burn.threshold(objective, arm))) for arm in arms]
    return min(
        max(
            _above(limit, fault, float(duration(window) / catalog.pace), history)
            for window in (arm.long, arm.short)
        )
        for arm, limit in limits
        if limit < fault.share
    )


def _above(limit: float, fault: Fault, window: float, history: float) -> float:
    """Return the seconds until the share of bad events over a window is above a limit."""
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
