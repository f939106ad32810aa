"""The session of Prometheus's API: parameters in a POST body, and an error class per kind of failure."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests

from leadline.base.errors import (
    AccessDeniedError,
    LeadlineError,
    NotPrometheusError,
    QueryRejectedError,
    UnavailableError,
)
from leadline.base.http import Deadline, HttpSession, parsed, server
from leadline.signals.samples import Answer

from .answers import MalformedError, Payload, answer

GRAFANAS = "/api/datasources/proxy"
"""The path below which Grafana proxies requests to a data source."""
OWN_METRICS = 262_144
"""Maximum bytes to read of a server's own metrics."""
QUERIES = ("/api/v1/query", "/api/v1/query_range")


class Session(HttpSession):
    """A `requests.Session` for prometheus-api-client.

    `payload` is the last full response of the calling thread, and `answer` its parsed result if it was a query: the client
    itself drops warnings and result types.
    """

    def __init__(
        self,
        *,
        read_seconds: float,
        deadline: Deadline | None = None,
        revive: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(what="Prometheus", read_seconds=read_seconds, deadline=deadline, revive=revive)
        self._local = threading.local()

    @property
    def payload(self) -> Payload:
        payload: Payload = self._local.payload
        return payload

    @property
    def answer(self) -> Answer:
        found: Answer = self._local.answer
        return found

    def request(self, method: str | bytes, url: str | bytes, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send a request to Prometheus's API and check the answer.

        Raise ConnectionFailedError, AccessDeniedError, NotPrometheusError, UnavailableError or QueryRejectedError.
        """
        address = str(url)
        parameters = options.get("params") or {}
        place = "data" if method == "POST" else "params"
        sent: dict[str, Any] = {place: parameters}
        response = self.send_once(str(method), address, **sent)
        payload = _checked(response, address, str(parameters.get("query", "")))
        if urlsplit(address).path.endswith(QUERIES):
            try:
                self._local.answer = answer(payload)
            except MalformedError as error:
                raise NotPrometheusError(
                    f"{server(address)} does not speak Prometheus's API: {error}"
                ) from None
        self._local.payload = payload
        response.json = lambda **_: payload  # type: ignore[method-assign]  # parsed only once
        return response

    def reload(self, server_url: str) -> None:
        """POST /-/reload, which answers in plain text. Raise UnavailableError with Prometheus's message."""
        response = self.send_once("POST", f"{server_url}/-/reload")
        if response.status_code == 200:
            return
        if response.is_redirect:
            raise NotPrometheusError(_sent_on(response, server_url))
        message = " ".join(response.text.split())[:300]
        hint = "; start it with --web.enable-lifecycle" if response.status_code in (403, 404, 405) else ""
        raise UnavailableError(f"{server_url} does not reload: {message}{hint}")

    def own_metrics(self, server_url: str) -> str:
        """Return the server's own /metrics; empty if there are none or they are too large."""
        try:
            response = self.send_once("GET", f"{server_url}/metrics", most_bytes=OWN_METRICS)
        except LeadlineError:
            return ""
        plain = response.status_code == 200 and "text/plain" in response.headers.get("Content-Type", "")
        return response.content.decode("utf-8", "replace") if plain else ""


def _checked(response: requests.Response, url: str, query: str) -> Payload:
    """Return the JSON of a successful response; raise the matching error for any other."""
    where = server(url)
    if response.status_code in (401, 403):
        raise AccessDeniedError(
            f"{where} answered {response.status_code} {response.reason}: credentials are missing or wrong; "
            "name them in the context under basic_auth, authorization or headers"
        )
    if response.is_redirect:
        raise NotPrometheusError(_sent_on(response, where))
    payload = _json(response)
    if payload is None:
        raise _not_json(response, where)
    if payload.get("status") == "success" and "data" in payload:
        return payload
    raise _refused(response, payload, where, query)


def _sent_on(response: requests.Response, where: str) -> str:
    """Explain a redirect; it is not followed, because credentials would go along."""
    target = urlsplit(response.headers.get("Location", ""))
    place = f"{target.scheme}://{target.hostname}" if target.hostname else "another path"
    return f"{where} answered {response.status_code} and redirects to {place}; is it a login page? otherwise use that URL"


def _json(response: requests.Response) -> Payload | None:
    try:
        payload = parsed(response.content)
    except ValueError:
        return None
    return payload if isinstance(payload, dict) and "status" in payload else None


def _grafanas(response: requests.Response) -> str:
    """Return the message of a Grafana error: an object with a message but without Prometheus's status."""
    try:
        found = parsed(response.content)
    except ValueError:
        return ""
    return " ".join(str(found.get("message", "")).split())[:120] if isinstance(found, dict) else ""


def _not_json(response: requests.Response, where: str) -> LeadlineError:
    first = re.sub(r"<[^>]*>|\s+", " ", response.text[:300]).strip()[:80]
    status = f"{response.status_code} {response.reason or ''}".strip()
    if response.status_code in (429, *range(500, 600)):
        who = "the Prometheus behind Grafana" if GRAFANAS in where else "it, or a proxy before it,"
        return UnavailableError(f"{where} answered {status} ({first!r}): {who} cannot answer now")
    kind = response.headers.get("Content-Type", "no content type").split(";")[0]
    hint = (
        "a login page, or the URL of something else?" if "html" in kind else "is a path missing in the URL?"
    )
    message = _grafanas(response)
    if message and GRAFANAS not in where:
        hint = f"if it is Grafana ({message}), write the URL of its data source, {where}{GRAFANAS}/uid/UID"
    elif message:
        hint = f"Grafana says {message}; its data sources and their UIDs are under Connections"
    return NotPrometheusError(
        f"{where} does not speak Prometheus's API: it answered {status}, {kind}; {hint}"
    )


def _refused(response: requests.Response, payload: Payload, where: str, query: str) -> LeadlineError:
    message, kind = str(payload.get("error", "no message")), str(payload.get("errorType", ""))
    if kind == "timeout":
        return UnavailableError(f"{where} gave up on the query: {message}; try a shorter window")
    if response.status_code in (400, 422) or kind in ("bad_data", "execution"):
        return QueryRejectedError(f"{where} refused the query: {message}", query)
    if response.status_code in (200, 404):
        return NotPrometheusError(f"{where} does not speak Prometheus's API: {message}")
    return UnavailableError(f"{where} answered {response.status_code} ({kind or 'no errorType'}): {message}")
