"""Rule tests of the alerts on traffic."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.signals.alert_names import TRAFFIC_DROP, TRAFFIC_SURGE

from ..annotations import SHARE, percent
from .input_series import Phase, counting, success
from .model import NOTHING_MEASURED, AlertTest, Check
from .subject import Subject
from .weeks import DAY_STEPS, EVERY, SAMPLED

USUAL, FEW = Decimal(10_000), Decimal(40)
"""Requests per sample."""
FEWER, ENOUGH, MORE = Decimal("0.5"), Decimal("1.1"), Decimal("1.5")
"""Factors beyond and within a limit on last week's traffic."""


def changed(subject: Subject) -> Iterator[AlertTest]:
    """Test a day of few requests and a normal week; then a day after the few, and days within and beyond each limit."""
    service, name = subject.service, subject.alert.name
    requests, tuning = service.instruments["requests"], service.tuning
    drop, surge = tuning.traffic_drop, tuning.traffic_surge
    days = (1 + 6) * [USUAL]
    days[0] = FEW
    days += [FEW * drop * FEWER, USUAL * min(drop * ENOUGH, Decimal(1)), USUAL * drop * FEWER]
    days += [USUAL * max(surge * Decimal("0.9"), Decimal(1)), USUAL * surge * MORE]
    at, beyond = {TRAFFIC_DROP: (10, drop * FEWER), TRAFFIC_SURGE: (12, surge * MORE)}[name]
    fired = subject.fired({SHARE: percent(beyond)})
    ends = [number * DAY_STEPS * SAMPLED - EVERY for number in range(5, len(days) + 1)]
    due = at * DAY_STEPS * SAMPLED - EVERY
    entry = counting(requests, [Phase(DAY_STEPS, events) for events in days], labels=success(requests))
    yield AlertTest(
        name="few requests, and a day within, and a day beyond the limit",
        inputs=(entry,),
        checks=tuple(
            Check(minutes=end, fires=end == due, annotations=fired if end == due else None) for end in ends
        ),
        step=EVERY,
        sampled=SAMPLED,
    )
    yield NOTHING_MEASURED
