"""Apply a push plan: the folder first, then dashboard by dashboard; plan a dashboard again if it has changed since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from leadline.base.errors import ConflictError, LeadlineError, RefusedError
from leadline.signals.links import folder_uid

from . import version_stamps
from .api import Grafana
from .planning import MOVE, REFUSED, UNCHANGED, WRITING, Found, Plan, PushOptions, Step

MOVED_ON = (ConflictError, RefusedError)
"""Errors when something has changed since the plan was made: a version, a title, a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pusher:
    """Pushes as one version of Leadline, under one name.

    push    name of this push; names sort by time
    report  called with each finished step
    """

    grafana: Grafana
    version: str
    push: str
    report: Callable[[Step], None]
    push_options: PushOptions = field(default_factory=PushOptions)

    def run(self, planned: Plan) -> None:
        """Apply a plan.

        Raise ConflictError before writing anything if a step is refused. If something fails midway, the error lists what was
        done and what was not; a second push finishes it.
        """
        refused = planned.having(REFUSED)
        if refused:
            raise ConflictError("\n".join(f"{step.title}: {step.why}" for step in refused))
        done: list[Step] = []
        try:
            for step in planned.changes:
                self._do(step, planned)
                done.append(step)
                self.report(step)
        except LeadlineError as error:
            left = [step.title for step in planned.changes if step not in done]
            if not done:
                raise
            text = f"{error}\ndone: {', '.join(step.title for step in done)}\nnot done: {', '.join(left)}; push again to finish"
            error.args = (text,)
            raise

    def _do(self, step: Step, planned: Plan) -> None:
        try:
            self._save(step, self._folder(planned))
        except MOVED_ON as error:
            again = Found(self.grafana, planned.project).step(step.dashboard, self.push_options)
            if again.action not in (*WRITING, UNCHANGED):
                raise ConflictError(f"{step.title}: {again.why}") from None
            if again.action == UNCHANGED:
                return
            if (again.action, again.version) == (step.action, step.version) and isinstance(
                error, ConflictError
            ):
                raise
            self._save(again, self._folder(planned))

    def _folder(self, planned: Plan) -> dict[str, Any]:
        """Return the project's folder, creating it if needed; look it up each time, because it may be deleted at any time."""
        uid = str(planned.folder["uid"]) if planned.folder else folder_uid(planned.project)
        return self.grafana.folder(uid, planned.project) or self.grafana.make_folder(
            folder_uid(planned.project), planned.project
        )

    def _save(self, step: Step, folder: dict[str, Any]) -> None:
        if step.renames:
            self._rename(step.renames, folder)
        body = {**step.dashboard, "id": None, "version": step.version}
        message = version_stamps.of_push(self.version, self.push, step.dashboard)
        if step.action == MOVE:
            there = self.grafana.dashboard(step.uid)
            body = {**step.dashboard, "id": None, "version": there["dashboard"]["version"] if there else 0}
        self.grafana.save(body, folder, message)

    def _rename(self, uid: str, folder: dict[str, Any]) -> None:
        """Rename a dashboard that has our title; change nothing else."""
        there = self.grafana.dashboard(uid)
        if there is not None:
            dashboard = dict(there["dashboard"])
            title = f"{dashboard['title']} (before leadline)"
            self.grafana.save(
                {**dashboard, "title": title},
                folder,
                f"renamed by leadline {self.version}, which uses the title",
            )
