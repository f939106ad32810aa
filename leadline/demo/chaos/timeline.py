"""The outcome of each fault, and the notifications that Alertmanager suppressed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from leadline.signals.alert_names import SERVICE_DOWN, SLOW

from . import webhook
from .faults import Fault
from .watch import FIRING, INACTIVE, Change
from .webhook import Notice

SCHEMA = "leadline.chaos/1"
USUAL_SECONDS = 4.0
"""Longest normal delivery delay in seconds; later notifications were suppressed. Evaluation, group_wait and group_interval take a
second each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A fault, and the times of its alert's steps; None if a step did not happen in time.

    began, ended                 start and end of the fault, in seconds since the epoch
    theory                       theoretical seconds from the fault until its alert fires, without scrape and evaluation delays
    pending, firing, delivered   seconds from the fault: in Prometheus, in Prometheus, at the webhook
    resolved, told               seconds from the fault's end: in Prometheus, at the webhook
    """

    fault: Fault
    began: float
    ended: float
    theory: float
    pending: float | None
    firing: float | None
    delivered: float | None
    resolved: float | None
    told: float | None

    def missing(self) -> Iterator[str]:
        """Return the first step that did not happen; later ones cannot have happened either."""
        steps = {
            "did not become pending": self.pending,
            "did not fire": self.firing,
            "was not delivered": self.delivered,
            "did not resolve": self.resolved,
            "was not delivered as resolved": self.told,
        }
        lacking = next((step for step, seconds in steps.items() if seconds is None), None)
        if lacking:
            yield f"{self.fault.name}: {self.fault.alert} {lacking} in time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An alert that fired but was not delivered immediately.

    at       time of firing, in seconds since the epoch
    by       the alert that silenced it; empty if there was none
    seconds  seconds until delivery; None if never delivered
    still    whether it is still firing at the end
    """

    alert: str
    at: float
    by: str
    seconds: float | None
    still: bool


def held_back(changes: Sequence[Change], notices: Sequence[Notice], since: float) -> tuple[Held, ...]:
    """Return alerts that fired since a time but were not delivered immediately, in order of firing."""
    return tuple(held for held in _held(changes, notices) if held.at >= since)


def told_before(notices: Sequence[Notice], first: float) -> tuple[str, ...]:
    """Return the alerts that were delivered before a time, in order."""
    return tuple(
        dict.fromkeys(each.alert for each in notices if each.at < first and each.status == webhook.FIRING)
    )


def _held(changes: Sequence[Change], notices: Sequence[Notice]) -> Iterator[Held]:
    for change in changes:
        if change.state != FIRING:
            continue
        over = _end(changes, change)
        delay = next(
            (
                notice.at - change.at
                for notice in notices
                if (notice.alert, notice.status) == (change.alert, webhook.FIRING)
                and change.at - USUAL_SECONDS <= notice.at <= over + USUAL_SECONDS
            ),
            None,
        )
        if delay is None or delay > USUAL_SECONDS:
            by = _silencer(changes, change)
            yield Held(alert=change.alert, at=change.at, by=by, seconds=delay, still=over == float("inf"))


def _silencer(changes: Sequence[Change], silenced: Change) -> str:
    """Return the alert that fired at the time and silences this one: ServiceDown, or the page of a ticket."""
    page = silenced.alert.removesuffix(SLOW)
    for change in changes:
        silences = change.alert == SERVICE_DOWN or (page != silenced.alert and change.alert == page)
        if change.state == FIRING and silences and change.at <= silenced.at < _end(changes, change):
            return change.alert
    return ""


def _end(changes: Sequence[Change], fired: Change) -> float:
    """Return when an alert stopped firing; infinite if it still fires."""
    return next(
        (
            each.at
            for each in changes
            if each.alert == fired.alert and each.state == INACTIVE and each.at > fired.at
        ),
        float("inf"),
    )


def document(
    pace: int,
    outcomes: Sequence[Outcome],
    held: Sequence[Held],
    missing: Sequence[str],
    changes: Sequence[Change],
    notices: Sequence[Notice],
) -> dict[str, Any]:
    """Return the content of chaos.json; times in seconds since the epoch, or since the event in their name."""
    return {
        "schema": SCHEMA,
        "pace": pace,
        "faults": [_written(outcome) for outcome in outcomes],
        "missing": list(missing),
        "held_back": [asdict(each) for each in held],
        "prometheus": [asdict(change) for change in changes],
        "webhook": [asdict(notice) for notice in notices],
    }


def _written(outcome: Outcome) -> dict[str, Any]:
    return {
        "fault": outcome.fault.name,
        "says": outcome.fault.says,
        "alert": outcome.fault.alert,
        "began": outcome.began,
        "ended": outcome.ended,
        "seconds_from_fault": {
            "theory": outcome.theory,
            "pending": outcome.pending,
            "firing": outcome.firing,
            "delivered": outcome.delivered,
        },
        "seconds_from_end": {"resolved": outcome.resolved, "delivered": outcome.told},
    }
