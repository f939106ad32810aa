"""What must hold of a replayed month."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.replay.month import EVENTS, Event
from benchmarks.replay.result import Left, Result, Told
from benchmarks.replay.words import span, when

MOST_BUDGET_ERROR, MOST_COVERAGE_ERROR = 0.01, 0.001
MOST_MINUTES = 3
"""So many minutes may lie between a firing and the one by exact counts: a scrape, an evaluation, and one more."""


def faults(result: Result) -> Iterator[str]:
    """Say what was not as promised."""
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


def _late(told: Told, event: Event) -> Iterator[str]:
    if told.exactly is None:
        yield f"{event.name}: {told.firing.alert} fired, and by exact counts it would not"
        return
    for what, found, expected in zip(("fired", "was over"), told.delays, told.exactly, strict=True):
        if abs(found - expected) > MOST_MINUTES:
            yield f"{event.name}: {told.firing.alert} {what} after {span(found)}, exactly after {span(expected)}"


def _miscounted(left: Left) -> Iterator[str]:
    where = f"{left.objective}, {left.what}"
    if left.judged and not abs(left.recorded - left.seen) <= MOST_BUDGET_ERROR:
        yield f"{where}: {left.recorded:.4f} of the budget remains, by the scrapes {left.seen:.4f}"
    if not abs(left.coverage - left.expected_coverage) <= MOST_COVERAGE_ERROR:
        yield f"{where}: coverage is {left.coverage:.4f}, by the scrapes {left.expected_coverage:.4f}"
