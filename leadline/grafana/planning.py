"""Plan a push to Grafana. Only reads, with few requests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from leadline.deploy.diff import dashboards as dashboard_diff
from leadline.signals.links import folder_uid

from . import version_stamps
from .api import OLDEST, Grafana

CREATE, UPDATE, MOVE, UNCHANGED, KEPT, REFUSED = "create", "update", "move", "unchanged", "kept", "refused"
WRITING = (CREATE, UPDATE, MOVE)
SIDE_BY_SIDE = 8

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PushOptions:
    """Options of a push.

    overwrite  discard edits made in the browser since the last push
    adopt      take over another's dashboard with our uid; rename another's dashboard with our title
    """

    overwrite: bool = False
    adopt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The planned action on a dashboard.

    version  current version in Grafana
    why      why it is kept or refused, or what is lost
    changes  readable changes from the current to the generated dashboard
    renames  uid of a dashboard with the same title, to rename first
    """

    action: str
    dashboard: Json
    version: int = 0
    why: str = ""
    changes: tuple[str, ...] = ()
    renames: str = ""

    @property
    def title(self) -> str:
        return str(self.dashboard["title"])

    @property
    def uid(self) -> str:
        return str(self.dashboard["uid"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of a push. `folder` is None if it must be created."""

    project: str
    folder: Json | None
    steps: tuple[Step, ...]
    remarks: tuple[str, ...] = ()

    def having(self, *actions: str) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.action in actions)

    @property
    def changes(self) -> tuple[Step, ...]:
        return self.having(*WRITING)


def plan(
    grafana: Grafana, project: str, files: Mapping[str, str], push_options: PushOptions | None = None
) -> Plan:
    """Compare the generated dashboards (`grafana/*.json` of `files`) with those in Grafana. Only reads."""
    version = grafana.health()
    there = Found(grafana, project)
    wanted = [json.loads(text) for path, text in files.items() if path.startswith("grafana/")]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        steps = tuple(pool.map(lambda each: there.step(each, push_options or PushOptions()), wanted))
    remarks = (*_remarks(grafana, version), *there.remarks())
    return Plan(project=project, folder=there.folder, steps=steps, remarks=remarks)


def _remarks(grafana: Grafana, version: str) -> Iterator[str]:
    major = version.partition(".")[0]
    if major.isdigit() and int(major) < OLDEST:
        yield f"Grafana {version} is older than {OLDEST}.0, which these dashboards are written for"
    sources = grafana.datasources()
    if sources is None:
        return
    prometheus = [source for source in sources if source.get("type") == "prometheus"]
    if not prometheus:
        yield "no Prometheus datasource exists there, so the dashboards will be empty until one does"
    for source in prometheus:
        wrong = grafana.health_of(str(source["uid"])) if source.get("uid") else ""
        if wrong:
            yield f"Grafana finds its datasource {source.get('name')!r} unhealthy: {wrong}"


class Found:
    """A project's current dashboards and folder in Grafana."""

    def __init__(self, grafana: Grafana, project: str) -> None:
        self._grafana, self._project = grafana, project
        self.listed = grafana.listed()
        self.folder: Json | None = grafana.folder(folder_uid(project), project)

    def remarks(self) -> Iterator[str]:
        """Yield a remark if someone else's folder has the project's name."""
        if self.folder is not None and self.folder["uid"] != folder_uid(self._project):
            yield f"the folder {self.folder['title']!r} was created by someone else (its uid is {self.folder['uid']}); it is used anyway"

    def step(self, wanted: Json, push_options: PushOptions) -> Step:
        """Return the planned action on a dashboard."""
        uid = str(wanted["uid"])
        hit = self.listed.get(uid)
        if hit is not None and self._is_as_pushed(hit, wanted):
            return Step(action=UNCHANGED, dashboard=wanted)
        there = self._grafana.dashboard(uid)
        if there is None:
            return self._new(wanted, push_options)
        return self._against(there, wanted, push_options)

    def _is_as_pushed(self, hit: Json, wanted: Json) -> bool:
        """Return whether list and newest message alone show that the dashboard is up to date and in its folder."""
        if version_stamps.tag(self._project) not in (hit.get("tags") or ()) or not self._lists_in_folder(hit):
            return False
        mark = self.newest(str(hit["uid"]), int(hit["id"]))
        return mark is not None and mark.digest == version_stamps.digest(wanted)

    def _lists_in_folder(self, hit: Json) -> bool:
        return self.folder is not None and hit.get("folderUid") == self.folder["uid"]

    def newest(self, uid: str, dashboard_id: int) -> version_stamps.Mark | None:
        """Return the stamp of the newest version; None if someone else saved it or it is unknown."""
        versions = self._grafana.versions(uid, dashboard_id, limit=1)
        return version_stamps.read(versions[0].message) if versions else None

    def _against(self, there: Json, wanted: Json, push_options: PushOptions) -> Step:
        meta, dashboard = there["meta"], there["dashboard"]
        step = Step(
            action=UPDATE,
            dashboard=wanted,
            version=int(dashboard.get("version", 0)),
            changes=dashboard_diff.changes(version_stamps.plain(dashboard), version_stamps.plain(wanted)),
        )
        if meta.get("provisioned"):
            return replace(step, action=REFUSED, why="it is provisioned from a file; remove that file first")
        if version_stamps.tag(self._project) not in (dashboard.get("tags") or []):
            return self._foreign(step, there, push_options)
        mark = self.newest(str(wanted["uid"]), int(dashboard["id"]))
        same = mark is not None and mark.digest == version_stamps.digest(wanted)
        if same or version_stamps.plain(dashboard) == version_stamps.plain(wanted):
            return self._placed(step, meta)
        if mark is None and self._is_back(dashboard):
            return step
        if mark is None and not push_options.overwrite:
            why = "it was edited since the last push; --overwrite discards the edits"
            return replace(step, action=KEPT, why=why)
        return replace(step, why="" if mark else "edits since the last push are lost")

    def _is_back(self, dashboard: Json) -> bool:
        """Return whether edits were undone by hand: the current dashboard equals our last save."""
        versions = self._grafana.versions(str(dashboard["uid"]), int(dashboard["id"])) or ()
        ours = next((mark for each in versions if (mark := version_stamps.read(each.message))), None)
        return ours is not None and ours.digest == version_stamps.digest(dashboard)

    def _foreign(self, step: Step, there: Json, push_options: PushOptions) -> Step:
        what = f"a dashboard that is not ours, {there['dashboard'].get('title')!r}, has the uid {step.uid}"
        if not push_options.adopt:
            return replace(step, action=REFUSED, why=f"{what}; --adopt makes it ours")
        moved = () if _is_in(there["meta"], self.folder) else (self._moving(there["meta"]),)
        return replace(step, why=f"adopted: {what}", changes=(*moved, *step.changes))

    def _moving(self, meta: Json) -> str:
        return f"folder {meta.get('folderTitle') or 'another'} → {self._project}"

    def _placed(self, step: Step, meta: Json) -> Step:
        """Leave an up-to-date dashboard in place, or move it into the project's folder."""
        if _is_in(meta, self.folder):
            return replace(step, action=UNCHANGED, changes=())
        return replace(step, action=MOVE, changes=(self._moving(meta),))

    def _new(self, wanted: Json, push_options: PushOptions) -> Step:
        """Create a dashboard, unless its title is taken: Grafana would silently keep the other's uid."""
        step = Step(action=CREATE, dashboard=wanted)
        taken = [
            uid
            for uid, hit in self.listed.items()
            if uid != wanted["uid"] and hit["title"] == wanted["title"] and self._lists_in_folder(hit)
        ]
        if not taken:
            return step
        what = f"the folder has another dashboard of this title, with the uid {taken[0]}"
        if version_stamps.tag(self._project) in (self.listed[taken[0]].get("tags") or ()):
            return replace(
                step, action=REFUSED, why=f"{what}, which is ours and no longer generated; prune first"
            )
        if push_options.adopt:
            return replace(step, renames=taken[0], why=f"adopted: {what}, and is renamed")
        return replace(step, action=REFUSED, why=f"{what}; --adopt renames that one")


def _is_in(meta: Json, folder: Json | None) -> bool:
    """Return whether a dashboard is in the folder; old Grafanas give its id, new ones its uid."""
    if folder is None:
        return False
    return bool(
        meta["folderUid"] == folder["uid"] if meta.get("folderUid") else meta.get("folderId") == folder["id"]
    )
