"""Remove dashboards that this project pushed and no longer generates. Never by title, never others' dashboards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from leadline.signals.links import folder_uid

from . import version_stamps
from .api import Grafana, Version

DELETE, KEPT = "delete", "kept"
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The planned action on a dashboard or folder that is no longer generated; `why` explains what is kept."""

    action: str
    uid: str
    title: str
    is_folder: bool = False
    why: str = ""


def plan(
    grafana: Grafana, project: str, wanted: Collection[str], *, overwrite: bool = False
) -> tuple[Removal, ...]:
    """Return a project's dashboards that are no longer generated; `wanted` are the uids of those that are. Only reads.

    A dashboard is ours if it has the project's tag and a push saved it at least once; a copy made in the browser has only the tag.
    """
    listed = grafana.listed()
    tag = version_stamps.tag(project)
    old = {uid: hit for uid, hit in listed.items() if tag in (hit.get("tags") or ()) and uid not in wanted}
    found = tuple(
        removal for hit in old.values() if (removal := _removal(grafana, tag, hit, overwrite=overwrite))
    )
    gone = {removal.uid for removal in found if removal.action == DELETE}
    return (*found, *_folder(grafana, project, listed, gone, wanted))


def _removal(grafana: Grafana, tag: str, hit: Json, *, overwrite: bool) -> Removal | None:
    there = grafana.dashboard(str(hit["uid"]))
    if there is None or tag not in (there["dashboard"].get("tags") or ()):
        return None  # the list lags behind
    found = Removal(action=DELETE, uid=str(hit["uid"]), title=str(there["dashboard"]["title"]))
    versions: list[Version] = grafana.versions(found.uid, int(there["dashboard"]["id"])) or []
    if not any(version_stamps.read(each.message) for each in versions):
        return replace(
            found, action=KEPT, why="it has the project's tag, but no push ever saved it: is it a copy?"
        )
    if there["meta"].get("provisioned"):
        return replace(found, action=KEPT, why="it is provisioned from a file; remove that file")
    if version_stamps.read(versions[0].message) is None and not overwrite:
        return replace(
            found, action=KEPT, why="it was edited since the last push; --overwrite removes it anyway"
        )
    return found


def _folder(
    grafana: Grafana, project: str, listed: Mapping[str, Json], gone: Collection[str], wanted: Collection[str]
) -> Iterator[Removal]:
    """Plan to remove the folder if it is ours, nothing is generated any more, and it is empty."""
    uid = folder_uid(project)
    folder = grafana.folder(uid, project) if not wanted else None
    if folder is None or folder["uid"] != uid:
        return
    found = Removal(action=DELETE, uid=uid, title=str(folder["title"]), is_folder=True)
    left = [hit["title"] for key, hit in listed.items() if hit.get("folderUid") == uid and key not in gone]
    counts = grafana.counts(uid)
    if left:
        yield replace(found, action=KEPT, why=f"it contains {', '.join(map(str, left[:3]))}")
    elif counts is None:
        yield replace(found, action=KEPT, why="this Grafana does not report whether it is empty")
    elif others := {
        kind: count for kind, count in counts.items() if count and not kind.startswith("dashboard")
    }:
        held = ", ".join(f"{count} {kind}" for kind, count in others.items())
        yield replace(found, action=KEPT, why=f"it contains {held}")
    else:
        yield found


def prune(grafana: Grafana, planned: Collection[Removal], report: Callable[[Removal], None]) -> None:
    """Apply a plan: remove dashboards, then their folder."""
    for removal in planned:
        if removal.action == DELETE:
            if removal.is_folder:
                grafana.delete_folder(removal.uid)
            else:
                grafana.delete(removal.uid)
            report(removal)
