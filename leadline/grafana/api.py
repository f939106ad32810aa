"""Grafana's classic HTTP API: what is asked of it, and each kind of failure told apart."""

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
"""Dashboards are written for this version of Grafana and newer ones."""


PAGE, MOST_PAGES = 1000, 50
"""How many dashboards a search gives at most, and how many searches are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a dashboard: its number, and the message that it was saved with."""

    number: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What Grafana answered: the status, and its JSON."""

    status: int
    body: Any

    @property
    def message(self) -> str:
        return str(self.body.get("message", "")) if isinstance(self.body, dict) else ""


class Grafana:
    """One Grafana, spoken to as one user."""

    def __init__(
        self,
        endpoint: Endpoint,
        revive: Callable[[], None] | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        """`revive` waits for a tunnel that broke, after which what only reads is asked again."""
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
        """Return the version, empty where it is hidden. Raises NotGrafanaError where something else answers."""
        reply = self.call("GET", "/api/health")
        if not isinstance(reply.body, dict) or "database" not in reply.body:
            raise NotGrafanaError(f"{self.url} does not answer as Grafana does; check the URL")
        return str(reply.body.get("version", ""))

    def datasources(self) -> list[dict[str, Any]] | None:
        """Return the datasources; None where this user may not know."""
        reply = self.call("GET", "/api/datasources", allowed=(403,))
        return None if reply.status == 403 else [dict(each) for each in reply.body]

    def health_of(self, uid: str) -> str:
        """Return what is wrong with a datasource, as Grafana finds it; empty where nothing is, or it cannot tell."""
        reply = self.call("GET", f"/api/datasources/uid/{uid}/health", allowed=(400, 403, 404, 500, 501, 502))
        if reply.status in (403, 404, 501) or reply.status == 200:
            return "" if reply.status != 200 or reply.body.get("status", "OK") == "OK" else reply.message
        return reply.message or f"status {reply.status}"

    def listed(self) -> dict[str, dict[str, Any]]:
        """Return all dashboards that this user sees, by uid: title, tags, folder. What was saved just now may be missing."""
        found: dict[str, dict[str, Any]] = {}
        for page in range(1, MOST_PAGES + 1):
            params = {"type": "dash-db", "limit": str(PAGE), "page": str(page)}
            hits = self.call("GET", "/api/search", params=params).body
            found |= {str(hit["uid"]): dict(hit) for hit in hits}
            if len(hits) < PAGE:
                break
        return found

    def dashboard(self, uid: str) -> dict[str, Any] | None:
        """Return a dashboard and its meta; None where there is none."""
        reply = self.call("GET", f"/api/dashboards/uid/{uid}", allowed=(404,))
        return None if reply.status == 404 else reply.body

    def versions(self, uid: str, dashboard_id: int, limit: int = 1000) -> list[Version] | None:
        """Return a dashboard's versions, the newest first, each with its message; None where it has none.

        The list calls the first version "Initial save", whatever was said: that one is asked by itself. Old Grafanas know versions
        by the dashboard's id only, new ones by its uid. Raises AccessDeniedError where this user may not read them: what was pushed
        could then not be told from what was edited since.
        """
        denied = ""
        for kind, where in self._keys(uid, dashboard_id):
            reply = self.call("GET", f"/api/dashboards/{where}/versions?limit={limit}", allowed=(403, 404))
            if reply.status == 200:
                self._kind = kind
                listed = reply.body["versions"] if isinstance(reply.body, dict) else reply.body
                return [self._told(where, each) for each in listed]
            denied = denied or (reply.message if reply.status == 403 else "")
        if denied:
            raise AccessDeniedError(self._no_right(uid, denied))
        return None

    def _no_right(self, uid: str, message: str) -> str:
        return (
            f"{self.url}: the versions of dashboard {uid} may not be read ({message}), so what was pushed cannot be told from what was "
            "edited; this user needs the right to edit dashboards: the role Editor, or Edit on their folder"
        )

    def _keys(self, uid: str, dashboard_id: int) -> list[tuple[str, str]]:
        """Return the keys that versions may be asked by, that which served before first."""
        keys = [("uid", f"uid/{uid}"), ("id", f"id/{dashboard_id}")]
        return sorted(keys, key=lambda pair: pair[0] != self._kind)

    def _told(self, where: str, listed: dict[str, Any]) -> Version:
        number, message = int(listed["version"]), str(listed.get("message", ""))
        if number == 1:
            reply = self.call("GET", f"/api/dashboards/{where}/versions/1", allowed=(403, 404))
            message = str(reply.body.get("message", "")) if reply.status == 200 else message
        return Version(number=number, message=message)

    def content(self, uid: str, dashboard_id: int, number: int) -> dict[str, Any] | None:
        """Return a version's dashboard, as it was saved; None where there is none. Raises AccessDeniedError: see `versions`."""
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
        """Find a folder by its uid, or by its title; None where there is neither."""
        reply = self.call("GET", f"/api/folders/{uid}", allowed=(404, 403))
        if reply.status == 200:
            return dict(reply.body)
        every = self.call("GET", "/api/folders?limit=1000").body
        return next((each for each in every if each["title"] == title), None)

    def counts(self, uid: str) -> dict[str, int] | None:
        """Return how many things of each kind are in a folder; None where this Grafana does not tell."""
        reply = self.call("GET", f"/api/folders/{uid}/counts", allowed=(403, 404))
        if reply.status != 200 or not isinstance(reply.body, dict):
            return None
        return {str(kind): int(count) for kind, count in reply.body.items()}

    def delete(self, uid: str) -> None:
        """Delete a dashboard; nothing where it is gone already."""
        self.call("DELETE", f"/api/dashboards/uid/{uid}", allowed=(404,))

    def delete_folder(self, uid: str) -> None:
        """Delete a folder, and with it whatever is in it."""
        self.call("DELETE", f"/api/folders/{uid}", allowed=(404,))

    def annotate(self, text: str, tags: tuple[str, ...], start_ms: int, end_ms: int | None = None) -> None:
        """Mark a moment, or a stretch, on the time axes of dashboards that show these tags."""
        end = {} if end_ms is None else {"timeEnd": end_ms}
        self.call("POST", "/api/annotations", {"text": text, "tags": list(tags), "time": start_ms, **end})

    def make_folder(self, uid: str, title: str) -> dict[str, Any]:
        return dict(self.call("POST", "/api/folders", {"uid": uid, "title": title}).body)

    def save(self, dashboard: dict[str, Any], folder: dict[str, Any], message: str) -> None:
        """Save over the version that `dashboard` names. Old Grafanas read folderId, new ones folderUid.

        Raises ConflictError where another version is there by now, or the title is another dashboard's.
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
        """Ask; statuses other than 200 are errors unless `allowed`.

        Raises ConnectionFailedError, AccessDeniedError, NotGrafanaError, ConflictError, UnavailableError, and
        RefusedError where Grafana does not take what was sent.
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
                f"{self.url} answered {status}, {kind}, not Grafana's JSON; a login page before it, or another URL?"
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

    def _unknown(self, said: str) -> str:
        if self._session.is_anonymous:
            return (
                f"{self.url} wants credentials ({said}) and none were given; set LEADLINE_GRAFANA_TOKEN, or name them "
                "in the context under basic_auth or authorization"
            )
        return (
            f"{self.url} does not accept these credentials ({said}); "
            "has the token expired, or is the password another?"
        )
