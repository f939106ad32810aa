"""When alerts fire: as Prometheus has it, by exact counts, and by the SRE workbook's formula."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from evidence.replay.month import USUAL, Due, Event
from leadline.alerts.model import Alert
from leadline.base.units import duration
from leadline.signals import burn
from leadline.signals.burn import BurnRateWindows
from leadline.signals.objective import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """An alert that fired: since when its condition was met, from when to when it fired (minutes; None: to the end)."""

    alert: str
    met: int
    begin: int
    end: int | None


def minutes(text: str) -> float:
    """Read a duration; none where there is nothing to read."""
    return float(duration(text)) / 60 if text else 0.0


def firings(alert: Alert, met: AbstractSet[int], evaluated: Sequence[int]) -> Iterator[Firing]:
    """Follow an alert through the minutes in which it is evaluated, as Prometheus does (2.42, rules/alerting.go).

    It is pending from the first evaluation that meets its condition, fires once that is `for` ago, and ends at the
    first evaluation without it, or `keep_firing_for` after that one if the condition did not come back meanwhile.
    """
    hold, keep = minutes(alert.hold), minutes(alert.keep)
    since = fired = gone = None
    for minute in evaluated:
        if minute in met:
            since, gone = minute if since is None else since, None
            if fired is None and minute - since >= hold:
                fired = minute
        elif since is not None and fired is None:
            since = None
        elif since is not None and fired is not None:
            gone = minute if gone is None else gone
            if minute - gone >= keep:
                yield Firing(alert=alert.name, met=since, begin=fired, end=minute)
                since = fired = gone = None
    if since is not None and fired is not None:
        yield Firing(alert=alert.name, met=since, begin=fired, end=None)


def arms(objective: Objective, alert: Alert) -> tuple[BurnRateWindows, ...]:
    return tuple(arm for arm in burn.usable(objective, None) if arm.severity == alert.labels["severity"])


def formula(objective: Objective, alert: Alert, event: Event) -> Due | None:
    """Return when an alert's condition is met and gone, under even traffic.

    Of each arm, the long window is met after limit ÷ share × long window (SRE workbook, chapter 5: (1 − SLO) ÷ error
    ratio × window × burn rate), and the short one is left after short window − limit ÷ share × short window. Limit and
    share are taken above what is bad on any day. None where no arm is met for as long as `for` asks.
    """
    usual, share = USUAL[objective.name], event.bad.get(objective.name, 0.0)
    if share <= usual:
        return None
    found = []
    for arm in arms(objective, alert):
        part = (float(burn.threshold(objective, arm)) - usual) / (share - usual)
        met, gone = part * minutes(arm.long), (1 - part) * minutes(arm.short)
        if met <= event.minutes and met + minutes(alert.hold) <= event.minutes + gone:
            found.append((met, gone))
    return Due(met=min(met for met, _ in found), gone=max(gone for _, gone in found)) if found else None
