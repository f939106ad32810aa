"""One HTTP session: parameters in a POST body, time limits, retries, and each kind of failure told apart."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests

from live.answers import Payload
from signals.errors import (
    AccessDeniedError,
    ConnectionFailedError,
    LeadlineError,
    NotPrometheusError,
    QueryRejectedError,
    UnavailableError,
)

CONNECT_SECONDS = 5.0
RETRY_AFTER_SECONDS = (0.2, 0.6)
RETRY_STATUS = (429, 502, 504)
"""Never 503: there it is Prometheus that gave up on the query, and asking again runs it again."""

GRAFANAS = "/api/datasources/proxy"
"""The path below which Grafana passes requests on to a data source."""
TRIES_THROUGH_TUNNEL = 20
OWN_METRICS = 262_144
"""So many bytes of a server's own metrics are read at most."""
FINAL = (requests.exceptions.SSLError, requests.Timeout, requests.exceptions.InvalidURL)
"""Failures after which asking again would only fail again, or run an expensive query again."""

REASONS = {
    "Connection refused": "connection refused; is Prometheus running there, or its tunnel open?",
    "ConnectTimeout|timed out": "no connection within {seconds} s; is the address right, and reachable from here?",
    "WRONG_VERSION_NUMBER|wrong version number": "it does not speak TLS; is the URL http://?",
    "certificate verify failed": "its certificate is not trusted; name its authority in tls_config.ca_file of the context, "
    "or in LEADLINE_PROMETHEUS_CA_FILE",
    "SSL": "TLS failed; check the URL and tls_config",
    "Name or service not known|resolve|nodename|No address": "the name {host} is not known; check the URL",
    "aborted|reset by peer|IncompleteRead|Connection broken": "the connection broke before the answer was complete",
}
"""What a failure's text means to the person who sees it, the first match counts."""


