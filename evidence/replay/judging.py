"""What must hold of a replayed month."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.replay.month import EVENTS, Event
from evidence.replay.result import Left, Result, Told
from evidence.replay.words import span, when
from leadline.signals.alert_names import BURNING, SLOW

MOST_BUDGET_ERROR, MOST_COVERAGE_ERROR = 0.01, 0.001
MOST_MINUTES = 3
"""So many minutes may lie between a firing and the one by exact counts: a scrape, an evaluation, and one more."""
SUMMED_MINUTES = 2.5
"""So many more where windows are sums of what is recorded each minute: that is a rate over five, half of which has passed."""


def faults(result: Result) -> Iterator[str]:
    """Return what was not as promised."""
    for event in EVENTS:
        yield from _wrongly_told(result, event)
    for told in result.told:
        if told.event is None:
            yield f"{told.firing.alert} fired without cause on {when(told.firing.begin)}"
        elif told.firing.alert in told.event.expects:
            yield from _late(told, told.event)
    for left in result.left:
        yield from _miscounted(left)


def _wrongly_told(result: Result, event: Event) -> Iterator[str]:
    fired = [each.firing.alert for each in result.on(event)]
    for name in result.due(event):
        if name not in fired:
            yield f"{event.name}: {name} is due and did not fire"
    for name in sorted(set(fired)):
        if name not in event.expects:
            yield f"{event.name}: {name} fired and is not due"
        elif fired.count(name) > 1:
            yield f"{event.name}: {name} fired {fired.count(name)} times"


def allowed_minutes(alert: str) -> tuple[float, float]:
    """Return by how many minutes an alert may fire, and be over, otherwise than by exact counts.

    A page fires by its fast pair, which is recorded from the counters; it is over when its slower one is, which is summed.
    """
    if alert.endswith(SLOW):
        return MOST_MINUTES + SUMMED_MINUTES, MOST_MINUTES + SUMMED_MINUTES
    return MOST_MINUTES, MOST_MINUTES + (SUMMED_MINUTES if alert in BURNING.values() else 0)


def _late(told: Told, event: Event) -> Iterator[str]:
    if told.exactly is None:
        yield f"{event.name}: {told.firing.alert} fired, and by exact counts it would not"
        return
    allowed = allowed_minutes(told.firing.alert)
    for what, found, expected, most in zip(
        ("fired", "was over"), told.delays, told.exactly, allowed, strict=True
    ):
        if abs(found - expected) > most:
            yield f"{event.name}: {told.firing.alert} {what} after {span(found)}, exactly after {span(expected)}"


def _miscounted(left: Left) -> Iterator[str]:
    where = f"{left.objective}, {left.what}"
    if left.judged and not abs(left.recorded - left.seen) <= MOST_BUDGET_ERROR:
        yield f"{where}: {left.recorded:.4f} of the budget remains, by the scrapes {left.seen:.4f}"
    if not abs(left.coverage - left.expected_coverage) <= MOST_COVERAGE_ERROR:
        yield f"{where}: coverage is {left.coverage:.4f}, by the scrapes {left.expected_coverage:.4f}"
