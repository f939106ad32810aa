"""Poll Prometheus's alerts, and record changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from leadline.prometheus.client import Prometheus
from leadline.signals.burn import PAGE

T = TypeVar("T")
INACTIVE, PENDING, FIRING = "inactive", "pending", "firing"
EVERY_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The time when an alert was first seen in a new state, in seconds since the epoch."""

    at: float
    alert: str
    state: str


class Watch:
    """The alerts' states and their history.

    check  called at each poll; raises if a program has exited
    """

    def __init__(self, client: Prometheus, check: Callable[[], None]) -> None:
        self._client, self._check = client, check
        self._states: dict[str, str] = {}
        self._pages: frozenset[str] = frozenset()
        self.changes: list[Change] = []

    @property
    def is_quiet(self) -> bool:
        """Whether no page is pending or firing."""
        return not self._pages

    def state(self, alert: str) -> str:
        return self._states.get(alert, INACTIVE)

    def firing(self) -> frozenset[str]:
        return frozenset(alert for alert, state in self._states.items() if state == FIRING)

    def first(self, alert: str, states: tuple[str, ...], since: float) -> float | None:
        """Return when an alert was first in one of the states since a time; None if never."""
        return next(
            (
                each.at
                for each in self.changes
                if each.alert == alert and each.state in states and each.at >= since
            ),
            None,
        )

    def look(self) -> None:
        """Poll all alerts; if several share a name, the worst state counts."""
        now = time.time()
        found: dict[str, str] = {}
        pages = set()
        for active in self._client.active_alerts():
            alert, state = str(active["labels"]["alertname"]), str(active["state"])
            found[alert] = FIRING if FIRING in (state, found.get(alert)) else state
            if active["labels"].get("severity") == PAGE:
                pages.add(alert)
        for alert in sorted({*found, *self._states}):
            state = found.get(alert, INACTIVE)
            if state != self.state(alert):
                self.changes.append(Change(at=now, alert=alert, state=state))
        self._states, self._pages = found, frozenset(pages)

    def until(self, ready: Callable[[], T | None], seconds: float) -> T | None:
        """Poll until there is an answer, and return it; None if time runs out."""
        deadline = time.monotonic() + seconds
        while True:
            self._check()
            self.look()
            answer = ready()
            if answer or time.monotonic() >= deadline:
                return answer
            time.sleep(EVERY_SECONDS)
