"""A Grafana 7.5.5 as far as the recordings show it; `tests/k8s/test_grafana.py` holds it against them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.doubles import Reply, Request

Json = dict[str, Any]
MISMATCH = "The dashboard has been changed by someone else"
SAME_NAME = "A dashboard with the same name in the folder already exists"


def reply(status: int, body: object) -> Reply:
    return status, "application/json", json.dumps(body)


def said(status: int, message: str, kind: str = "") -> Reply:
    return reply(status, {"message": message, "status": kind} if kind else {"message": message})


@dataclass
class Stored:
    """A dashboard as it is kept: its JSON, its folder's id, and the messages of its versions, newest last."""

    body: Json
    folder: int
    messages: list[str] = field(default_factory=list)
    provisioned: bool = False


class GrafanaDouble:
    """Answers requests; its state can be looked at and changed, as an editor in the browser would."""

    def __init__(self) -> None:
        self.dashboards: dict[str, Stored] = {}
        self.folders: dict[str, Json] = {}
        self.role = "Admin"
        self.token = ""
        self.version = "7.5.5"
        self.writes = 0
        self._ids = 0

    def id(self) -> int:
        self._ids += 1
        return self._ids

    def answer(self, request: Request) -> Reply:
        body: Json = json.loads(request.body) if request.body else {}
        query = {key: values[0] for key, values in parse_qs(request.url_query).items()}
        if request.path == "/api/health":
            return reply(200, {"commit": "NA", "database": "ok", "version": self.version})
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return said(401, "invalid API key")
        for (method, pattern), handler in {
            ("GET", "/api/datasources"): lambda _: reply(200, [{"id": 1, "type": "prometheus"}]),
            ("GET", "/api/search"): lambda _: self._search(query),
            ("GET", "/api/folders"): lambda _: reply(200, list(self.folders.values())),
            ("POST", "/api/folders"): lambda _: self._make_folder(body),
            ("GET", "/api/folders/(.+)"): self._folder,
            ("POST", "/api/dashboards/db"): lambda _: self._save(body),
            ("GET", "/api/dashboards/uid/(.+)"): self._dashboard,
            ("DELETE", "/api/dashboards/uid/(.+)"): self._delete,
            ("GET", "/api/dashboards/id/(.+)/versions"): self._versions,
        }.items():
            found = re.fullmatch(pattern, request.path)
            if request.method == method and found:
                return handler(found[1] if found.groups() else "")
        return said(404, "Not found")

    def _search(self, query: dict[str, str]) -> Reply:
        found = []
        for uid, stored in self.dashboards.items():
            folder = next((each for each in self.folders.values() if each["id"] == stored.folder), None)
            entry = {
                "uid": uid,
                "title": stored.body["title"],
                "tags": stored.body.get("tags", []),
                "type": "dash-db",
            }
            if folder:
                entry |= {
                    "folderId": folder["id"],
                    "folderUid": folder["uid"],
                    "folderTitle": folder["title"],
                }
            if query.get("tag", "leadline") in entry["tags"] or "tag" not in query:
                found.append(entry)
        return reply(200, [each for each in found if query.get("query", "").lower() in each["title"].lower()])

    def _make_folder(self, body: Json) -> Reply:
        if body["uid"] in self.folders:
            return said(412, "the folder has been changed by someone else", "version-mismatch")
        if any(folder["title"] == body["title"] for folder in self.folders.values()):
            return said(400, "a folder or dashboard in the general folder with the same name already exists")
        self.writes += 1
        self.folders[body["uid"]] = {
            "id": self.id(),
            "uid": body["uid"],
            "title": body["title"],
            "version": 1,
        }
        return reply(200, self.folders[body["uid"]])

    def _folder(self, uid: str) -> Reply:
        return (
            reply(200, self.folders[uid])
            if uid in self.folders
            else said(404, "folder not found", "not-found")
        )

    def _dashboard(self, uid: str) -> Reply:
        stored = self.dashboards.get(uid)
        if stored is None:
            return said(404, "Dashboard not found")
        meta = {
            "folderId": stored.folder,
            "provisioned": stored.provisioned,
            "version": stored.body["version"],
        }
        return reply(200, {"meta": meta, "dashboard": stored.body})

    def _delete(self, uid: str) -> Reply:
        if uid not in self.dashboards:
            return said(404, "Dashboard not found")
        if self.dashboards[uid].provisioned:
            return said(400, "provisioned dashboard cannot be deleted")
        title = self.dashboards.pop(uid).body["title"]
        return reply(200, {"message": f"Dashboard {title} deleted", "title": title})

    def _versions(self, dashboard_id: str) -> Reply:
        stored = next(each for each in self.dashboards.values() if str(each.body["id"]) == dashboard_id)
        newest_first = [{"message": message} for message in reversed(stored.messages)]
        return reply(200, newest_first)

    def _save(self, body: Json) -> Reply:
        if self.role == "Viewer":
            return said(403, "Access denied to save dashboard")
        dashboard = body["dashboard"]
        fault = self._fault(body, dashboard)
        if fault:
            return fault
        folder, overwrite, uid = body.get("folderId", 0), body.get("overwrite", False), dashboard["uid"]
        namesake = self._namesake(dashboard, folder)
        if namesake and namesake != uid:
            if not overwrite:
                return said(412, SAME_NAME, "name-exists")
            uid = namesake
        there = self.dashboards.get(uid)
        if there and not overwrite and there.body["version"] != dashboard.get("version"):
            return said(412, MISMATCH, "version-mismatch")
        self.writes += 1
        version = there.body["version"] + 1 if there else 1
        kept = {**dashboard, "id": there.body["id"] if there else self.id(), "uid": uid, "version": version}
        messages = [*(there.messages if there else []), body.get("message", "")]
        self.dashboards[uid] = Stored(body=kept, folder=folder, messages=messages)
        return reply(200, {"id": kept["id"], "uid": uid, "status": "success", "version": version})

    def _fault(self, body: Json, dashboard: object) -> Reply | None:
        if not isinstance(dashboard, dict) or not dashboard.get("title"):
            return said(400, "Dashboard title cannot be empty")
        if len(dashboard["uid"]) > 40:
            return said(400, "uid too long, max 40 characters")
        if not re.fullmatch(r"[A-Za-z0-9_-]+", dashboard["uid"]):
            return said(400, "uid contains illegal characters")
        folder = body.get("folderId", 0)
        if folder and all(each["id"] != folder for each in self.folders.values()):
            return said(404, "Folder not found")
        return None

    def _namesake(self, dashboard: Json, folder: int) -> str:
        return next(
            (
                uid
                for uid, stored in self.dashboards.items()
                if stored.folder == folder and stored.body["title"] == dashboard["title"]
            ),
            "",
        )
