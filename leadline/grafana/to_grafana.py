"""Push, prune and roll back dashboards in Grafana."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from leadline.base.version import __version__
from leadline.deploy import plans
from leadline.deploy.plans import Entry, Plan

from . import planning, prune, rollback, version_stamps
from .api import Grafana
from .push import Pusher

Tell = Callable[[str], None]


def name() -> str:
    """Return a name for a push or a rollback; names sort by time."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


class Push:
    """A push of the generated dashboards."""

    def __init__(
        self,
        server: Grafana,
        project: str,
        files: Mapping[str, str],
        push_options: planning.PushOptions,
        *,
        annotate: bool = False,
    ) -> None:
        self._server, self._push_options, self._annotate = server, push_options, annotate
        self._planned = planning.plan(server, project, files, push_options)
        self.plan = Plan(
            verb="push",
            to="grafana",
            where=server.url,
            project=project,
            entries=tuple(self._entries()),
            remarks=self._planned.remarks,
        )

    def _entries(self) -> Iterator[Entry]:
        if self._planned.folder is None and self._planned.changes:
            yield Entry(
                action=plans.CREATE, kind="folder", name=self._planned.project, id=self._planned.project
            )
        for step in self._planned.steps:
            yield Entry(
                action=step.action,
                kind="dashboard",
                name=step.title,
                id=step.uid,
                state=f"version {step.version}" if step.version else "",
                wanted=version_stamps.digest(step.dashboard),
                changes=step.changes,
                why=step.why,
            )

    def run(self, tell: Tell) -> None:
        """Apply the plan."""
        pusher = Pusher(
            grafana=self._server,
            version=__version__,
            push=name(),
            report=lambda step: tell(f"wrote      {step.title}"),
            push_options=self._push_options,
        )
        pusher.run(self._planned)
        if self._annotate and self._planned.changes:
            self._mark()

    def _mark(self) -> None:
        titles = ", ".join(step.title for step in self._planned.changes)
        tags = ("leadline", version_stamps.tag(self._planned.project), "push")
        self._server.annotate(
            f"leadline {__version__} pushed {titles}", tags, int(datetime.now(UTC).timestamp() * 1000)
        )


class Prune:
    """A prune of dashboards that are no longer generated."""

    def __init__(self, server: Grafana, project: str, files: Mapping[str, str], *, overwrite: bool) -> None:
        self._server = server
        server.health()
        wanted = {
            path.removeprefix("grafana/").removesuffix(".json")
            for path in files
            if path.startswith("grafana/")
        }
        self._planned = prune.plan(server, project, wanted, overwrite=overwrite)
        entries = tuple(
            Entry(
                action=each.action,
                kind="folder" if each.is_folder else "dashboard",
                name=each.title,
                id=each.uid,
                why=each.why,
            )
            for each in self._planned
        )
        self.plan = Plan(verb="prune", to="grafana", where=server.url, project=project, entries=entries)

    def run(self, tell: Tell) -> None:
        """Apply the plan."""
        prune.prune(self._server, self._planned, lambda each: tell(f"deleted    {each.title}"))


class Rollback:
    """A rollback of each dashboard that the last push wrote."""

    def __init__(self, server: Grafana, project: str, *, overwrite: bool) -> None:
        self._server = server
        server.health()
        self._planned = rollback.plan(server, project, overwrite=overwrite)
        entries = tuple(
            Entry(
                action=each.action,
                kind="dashboard",
                name=each.title,
                id=each.uid,
                state=f"version {each.version}",
                wanted=f"version {each.to}" if each.to else "",
                changes=each.changes,
                why=each.why,
            )
            for each in self._planned
        )
        self.plan = Plan(verb="rollback", to="grafana", where=server.url, project=project, entries=entries)

    def run(self, tell: Tell) -> None:
        """Apply the plan."""
        rollback.roll_back(
            self._server, self._planned, __version__, name(), lambda each: tell(f"restored   {each.title}")
        )
