"""Dashboards into Grafana: what would change, and making it so. What is not ours is never overwritten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from k8s.grafana_api import OLDEST, Grafana
from signals.errors import ConflictError
from signals.links import folder_uid

CREATE, UPDATE, UNCHANGED, REFUSED = "create", "update", "unchanged", "refused"
OWN_KEYS = ("id", "version")
"""What Grafana itself writes into a dashboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What would become of one dashboard. `version` is the one that is there; `why` explains a refusal."""

    action: str
    dashboard: Mapping[str, Any]
    version: int = 0
    why: str = ""

    @property
    def title(self) -> str:
        return str(self.dashboard["title"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a push would do. `folder` is None where it would be made."""

    project: str
    folder: Mapping[str, Any] | None
    steps: tuple[Step, ...]
    remarks: tuple[str, ...] = ()

    def having(self, *actions: str) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.action in actions)

    @property
    def changes(self) -> tuple[Step, ...]:
        return self.having(CREATE, UPDATE)


def plan(grafana: Grafana, project: str, files: Mapping[str, str]) -> Plan:
    """Compare the generated dashboards (`grafana/*.json` of `files`) with what is in Grafana. Only reads."""
    version = grafana.health()
    folder = grafana.folder(folder_uid(project), project)
    wanted = [json.loads(text) for path, text in files.items() if path.startswith("grafana/")]
    return Plan(
        project=project,
        folder=folder,
        steps=tuple(_step(grafana, project, folder, dashboard) for dashboard in wanted),
        remarks=tuple(_remarks(grafana, version)),
    )


def _remarks(grafana: Grafana, version: str) -> Iterator[str]:
    major = version.partition(".")[0]
    if major.isdigit() and int(major) < OLDEST:
        yield f"Grafana {version} is older than {OLDEST}.0, which these dashboards are written for"
    if grafana.has_prometheus() is False:
        yield "no Prometheus datasource exists there, so the dashboards will be empty until one does"


def _step(grafana: Grafana, project: str, folder: Mapping[str, Any] | None, wanted: dict[str, Any]) -> Step:
    there = grafana.dashboard(wanted["uid"])
    if there is None:
        return _new(grafana, folder, wanted)
    meta, dashboard = there["meta"], there["dashboard"]
    if meta.get("provisioned"):
        return Step(
            action=REFUSED, dashboard=wanted, why="it is provisioned from a file; remove that file first"
        )
    if f"leadline:{project}" not in (dashboard.get("tags") or []):
        return Step(
            action=REFUSED,
            dashboard=wanted,
            why=f"a dashboard that is not ours, {dashboard.get('title')!r}, has the uid {wanted['uid']}",
        )
    version = int(dashboard.get("version", 0))
    same = _plain(dashboard) == _plain(wanted) or digest(wanted) in grafana.message(
        wanted["uid"], dashboard["id"], version
    )
    return Step(
        action=UNCHANGED if same and _is_in(meta, folder) else UPDATE, dashboard=wanted, version=version
    )


def _new(grafana: Grafana, folder: Mapping[str, Any] | None, wanted: dict[str, Any]) -> Step:
    """Make a dashboard, unless its title is taken: Grafana would silently keep the other's uid."""
    taken = grafana.titled(wanted["title"], str(folder["uid"])) if folder else []
    if taken:
        why = f"the folder has another dashboard of this title, with the uid {taken[0]['uid']}"
        return Step(action=REFUSED, dashboard=wanted, why=why)
    return Step(action=CREATE, dashboard=wanted)


def _is_in(meta: Mapping[str, Any], folder: Mapping[str, Any] | None) -> bool:
    """Say whether a dashboard is in the folder; old Grafanas tell its id, new ones its uid."""
    if folder is None:
        return False
    return bool(
        meta["folderUid"] == folder["uid"] if meta.get("folderUid") else meta.get("folderId") == folder["id"]
    )


def _plain(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in dashboard.items() if key not in OWN_KEYS}


def digest(dashboard: Mapping[str, Any]) -> str:
    """Give the mark that a version's message carries: of what was generated, not of what Grafana made of it."""
    text = json.dumps(_plain(dashboard), sort_keys=True, ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()[:16]


def push(grafana: Grafana, planned: Plan, version: str, told: Callable[[Step], None]) -> None:
    """Do what a plan says; tell each step when it is done. Raises ConflictError before anything, on a refusal."""
    refused = planned.having(REFUSED)
    if refused:
        raise ConflictError("\n".join(f"{step.title}: {step.why}" for step in refused))
    if not planned.changes:
        return
    folder = dict(planned.folder or grafana.make_folder(folder_uid(planned.project), planned.project))
    for step in planned.changes:
        body = {**step.dashboard, "id": None, "version": step.version}
        grafana.save(body, folder, f"leadline {version} {digest(step.dashboard)}")
        told(step)
