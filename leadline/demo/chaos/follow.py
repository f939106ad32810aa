"""Inject faults one after another, and follow each from its start to the resolved notification."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from leadline.base.errors import ToolFailedError
from leadline.catalog.model import Catalog

from . import table, webhook
from .faults import HEALTHY, Fault, in_theory
from .subject import Subject
from .timeline import USUAL_SECONDS, Outcome
from .watch import FIRING, INACTIVE, PENDING, Watch
from .webhook import Webhook

WARM_SECONDS, PATIENCE_SECONDS, QUIET_SECONDS = 12.0, 45.0, 120.0
"""Seconds of healthy load before the first fault; timeout of a step beyond theory; timeout until no page is active."""
SILENT_SECONDS, LAST_SECONDS = USUAL_SECONDS + 1, 5.0
"""Seconds after which a missing notification counts as suppressed; and to wait for late ones after the last fault."""
Write = Callable[[str], None]
"""Called with text to print verbatim."""


class Chaos:
    """Injects faults and follows their alerts. `wrong` lists unexpected events."""

    def __init__(self, demo: Catalog, service: Subject, watch: Watch, hook: Webhook, write: Write) -> None:
        self._demo, self._service, self._watch, self._hook, self._write = demo, service, watch, hook, write
        self._loaded = time.time()
        self.wrong: list[str] = []

    def all(self, faults: Sequence[Fault]) -> tuple[Outcome, ...]:
        """Inject each fault once no page is pending or firing."""
        self._rest(WARM_SECONDS)
        self._quiet("before the first fault")
        self._write(table.head())
        outcomes: list[Outcome] = []
        for fault in faults:
            if outcomes:
                self._quiet(f"after {outcomes[-1].fault.name}")
            outcomes.append(self._follow(fault))
        self._rest(LAST_SECONDS)
        return tuple(outcomes)

    def _follow(self, fault: Fault) -> Outcome:
        """Inject a fault, end it, and return the times of its steps."""
        watch, alert = self._watch, fault.alert
        theory = in_theory(self._demo, fault, time.time() - self._loaded)
        patience = theory + PATIENCE_SECONDS
        self._write(table.row(fault))
        began = time.time()
        self._begin(fault)
        pending = self._step(lambda: watch.first(alert, (PENDING, FIRING), began), began, patience)
        firing = self._step(lambda: watch.first(alert, (FIRING,), began), began, patience)
        self._write(table.cell(theory))
        delivered = self._step(lambda: self._hook.first(alert, webhook.FIRING, began), began, patience)
        self._silenced(fault, began)
        ended = time.time()
        self._end(fault)
        resolved = self._step(lambda: watch.first(alert, (INACTIVE,), ended), ended, PATIENCE_SECONDS)
        resolved_notice = self._step(
            lambda: self._hook.first(alert, webhook.RESOLVED, ended), ended, PATIENCE_SECONDS
        )
        self._write("\n")
        return Outcome(
            fault=fault,
            began=began,
            ended=ended,
            theory=theory,
            pending=pending,
            firing=firing,
            delivered=delivered,
            resolved=resolved,
            told=resolved_notice,
        )

    def _step(self, happened: Callable[[], float | None], since: float, seconds: float) -> float | None:
        """Wait for a condition; return and print the seconds until it was met."""
        at = self._watch.until(happened, since + seconds - time.time())
        passed = None if at is None else at - since
        self._write(table.cell(passed))
        return passed

    def _begin(self, fault: Fault) -> None:
        if fault.behaviour is None:
            self._service.stop()
        else:
            self._service.behave(fault.behaviour)

    def _end(self, fault: Fault) -> None:
        if fault.behaviour is None:
            self._service.start()
        self._service.behave(HEALTHY)

    def _silenced(self, fault: Fault, began: float) -> None:
        """Stay in a fault until the alerts it silences also fire, and verify that they are not delivered."""
        if not fault.silences:
            return
        watch = self._watch
        all_fire = watch.until(lambda: watch.firing() >= set(fault.silences), PATIENCE_SECONDS)
        if not all_fire:
            self.wrong.append(
                f"{fault.name}: {', '.join({*fault.silences} - watch.firing())} did not fire in time"
            )
        self._rest(SILENT_SECONDS)
        delivered = {alert for alert in fault.silences if self._hook.first(alert, webhook.FIRING, began)}
        self.wrong += [
            f"{fault.name}: {alert} was delivered while {fault.alert} fired" for alert in sorted(delivered)
        ]

    def _rest(self, seconds: float) -> None:
        self._watch.until(lambda: None, seconds)

    def _quiet(self, when: str) -> None:
        if not self._watch.until(lambda: self._watch.is_quiet, QUIET_SECONDS):
            raise ToolFailedError(f"{when} some page was still pending or firing after {QUIET_SECONDS:g} s")