class Session(requests.Session):
    """A `requests.Session` that prometheus-api-client can be given.

    `revive` waits for a tunnel that broke, after which the question is asked again.
    `payload` is what the calling thread was last answered, whole: the client itself drops warnings and result types.
    """

    def __init__(self, *, read_seconds: float, revive: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.read_seconds = read_seconds
        self._revive = revive
        self._local = threading.local()

    @property
    def payload(self) -> Payload:
        payload: Payload = self._local.payload
        return payload

    def request(self, method: str | bytes, url: str | bytes, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send a request to Prometheus's API and check the answer.

        Raises ConnectionFailedError, AccessDeniedError, NotPrometheusError, UnavailableError, QueryRejectedError.
        """
        address = str(url)
        parameters = options.get("params") or {}
        if method == "POST":
            options = {**options, "data": parameters, "params": None}
        options |= {"timeout": (CONNECT_SECONDS, self.read_seconds), "allow_redirects": False}
        response = self._send(address, str(method), options)
        payload = _checked(response, address, str(parameters.get("query", "")))
        self._local.payload = payload
        response.json = lambda **_: payload  # type: ignore[method-assign]  # parsed once, however often it is read
        return response

    def reload(self, server_url: str) -> None:
        """POST /-/reload, which answers with plain text. Raises UnavailableError with Prometheus's words."""
        timeout = (CONNECT_SECONDS, self.read_seconds)
        response = self._send(f"{server_url}/-/reload", "POST", {"timeout": timeout})
        if response.status_code == 200:
            return
        said = " ".join(response.text.split())[:300]
        hint = "; start it with --web.enable-lifecycle" if response.status_code in (403, 404, 405) else ""
        raise UnavailableError(f"{server_url} does not reload: {said}{hint}")

    def own_metrics(self, server_url: str) -> str:
        """Give the beginning of what the server exposes of itself at /metrics; empty where it exposes nothing."""
        timeout = (CONNECT_SECONDS, self.read_seconds)
        options = {"timeout": timeout, "allow_redirects": False, "stream": True}
        with self._send(f"{server_url}/metrics", "GET", options) as response:
            plain = response.status_code == 200 and "text/plain" in response.headers.get("Content-Type", "")
            text: bytes = response.raw.read(OWN_METRICS, decode_content=True) if plain else b""
            return text.decode("utf-8", "replace")

    def _send(self, url: str, method: str, options: dict[str, Any]) -> requests.Response:
        """Send, and send again where that is harmless: no connection, a bad gateway, a tunnel that broke."""
        options["verify"] = self.verify  # else requests prefers REQUESTS_CA_BUNDLE to the session's own
        tries = TRIES_THROUGH_TUNNEL if self._revive else len(RETRY_AFTER_SECONDS)
        for attempt in range(tries):
            try:
                response = super().request(method, url, **options)
            except requests.RequestException as error:
                if isinstance(error, FINAL):
                    raise self._failed(error, url) from None
            else:
                if response.status_code not in RETRY_STATUS:
                    return response
            if self._revive:
                self._revive()
            else:
                time.sleep(RETRY_AFTER_SECONDS[attempt])
        try:
            return super().request(method, url, **options)
        except requests.RequestException as error:
            raise self._failed(error, url) from None

    def _failed(self, error: requests.RequestException, url: str) -> LeadlineError:
        return ConnectionFailedError(f"{server(url)}: {self._reason(error, url)}")

    def _reason(self, error: requests.RequestException, url: str) -> str:
        text = str(error)
        if isinstance(error, requests.ReadTimeout):
            return f"no answer within {self.read_seconds:g} s; try a shorter window, or raise --timeout"
        for pattern, reason in REASONS.items():
            if re.search(pattern, text):
                return reason.format(host=urlsplit(url).hostname, seconds=f"{CONNECT_SECONDS:g}")
        return text


def server(url: str) -> str:
    """Give the server of a URL, as errors name it: no query, no API path."""
    return re.sub(r"/api/v1/.*", "", url)


def _checked(response: requests.Response, url: str, query: str) -> Payload:
    """Give the JSON of a successful answer; raise what any other one means."""
    where = server(url)
    if response.status_code in (401, 403):
        raise AccessDeniedError(
            f"{where} answered {response.status_code} {response.reason}: it wants credentials, or other ones; "
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
    """Say where it leads; it is not followed, for credentials would go along."""
    target = urlsplit(response.headers.get("Location", ""))
    place = f"{target.scheme}://{target.hostname}" if target.hostname else "another path"
    return f"{where} answered {response.status_code} and leads to {place}; a login page, or write that URL"


def _json(response: requests.Response) -> Payload | None:
    try:
        payload = json.loads(response.content)
    except ValueError:
        return None
    return payload if isinstance(payload, dict) and "status" in payload else None


def _grafanas(response: requests.Response) -> str:
    """Give the message of an error as Grafana writes it: an object with a message, and without Prometheus's status."""
    try:
        found = json.loads(response.content)
    except ValueError:
        return ""
    return " ".join(str(found.get("message", "")).split())[:120] if isinstance(found, dict) else ""


def _not_json(response: requests.Response, where: str) -> LeadlineError:
    first = re.sub(r"<[^>]*>|\s+", " ", response.text[:300]).strip()[:80]
    said = f"{response.status_code} {response.reason or ''}".strip()
    if response.status_code in (429, *range(500, 600)):
        who = "the Prometheus behind Grafana" if GRAFANAS in where else "it, or a proxy before it,"
        return UnavailableError(f"{where} answered {said} ({first!r}): {who} cannot answer now")
    kind = response.headers.get("Content-Type", "no content type").split(";")[0]
    hint = (
        "a login page, or the URL of something else?" if "html" in kind else "is a path missing in the URL?"
    )
    message = _grafanas(response)
    if message and GRAFANAS not in where:
        hint = f"if it is Grafana ({message}), write the URL of its data source, {where}{GRAFANAS}/uid/UID"
    elif message:
        hint = f"Grafana says {message}; its data sources and their UIDs are under Connections"
    return NotPrometheusError(f"{where} does not speak Prometheus's API: it answered {said}, {kind}; {hint}")


def _refused(response: requests.Response, payload: Payload, where: str, query: str) -> LeadlineError:
    message, kind = str(payload.get("error", "no message")), str(payload.get("errorType", ""))
    if kind == "timeout":
        return UnavailableError(f"{where} gave up on the query: {message}; try a shorter window")
    if response.status_code in (400, 422) or kind in ("bad_data", "execution"):
        return QueryRejectedError(f"{where} refused the query: {message}", query)
    if response.status_code in (200, 404):
        return NotPrometheusError(f"{where} does not speak Prometheus's API: {message}")
    return UnavailableError(f"{where} answered {response.status_code} ({kind or 'no errorType'}): {message}")
