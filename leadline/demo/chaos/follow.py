"""One fault after another, each followed from its beginning until nobody is told of it any more."""

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
"""Of healthy load before the first fault; beyond theory until a step is given up; and until no page is pending or firing."""
SILENT_SECONDS, LAST_SECONDS = USUAL_SECONDS + 1, 5.0
"""Time after which a notice that has not come was held back; and in which one that was held back comes, after the last fault."""
Write = Callable[[str], None]
"""Given text to print as it is."""


class Chaos:
    """Makes the faults, and follows their alerts. `wrong` is what happened and should not have."""

    def __init__(self, demo: Catalog, service: Subject, watch: Watch, hook: Webhook, write: Write) -> None:
        self._demo, self._service, self._watch, self._hook, self._write = demo, service, watch, hook, write
        self._loaded = time.time()
        self.wrong: list[str] = []

    def all(self, faults: Sequence[Fault]) -> tuple[Outcome, ...]:
        """Make each fault once no page is pending or firing."""
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
        """Make a fault, end it, and give when what happened."""
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
        told = self._step(lambda: self._hook.first(alert, webhook.RESOLVED, ended), ended, PATIENCE_SECONDS)
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
            told=told,
        )

    def _step(self, happened: Callable[[], float | None], since: float, seconds: float) -> float | None:
        """Wait for something; give and print how many seconds after it came."""
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
        """Stay in a fault until the alerts that it silences fire as well, and see that nobody is told of them."""
        if not fault.silences:
            return
        watch = self._watch
        all_fire = watch.until(lambda: watch.firing() >= set(fault.silences), PATIENCE_SECONDS)
        if not all_fire:
            self.wrong.append(
                f"{fault.name}: {', '.join({*fault.silences} - watch.firing())} did not fire in time"
            )
        self._rest(SILENT_SECONDS)
        told = {alert for alert in fault.silences if self._hook.first(alert, webhook.FIRING, began)}
        self.wrong += [
            f"{fault.name}: {alert} was delivered while {fault.alert} fired" for alert in sorted(told)
        ]

    def _rest(self, seconds: float) -> None:
        self._watch.until(lambda: None, seconds)

    def _quiet(self, when: str) -> None:
        if not self._watch.until(lambda: self._watch.is_quiet, QUIET_SECONDS):
            raise ToolFailedError(f"{when} some page was still pending or firing after {QUIET_SECONDS:g} s")
