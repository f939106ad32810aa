"""Rule tests of the alerts on the project's monthly budget."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.base.units import HOURS_PER_MONTH
from leadline.catalog.model import Service
from leadline.signals.alert_names import MONTH_SPENT

from ..annotations import USD
from ..conditions.budget import SPENT_SHARES
from .input_series import Phase, growing
from .model import NOTHING_MEASURED, AlertTest, Check, Input
from .subject import Subject

EVERY = 10
"""Minutes between samples and evaluations of these tests."""


def projected(subject: Subject) -> Iterator[AlertTest]:
    """Test spend as multiples of the allowed rate: within it, a short spike, a spike that is over, and then above it."""
    service, budget = subject.service, subject.monthly_budget_usd or Decimal(0)
    allowed = budget / (HOURS_PER_MONTH * 60)
    fired = subject.fired({USD: f"{2 * budget:.2f}"})

    def spent(*levels: tuple[int, str]) -> tuple[Input, ...]:
        return growing(service, [Phase(steps, allowed * EVERY * Decimal(times)) for steps, times in levels])

    yield AlertTest(
        name="beyond the budget",
        inputs=spent((40, "2")),
        checks=(Check(minutes=39 * EVERY, fires=True, annotations=fired),),
        step=EVERY,
    )
    yield AlertTest(
        name="within it with an expensive hour, a spike that is over, and a very expensive hour",
        inputs=spent((30, "0.8"), (8, "1.3"), (3, "10"), (30, "0.8"), (7, "20")),
        checks=(
            Check(minutes=37 * EVERY),
            Check(minutes=50 * EVERY),
            Check(minutes=77 * EVERY, fires=True),
        ),
        step=EVERY,
    )
    yield NOTHING_MEASURED


def spent_this_month(subject: Subject) -> Iterator[AlertTest]:
    """Test spend in ten hours of January 1970, where promtool's clock begins, and in the whole month, to see it end."""
    service, seconds = subject.service, subject.interval_seconds
    limit = (subject.monthly_budget_usd or Decimal(0)) * SPENT_SHARES[subject.alert.name]

    def spend(minutes: int, every: int, times: Decimal) -> tuple[Phase, ...]:
        """Return phases that spend this multiple of the limit in total."""
        evaluations = minutes // every
        return (Phase(evaluations, limit * times * every / evaluations / (seconds / 60)),)

    hours = 600
    spent = counted_each_minute(service, spend(hours, EVERY, Decimal("1.2")), EVERY)
    yield AlertTest(
        name="not yet, and spent",
        inputs=spent,
        checks=(Check(minutes=hours * 7 // 10), Check(minutes=hours - EVERY, fires=True)),
        step=EVERY,
        sampled=1,
    )
    yield NOTHING_MEASURED
    if subject.alert.name != MONTH_SPENT:
        return
    january, every = 31 * 24 * 60, 240
    spent = counted_each_minute(service, spend(january + 2 * every, every, Decimal(3)), every)
    yield AlertTest(
        name="the month ends",
        inputs=spent,
        checks=(Check(minutes=january - every, fires=True), Check(minutes=january + every)),
        step=every,
        sampled=1,
    )


def counted_each_minute(service: Service, phases: tuple[Phase, ...], every: int) -> tuple[Input, ...]:
    """Return a service's spend with one sample per minute, from phases in steps of `every` minutes."""
    return growing(service, [Phase(each.steps * every, each.events / every) for each in phases])
