"""A pair of windows in the steps of its tests, and when it is met."""

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
"""Parts of a limit that are above it in one window, and less than twice it in any."""
QUIET = Decimal("0.3")
"""Events a step of a quiet night."""

Level = tuple[Decimal, Decimal]
"""Events and bad events of a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A pair of windows in steps, what share of bad events it allows, how the alert waits, in steps, and how many events a step has."""

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
    """When a pair of windows is met: its windows in minutes, and its limits as the alert has them."""

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
        """Return whether it is met by the events, and bad events, of both windows."""
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
"""Events a step, so many that none of their shares is chance."""


BURST = MANY * 10_000
"""Good events of one step in which all bad ones of a test are lost."""


DILUTED, LOST = Decimal(10_000), Decimal(200)
"""How many times the events of a step one step has that a window twice as long would still see: so many, or so many limits, that bad
ones are lost in them."""


STEPS = {"1h": STEP, "6h": 15, "1d": 30, "3d": 180}
"""Minutes between evaluations of the tests of each long window."""


GIVEN = "replica"
"""A label of what is given in place of what rules record: no rule records the same series, and many can be given side by side."""


EXACT, JUST_BELOW = Decimal("0.0001"), Decimal("0.99")
"""Limits from here on are tested at themselves; smaller ones, whose shares floats do not tell apart, just below."""


MOST_OLD = Decimal("0.95")
"""The share of bad events in what is long ago."""


FEW = (
    ("fewer than expected", Decimal("1.6"), Decimal("1.3"), False),
    ("less than one", Decimal("0.5"), Decimal("0.8"), False),
    ("as many as expected", Decimal("1.4"), Decimal("1.7"), True),
    ("one of one", Decimal("0.9"), Decimal(1), True),
)
"""Where few events are expected in the short window: how many bad ones are at the edge, how many there are, and whether it fires."""


def bad_by_chance(bound: Decimal, room: Decimal, most: int) -> tuple[Decimal, Decimal]:
    """Return a share and so many bad events of it that their lower confidence bound is `room` times, about, what it must exceed."""
    share = min(Decimal(1), most * bound)
    return share, (burn.CONFIDENCE_Z / 2 / (1 - room * (bound / share).sqrt())) ** 2
