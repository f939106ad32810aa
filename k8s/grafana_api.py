"""Grafana's classic HTTP API: what is asked of it, and each kind of failure told apart."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import requests

from live.access import apply
from live.session import TRIES_THROUGH_TUNNEL
from signals.endpoints import Endpoint
from signals.errors import (
    AccessDeniedError,
    ConflictError,
    ConnectionFailedError,
    NotGrafanaError,
    RefusedError,
    UnavailableError,
)

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
OLDEST = 9
"""Dashboards are written for this version of Grafana and newer ones."""


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

    def __init__(self, endpoint: Endpoint, revive: Callable[[], None] | None = None) -> None:
        """`revive` waits for a tunnel that broke, after which what only reads is asked again."""
        self.url, self._revive = endpoint.url, revive
        self._session = requests.Session()
        apply(endpoint, self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def health(self) -> str:
        """Give the version, empty where it is hidden. Raises NotGrafanaError where something else answers."""
        reply = self.call("GET", "/api/health")
        if not isinstance(reply.body, dict) or "database" not in reply.body:
            raise NotGrafanaError(f"{self.url} does not answer as Grafana does; check the URL")
        return str(reply.body.get("version", ""))

    def has_prometheus(self) -> bool | None:
        """Say whether a Prometheus datasource exists; None where this user may not know."""
        reply = self.call("GET", "/api/datasources", allowed=(403,))
        if reply.status == 403:
            return None
        return any(source.get("type") == "prometheus" for source in reply.body)

    def dashboard(self, uid: str) -> dict[str, Any] | None:
        """Give a dashboard and its meta; None where there is none."""
        reply = self.call("GET", f"/api/dashboards/uid/{uid}", allowed=(404,))
        return None if reply.status == 404 else reply.body

    def message(self, uid: str, dashboard_id: int, version: int) -> str:
        """Give the message that a version was saved with; empty where it cannot be known.

        Asked of the version itself: the list of versions calls the first one "Initial save", whatever it was.
        Old Grafanas know it by the dashboard's id only, new ones by its uid.
        """
        for dashboard in (f"uid/{uid}", f"id/{dashboard_id}"):
            reply = self.call("GET", f"/api/dashboards/{dashboard}/versions/{version}", allowed=(403, 404))
            if reply.status == 200:
                return str(reply.body.get("message", ""))
        return ""

    def titled(self, title: str, folder_uid: str) -> list[dict[str, Any]]:
        """Give the dashboards of a folder that bear exactly this title."""
        reply = self.call("GET", "/api/search", params={"query": title, "type": "dash-db"})
        found = [each for each in reply.body if each.get("folderUid", "") == folder_uid]
        return [each for each in found if each["title"] == title]

    def folder(self, uid: str, title: str) -> dict[str, Any] | None:
        """Find a folder by its uid, or by its title; None where there is neither."""
        reply = self.call("GET", f"/api/folders/{uid}", allowed=(404, 403))
        if reply.status == 200:
            return dict(reply.body)
        every = self.call("GET", "/api/folders?limit=1000").body
        return next((each for each in every if each["title"] == title), None)

    def make_folder(self, uid: str, title: str) -> dict[str, Any]:
        return dict(self.call("POST", "/api/folders", {"uid": uid, "title": title}).body)

    def save(self, dashboard: dict[str, Any], folder: dict[str, Any], message: str) -> None:
        """Save over the version that `dashboard` names. Old Grafanas read folderId, new ones folderUid."""
        body = {
            "dashboard": dashboard,
            "folderId": folder["id"],
            "folderUid": folder["uid"],
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
        try:
            response = self._sent(method, path, body, params)
        except requests.exceptions.SSLError as error:
            raise ConnectionFailedError(f"{self.url}: {_tls(str(error))}") from None
        except requests.RequestException as error:
            reason = "connection refused" if "refused" in str(error) else type(error).__name__
            raise ConnectionFailedError(
                f"{self.url}: {reason}; is Grafana running there, or its tunnel open?"
            ) from None
        return self._checked(response, allowed)

    def _sent(self, method: str, path: str, body: object, params: dict[str, str] | None) -> requests.Response:
        for _ in range(TRIES_THROUGH_TUNNEL if self._revive and method == "GET" else 0):
            with contextlib.suppress(requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                return self._request(method, path, body, params)
            if self._revive:
                self._revive()
        return self._request(method, path, body, params)

    def _request(
        self, method: str, path: str, body: object, params: dict[str, str] | None
    ) -> requests.Response:
        return self._session.request(
            method,
            self.url + path,
            json=body,
            params=params,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            verify=self._session.verify,  # else requests prefers REQUESTS_CA_BUNDLE to the session's own
        )

    def _checked(self, response: requests.Response, allowed: tuple[int, ...]) -> Reply:
        status = response.status_code
        try:
            reply = Reply(status=status, body=response.json())
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
        if self._session.auth is None:
            return (
                f"{self.url} wants credentials ({said}) and none were given; set LEADLINE_GRAFANA_TOKEN, or name them "
                "in the context under basic_auth or authorization"
            )
        return (
            f"{self.url} does not accept these credentials ({said}); "
            "has the token expired, or is the password another?"
        )


def _tls(text: str) -> str:
    if "certificate verify failed" in text:
        return (
            "its certificate is not trusted; name its authority in tls_config.ca_file of the context, "
            "or in LEADLINE_GRAFANA_CA_FILE"
        )
    return "it does not speak TLS; is the URL http://?"
