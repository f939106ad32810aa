"""A Grafana 7.5.5 as far as the recordings show it; `tests/k8s/test_grafana.py` holds it against them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
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
    """A dashboard as it is kept: its JSON, its folder's id, and its versions' messages and contents, newest last."""

    body: Json
    folder: int
    messages: list[str] = field(default_factory=list)
    provisioned: bool = False
    contents: list[Json] = field(default_factory=list)


class GrafanaDouble:
    """Answers requests; its state can be looked at and changed, as an editor in the browser would.

    Anybody may do anything until `users` or `tokens` say who may: the value of their Authorization header, or the token,
    and their role. Folders may be `locked` (only Admins edit) or `hidden` (only Admins see them), by their ids; what each role is
    answered is that of the recordings of roles.
    """

    def __init__(self) -> None:
        self.dashboards: dict[str, Stored] = {}
        self.folders: dict[str, Json] = {}
        self.datasources: list[Json] = [{"id": 1, "type": "prometheus", "name": "Prometheus"}]
        self.annotations: list[Json] = []
        self.users: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.role = "Admin"
        self.locked: set[int] = set()
        self.hidden: set[int] = set()
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
        fault = self._login(request.headers.get("Authorization", ""))
        if fault:
            return fault
        handlers: dict[tuple[str, str], Callable[[str], Reply]] = {
            ("GET", "/api/datasources"): lambda _: self._datasources(),
            ("POST", "/api/datasources"): lambda _: self._make_datasource(body),
            ("GET", "/api/datasources/(?:uid|name)/(.+)"): self._datasource,
            ("GET", "/api/datasources/proxy/.+"): lambda _: (502, "", ""),
            ("GET", "/api/search"): lambda _: self._search(query),
            ("GET", "/api/folders"): lambda _: reply(200, list(self.folders.values())),
            ("POST", "/api/folders"): lambda _: self._make_folder(body),
            ("GET", "/api/folders/(.+)"): self._folder,
            ("PUT", "/api/folders/(.+)"): lambda uid: self._rename(uid, body),
            ("DELETE", "/api/folders/(.+)"): self._delete_folder,
            ("POST", "/api/dashboards/db"): lambda _: self._save(body),
            ("GET", "/api/dashboards/uid/(.+)"): self._dashboard,
            ("DELETE", "/api/dashboards/uid/(.+)"): self._delete,
            ("GET", "/api/dashboards/id/([^/]+)/versions"): lambda key: self._versions(key, query),
            ("GET", "/api/dashboards/id/(.+)/versions/.+"): lambda _: self._version(
                request.path.removeprefix("/api/dashboards/id/").replace("/versions/", "/")
            ),
            ("POST", "/api/annotations"): lambda _: self._annotate(body),
            ("POST", "/api/admin/users"): lambda _: reply(200, {"id": 2, "message": "User created"}),
            ("POST", "/api/auth/keys"): lambda _: self._make_token(body),
        }
        for (method, pattern), handler in handlers.items():
            found = re.fullmatch(pattern, request.path)
            if request.method == method and found:
                return handler(found[1] if found.groups() else "")
        return said(404, "Not found")

    def _may_edit(self, folder: int) -> bool:
        return self.role == "Admin" or (self.role == "Editor" and folder not in self.locked | self.hidden)

    def _may_see(self, folder: int) -> bool:
        return self.role == "Admin" or folder not in self.hidden

    def _login(self, authorization: str) -> Reply | None:
        """Tell who asks by their header; give the answer where they may not."""
        if not (self.users or self.tokens):
            return None
        kind, _, secret = authorization.partition(" ")
        known = self.tokens if kind == "Bearer" else self.users
        if not secret:
            return said(401, "Unauthorized")
        if secret not in known:
            return said(401, "invalid API key" if kind == "Bearer" else "invalid username or password")
        self.role = known[secret]
        return None

    def _make_datasource(self, body: Json) -> Reply:
        if any(source["name"] == body["name"] for source in self.datasources):
            return said(409, "data source with the same name already exists")
        self.datasources.append({**body, "id": len(self.datasources) + 1, "version": 1})
        made = self.datasources[-1]
        message = {"id": made["id"], "message": "Datasource added", "name": made["name"]}
        return reply(200, {"datasource": made, **message})

    def _datasources(self) -> Reply:
        if self.role != "Admin":
            return said(403, "Permission denied")
        return reply(
            200, [{key: source[key] for key in source.keys() - {"version"}} for source in self.datasources]
        )

    def _datasource(self, key: str) -> Reply:
        found = [source for source in self.datasources if key in (source.get("uid"), source["name"])]
        return reply(200, found[0]) if found else said(404, "Data source not found")

    def _annotate(self, body: Json) -> Reply:
        self.annotations.append(body)
        return reply(200, {"id": len(self.annotations), "message": "Annotation added"})

    def _make_token(self, body: Json) -> Reply:
        self.tokens[f"key-{body['name']}"] = body["role"]
        return reply(200, {"id": 1, "name": body["name"], "key": f"key-{body['name']}"})

    def _rename(self, uid: str, body: Json) -> Reply:
        folder = self.folders[uid]
        if body["version"] != folder["version"]:
            return said(412, "the folder has been changed by someone else", "version-mismatch")
        folder |= {"title": body["title"], "version": folder["version"] + 1}
        return reply(200, folder)

    def _delete_folder(self, uid: str) -> Reply:
        """Delete a folder and, as the real one does, what is in it."""
        if uid not in self.folders:
            return said(404, "folder not found", "not-found")
        folder = self.folders.pop(uid)
        self.dashboards = {
            key: stored for key, stored in self.dashboards.items() if stored.folder != folder["id"]
        }
        title = folder["title"]
        return reply(200, {"id": folder["id"], "message": f"Folder {title} deleted", "title": title})

    def _search(self, query: dict[str, str]) -> Reply:
        found = []
        for uid, stored in self.dashboards.items():
            if not self._may_see(stored.folder):
                continue
            folder = next((each for each in self.folders.values() if each["id"] == stored.folder), None)
            entry = {
                "id": stored.body["id"],
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
        named = [each for each in found if query.get("query", "").lower() in each["title"].lower()]
        limit, page = int(query.get("limit", "1000")), int(query.get("page", "1"))
        return reply(200, named[limit * (page - 1) : limit * page])

    def _make_folder(self, body: Json) -> Reply:
        if self.role == "Viewer":
            return said(403, "Access denied")
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
        if uid in self.folders and not self._may_see(self.folders[uid]["id"]):
            return said(403, "Access denied")
        return (
            reply(200, self.folders[uid])
            if uid in self.folders
            else said(404, "folder not found", "not-found")
        )

    def _dashboard(self, uid: str) -> Reply:
        stored = self.dashboards.get(uid)
        if stored is None:
            return said(404, "Dashboard not found")
        if not self._may_see(stored.folder):
            return said(403, "Access denied to this dashboard")
        meta = {
            "canSave": self._may_edit(stored.folder),
            "folderId": stored.folder,
            "folderTitle": self._folder_title(stored.folder),
            "provisioned": stored.provisioned,
            "version": stored.body["version"],
        }
        return reply(200, {"meta": meta, "dashboard": stored.body})

    def _folder_title(self, folder_id: int) -> str:
        return next((each["title"] for each in self.folders.values() if each["id"] == folder_id), "General")

    def _delete(self, uid: str) -> Reply:
        if uid not in self.dashboards:
            return said(404, "Dashboard not found")
        if self.dashboards[uid].provisioned:
            return said(400, "provisioned dashboard cannot be deleted")
        if not self._may_edit(self.dashboards[uid].folder):
            return said(403, "Access denied to this dashboard")
        body = self.dashboards.pop(uid).body
        message = f"Dashboard {body['title']} deleted"
        return reply(200, {"id": body["id"], "message": message, "title": body["title"]})

    def _versions(self, dashboard_id: str, query: dict[str, str]) -> Reply:
        stored = next(
            (each for each in self.dashboards.values() if str(each.body["id"]) == dashboard_id), None
        )
        if stored is None:
            return said(404, "No versions found for dashboardId")
        if not self._may_edit(stored.folder):
            return said(403, "Access denied to this dashboard")
        messages = [
            "Initial save",
            *stored.messages[1:],
        ]  # in the list, and there only, the first has this one
        newest_first = list(reversed(list(enumerate(messages, start=1))))[: int(query.get("limit", "1000"))]
        return reply(200, [{"version": number, "message": message} for number, message in newest_first])

    def _version(self, path: str) -> Reply:
        dashboard_id, _, number = path.partition("/")
        stored = next(
            (each for each in self.dashboards.values() if str(each.body["id"]) == dashboard_id), None
        )
        if stored is None or int(number) > len(stored.messages):
            return said(404, "Dashboard version not found")
        if not self._may_edit(stored.folder):
            return said(403, "Access denied to this dashboard")
        content = stored.contents[int(number) - 1] if int(number) <= len(stored.contents) else stored.body
        message = stored.messages[int(number) - 1]
        return reply(200, {"version": int(number), "message": message, "data": content})

    def _save(self, body: Json) -> Reply:
        if self.role == "Viewer":
            return said(403, "Access denied to save dashboard")
        dashboard = body["dashboard"]
        fault = self._fault(body, dashboard)
        if fault:
            return fault
        folder, overwrite, uid = body.get("folderId", 0), body.get("overwrite", False), dashboard["uid"]
        if not self._may_edit(folder):
            return said(403, "Access denied to save dashboard")
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
        provisioned = bool(there and there.provisioned)
        contents = [*(there.contents if there else []), kept]
        self.dashboards[uid] = Stored(
            body=kept, folder=folder, messages=messages, provisioned=provisioned, contents=contents
        )
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
