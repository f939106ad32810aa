"""A window pair in the steps of its tests, and its condition."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from leadline.base.units import duration, rounded
from leadline.signals import burn
from leadline.signals.burn import BurnRateWindows

from ...objectives.sli import SLI
from ..model import STEP
from ..sli_series import MINUTE, many_events

ABOVE_LITTLE, ABOVE_MORE = Decimal("1.1"), Decimal("1.15")
"""Factors that exceed a limit in one window and stay below twice the limit in all."""
QUIET = Decimal("0.3")
"""Events per step in a quiet night."""

Level = tuple[Decimal, Decimal]
"""Events and bad events per step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A window pair: windows and alert delays in steps, allowed share of bad events, and events per step."""

    long: int
    short: int
    limit: Decimal
    hold: int
    keep: int
    many: Decimal

    @property
    def burst(self) -> Decimal:
        return rounded(self.many * max(DILUTED, LOST / self.limit), 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The condition of a window pair: windows in minutes, and limits as in the alert."""

    long: int
    short: int
    limit: float
    bound: float | None
    expected: float
    least: tuple[Decimal, Decimal]

    @classmethod
    def of(cls, sli: SLI, windows: BurnRateWindows) -> Condition:
        long, short = (int(duration(each) / MINUTE) for each in (windows.long, windows.short))
        return cls(
            long=long,
            short=short,
            limit=float(burn.threshold(sli.objective, windows)),
            bound=float(burn.bound_threshold(sli.objective, windows)) if sli.sampled else None,
            expected=float(burn.LEAST_BAD_OF_EXPECTED) * short / long,
            least=sli.least,
        )

    def is_met(self, long: tuple[float, float], short: tuple[float, float]) -> bool:
        """Return whether (events, bad events) of both windows meet the condition."""
        (events, bad), (recent, recent_bad) = long, short
        return (
            events > 0
            and recent > 0
            and bad / events > self.limit
            and recent_bad / recent > self.limit
            and (
                self.bound is None
                or math.sqrt(bad) - float(burn.CONFIDENCE_Z) / 2 > math.sqrt(events * self.bound)
            )
            and recent_bad >= min(max(events * self.expected, 1), float(burn.LEAST_BAD))
            and events >= self.least[0]
            and bad >= self.least[1]
        )


def in_steps(sli: SLI, windows: BurnRateWindows, waits: tuple[str, str]) -> Pair:
    step = STEPS[windows.long]

    def steps(text: str) -> int:
        return math.ceil(duration(text) / MINUTE / step)

    hold, keep = map(steps, waits)
    limit = burn.threshold(sli.objective, windows)
    return Pair(
        long=steps(windows.long),
        short=steps(windows.short),
        limit=limit,
        hold=hold,
        keep=keep,
        many=many_events(sli),
    )


MANY = Decimal(1_000_000)
"""Events per step, enough to rule out chance."""


BURST = MANY * 10_000
"""Good events of one step, enough to dilute all bad ones of a test."""


DILUTED, LOST = Decimal(10_000), Decimal(200)
"""Size of a burst relative to a normal step, or to the limit, that dilutes all bad events in any window that still sees it."""


STEPS = {"1h": STEP, "6h": 15, "1d": 30, "3d": 180}
"""Minutes between evaluations of the tests of each long window."""


GIVEN = "replica"
"""The label of input series that replace recordings: it avoids collisions with rules and allows parallel series."""


EXACT, JUST_BELOW = Decimal("0.0001"), Decimal("0.99")
"""Limits from EXACT are tested exactly; smaller ones just below, because floats cannot distinguish their shares."""


MOST_OLD = Decimal("0.95")
"""The share of bad events in old events."""


FEW = (
    ("fewer than expected", Decimal("1.6"), Decimal("1.3"), False),
    ("less than one", Decimal("0.5"), Decimal("0.8"), False),
    ("as many as expected", Decimal("1.4"), Decimal("1.7"), True),
    ("one of one", Decimal("0.9"), Decimal(1), True),
)
"""Cases with few expected events in the short window: name, bad events at the edge, actual bad events, whether it fires."""


def bad_by_chance(bound: Decimal, room: Decimal, most: int) -> tuple[Decimal, Decimal]:
    """Return a share and a count of bad events whose lower confidence bound is about `room` times the required one."""
    share = min(Decimal(1), most * bound)
    return share, (burn.CONFIDENCE_Z / 2 / (1 - room * (bound / share).sqrt())) ** 2
