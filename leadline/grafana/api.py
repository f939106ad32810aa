"""Grafana's classic HTTP API, with an error class per kind of failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import requests

from leadline.base.errors import (
    AccessDeniedError,
    ConflictError,
    NotGrafanaError,
    RefusedError,
    UnavailableError,
)
from leadline.base.http import Deadline, HttpSession, parsed
from leadline.catalog.endpoints import Endpoint
from leadline.prometheus.credentials import apply

READ_SECONDS = 30.0
OLDEST = 9
"""The oldest Grafana version that dashboards are written for."""


PAGE, MOST_PAGES = 1000, 50
"""Maximum dashboards per search page, and maximum pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a dashboard: its number and save message."""

    number: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Grafana's response: status and JSON."""

    status: int
    body: Any

    @property
    def message(self) -> str:
        return str(self.body.get("message", "")) if isinstance(self.body, dict) else ""


class Grafana:
    """A Grafana, accessed as one user."""

    def __init__(
        self,
        endpoint: Endpoint,
        revive: Callable[[], None] | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        """Connect; `revive` waits for a broken tunnel to reopen, after which reads are retried."""
        self.url = endpoint.url
        self._session = HttpSession(
            what="Grafana",
            where=endpoint.url,
            read_seconds=READ_SECONDS,
            deadline=deadline,
            revive=revive,
            retried=frozenset({"GET"}),
        )
        self._kind = "uid"
        apply(endpoint, self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def health(self) -> str:
        """Return the version; empty if hidden. Raise NotGrafanaError if the server is not Grafana."""
        reply = self.call("GET", "/api/health")
        if not isinstance(reply.body, dict) or "database" not in reply.body:
            raise NotGrafanaError(f"{self.url} does not answer like Grafana; check the URL")
        return str(reply.body.get("version", ""))

    def datasources(self) -> list[dict[str, Any]] | None:
        """Return the datasources; None if this user may not list them."""
        reply = self.call("GET", "/api/datasources", allowed=(403,))
        return None if reply.status == 403 else [dict(each) for each in reply.body]

    def health_of(self, uid: str) -> str:
        """Return Grafana's health message for a datasource; empty if it is healthy or unknown."""
        reply = self.call("GET", f"/api/datasources/uid/{uid}/health", allowed=(400, 403, 404, 500, 501, 502))
        if reply.status in (403, 404, 501) or reply.status == 200:
            return "" if reply.status != 200 or reply.body.get("status", "OK") == "OK" else reply.message
        return reply.message or f"status {reply.status}"

    def listed(self) -> dict[str, dict[str, Any]]:
        """Return all dashboards visible to this user, by uid: title, tags, folder. Recent saves may be missing."""
        found: dict[str, dict[str, Any]] = {}
        for page in range(1, MOST_PAGES + 1):
            params = {"type": "dash-db", "limit": str(PAGE), "page": str(page)}
            hits = self.call("GET", "/api/search", params=params).body
            found |= {str(hit["uid"]): dict(hit) for hit in hits}
            if len(hits) < PAGE:
                break
        return found

    def dashboard(self, uid: str) -> dict[str, Any] | None:
        """Return a dashboard and its meta; None if it does not exist."""
        reply = self.call("GET", f"/api/dashboards/uid/{uid}", allowed=(404,))
        return None if reply.status == 404 else reply.body

    def versions(self, uid: str, dashboard_id: int, limit: int = 1000) -> list[Version] | None:
        """Return a dashboard's versions with their messages, newest first; None if it has none.

        The list always shows the first version as "Initial save", so fetch that one separately. Old Grafanas find versions by
        the dashboard's id only, new ones by its uid. Raise AccessDeniedError if this user may not read them, because edits
        could then not be distinguished from pushes.
        """
        denied = ""
        for kind, where in self._keys(uid, dashboard_id):
            reply = self.call("GET", f"/api/dashboards/{where}/versions?limit={limit}", allowed=(403, 404))
            if reply.status == 200:
                self._kind = kind
                listed = reply.body["versions"] if isinstance(reply.body, dict) else reply.body
                return [self._version(where, each) for each in listed]
            denied = denied or (reply.message if reply.status == 403 else "")
        if denied:
            raise AccessDeniedError(self._no_right(uid, denied))
        return None

    def _no_right(self, uid: str, message: str) -> str:
        return (
            f"{self.url}: the versions of dashboard {uid} may not be read ({message}), so edits cannot be distinguished from "
            "pushes; this user needs the right to edit dashboards: the role Editor, or Edit on their folder"
        )

    def _keys(self, uid: str, dashboard_id: int) -> list[tuple[str, str]]:
        """Return the keys for looking up versions, the one that worked before first."""
        keys = [("uid", f"uid/{uid}"), ("id", f"id/{dashboard_id}")]
        return sorted(keys, key=lambda pair: pair[0] != self._kind)

    def _version(self, where: str, listed: dict[str, Any]) -> Version:
        number, message = int(listed["version"]), str(listed.get("message", ""))
        if number == 1:
            reply = self.call("GET", f"/api/dashboards/{where}/versions/1", allowed=(403, 404))
            message = str(reply.body.get("message", "")) if reply.status == 200 else message
        return Version(number=number, message=message)

    def content(self, uid: str, dashboard_id: int, number: int) -> dict[str, Any] | None:
        """Return a version's dashboard as saved; None if it does not exist. Raise AccessDeniedError: see `versions`."""
        denied = ""
        for _, where in self._keys(uid, dashboard_id):
            reply = self.call("GET", f"/api/dashboards/{where}/versions/{number}", allowed=(403, 404))
            if reply.status == 200:
                return dict(reply.body["data"])
            denied = denied or (reply.message if reply.status == 403 else "")
        if denied:
            raise AccessDeniedError(self._no_right(uid, denied))
        return None

    def folder(self, uid: str, title: str) -> dict[str, Any] | None:
        """Return a folder by its uid or else its title; None if there is none."""
        reply = self.call("GET", f"/api/folders/{uid}", allowed=(404, 403))
        if reply.status == 200:
            return dict(reply.body)
        every = self.call("GET", "/api/folders?limit=1000").body
        return next((each for each in every if each["title"] == title), None)

    def counts(self, uid: str) -> dict[str, int] | None:
        """Return the number of objects of each kind in a folder; None if this Grafana does not support it."""
        reply = self.call("GET", f"/api/folders/{uid}/counts", allowed=(403, 404))
        if reply.status != 200 or not isinstance(reply.body, dict):
            return None
        return {str(kind): int(count) for kind, count in reply.body.items()}

    def delete(self, uid: str) -> None:
        """Delete a dashboard, if it still exists."""
        self.call("DELETE", f"/api/dashboards/uid/{uid}", allowed=(404,))

    def delete_folder(self, uid: str) -> None:
        """Delete a folder and everything in it."""
        self.call("DELETE", f"/api/folders/{uid}", allowed=(404,))

    def annotate(self, text: str, tags: tuple[str, ...], start_ms: int, end_ms: int | None = None) -> None:
        """Annotate a time or a span, for dashboards that show these tags."""
        end = {} if end_ms is None else {"timeEnd": end_ms}
        self.call("POST", "/api/annotations", {"text": text, "tags": list(tags), "time": start_ms, **end})

    def make_folder(self, uid: str, title: str) -> dict[str, Any]:
        return dict(self.call("POST", "/api/folders", {"uid": uid, "title": title}).body)

    def save(self, dashboard: dict[str, Any], folder: dict[str, Any], message: str) -> None:
        """Save over the version that `dashboard` names. Old Grafanas read folderId, new ones folderUid.

        Raise ConflictError if there is a newer version, or another dashboard has the title.
        """
        body = {
            "dashboard": dashboard,
            **({"folderId": folder["id"]} if folder.get("id") is not None else {}),
            **({"folderUid": folder["uid"]} if folder.get("uid") else {}),
            "message": message,
            "overwrite": False,
        }
        reply = self.call("POST", "/api/dashboards/db", body)
        if reply.body.get("uid") != dashboard["uid"]:
            raise ConflictError(
                f"{self.url} saved {dashboard['title']!r} under the uid {reply.body.get('uid')!r}"
            )

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        params: dict[str, str] | None = None,
        allowed: tuple[int, ...] = (),
    ) -> Reply:
        """Send a request; statuses other than 200 are errors unless `allowed`.

        Raise ConnectionFailedError, AccessDeniedError, NotGrafanaError, ConflictError, UnavailableError or RefusedError.
        """
        response = self._session.send_once(method, self.url + path, json=body, params=params)
        return self._checked(response, allowed)

    def _checked(self, response: requests.Response, allowed: tuple[int, ...]) -> Reply:
        status = response.status_code
        try:
            reply = Reply(status=status, body=parsed(response.content))
        except ValueError:
            reply = None
        if status == 401:
            raise AccessDeniedError(self._unknown(reply.message if reply else str(status)))
        if reply is None:
            kind = response.headers.get("Content-Type", "no content type").split(";")[0]
            if status >= 500:
                raise UnavailableError(
                    f"{self.url} answered {status} {response.reason}: it cannot answer now"
                )
            raise NotGrafanaError(
                f"{self.url} answered {status}, {kind}, not Grafana's JSON; is there a login page, or is the URL wrong?"
            )
        if status == 200 or status in allowed:
            return reply
        if status == 403:
            raise AccessDeniedError(
                f"{self.url}: {reply.message}; pushing needs the role Editor, this one may only view"
            )
        if status in (409, 412):
            raise ConflictError(f"{self.url}: {reply.message}; run the command again")
        if status in (400, 404, 422):
            raise RefusedError(f"{self.url} refused: {reply.message}")
        raise UnavailableError(f"{self.url} answered {status}: {reply.message}")

    def _unknown(self, message: str) -> str:
        if self._session.is_anonymous:
            return (
                f"{self.url} requires credentials ({message}), but none were given; set LEADLINE_GRAFANA_TOKEN, or name them "
                "in the context under basic_auth or authorization"
            )
        return (
            f"{self.url} does not accept these credentials ({message}); "
            "has the token expired, or is the password wrong?"
        )
