"""Restore the version before our last push, for each dashboard that the push wrote."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from leadline.deploy.diff import dashboards as dashboard_diff

from . import version_stamps
from .api import Grafana

RESTORE, KEPT = "restore", "kept"
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """The planned action on a dashboard that the last push wrote.

    to         version to restore; `dashboard` is its content
    theirs     whether that version is someone's edit, not a push
    version    current version
    changes    readable changes from the current to the restored dashboard
    why        why it is kept
    """

    action: str
    uid: str
    title: str
    push: str
    version: int
    to: int = 0
    theirs: bool = False
    dashboard: Json | None = None
    folder: Json | None = None
    changes: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ours:
    """A dashboard of the project, with the stamps of its versions, newest first."""

    there: Json
    marks: tuple[tuple[int, version_stamps.Mark | None], ...]

    @property
    def last_push(self) -> str:
        return next((mark.push for _, mark in self.marks if mark and mark.kind == version_stamps.PUSH), "")


def plan(grafana: Grafana, project: str, *, overwrite: bool = False) -> tuple[Return, ...]:
    """Return the dashboards that a project's last push wrote, with their previous versions. Only reads."""
    every = list(_every(grafana, project))
    last = max((each.last_push for each in every), default="")
    return tuple(
        _return(grafana, each, last, overwrite=overwrite) for each in every if last and each.last_push == last
    )


def _every(grafana: Grafana, project: str) -> Iterator[_Ours]:
    tag = version_stamps.tag(project)
    for uid, hit in grafana.listed().items():
        there = grafana.dashboard(uid) if tag in (hit.get("tags") or ()) else None
        if there is not None:
            versions = grafana.versions(uid, int(there["dashboard"]["id"])) or ()
            yield _Ours(
                there=there,
                marks=tuple((each.number, version_stamps.read(each.message)) for each in versions),
            )


def _return(grafana: Grafana, ours: _Ours, push: str, *, overwrite: bool) -> Return:
    dashboard = ours.there["dashboard"]
    uid = str(dashboard["uid"])
    found = Return(
        action=KEPT, uid=uid, title=str(dashboard["title"]), push=push, version=int(dashboard["version"])
    )
    newest = ours.marks[0][1]
    if newest is None and not overwrite:
        return replace(found, why="it was edited since the push; --overwrite discards the edits")
    if newest is not None and newest.kind == version_stamps.ROLLBACK:
        return replace(found, why="it was rolled back already")
    before = [
        number
        for index, (number, _) in enumerate(ours.marks)
        if all(not _is_of(mark, push) for _, mark in ours.marks[index:])
    ]
    if not before:
        return replace(
            found,
            why="that push created it, so there is no version before; leadline prune removes dashboards that are not generated",
        )
    content = grafana.content(uid, int(dashboard["id"]), before[0])
    if content is None:
        return replace(found, why=f"version {before[0]} cannot be read")
    restored = version_stamps.plain(content)
    return replace(
        found,
        action=RESTORE,
        to=before[0],
        theirs=dict(ours.marks)[before[0]] is None,
        dashboard=restored,
        folder={"id": ours.there["meta"].get("folderId"), "uid": ours.there["meta"].get("folderUid")},
        changes=dashboard_diff.changes(version_stamps.plain(dashboard), restored),
    )


def _is_of(mark: version_stamps.Mark | None, push: str) -> bool:
    return mark is not None and mark.kind == version_stamps.PUSH and mark.push == push


def roll_back(
    grafana: Grafana, planned: Collection[Return], version: str, name: str, report: Callable[[Return], None]
) -> None:
    """Restore previous versions, each as a new version with a message; `name` names this rollback."""
    for each in planned:
        if each.action == RESTORE and each.dashboard is not None:
            body = {**each.dashboard, "id": None, "uid": each.uid, "version": each.version}
            message = (
                version_stamps.of_return(version, each.to)
                if each.theirs
                else version_stamps.of_rollback(version, name, each.to, each.dashboard)
            )
            grafana.save(body, dict(each.folder or {}), message)
            report(each)
