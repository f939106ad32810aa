"""The client: every query goes through prometheus-api-client, with a session of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

from prometheus_api_client.prometheus_connect import PrometheusConnect
from urllib3.util import Retry

from live.access import apply
from live.answers import answer
from live.session import Session
from signals.endpoints import Endpoint
from signals.errors import NotPrometheusError, QueryRejectedError, UnavailableError
from signals.samples import Answer
from signals.units import plain

DEFAULT_TIMEOUT_SECONDS = 30.0
GRACE_SECONDS = 2.0
"""The HTTP request may last longer than the query, so that Prometheus's own message about it arrives."""


class Prometheus:
    """A Prometheus, or what speaks its API. Has the shape of `signals.samples.Ask` through `ask`."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        revive: Callable[[], None] | None = None,
    ) -> None:
        self.url = endpoint.url
        self._timeout = plain(timeout_seconds) + "s"
        self._session = Session(read_seconds=timeout_seconds + GRACE_SECONDS, revive=revive)
        apply(endpoint, self._session)
        self._connection = PrometheusConnect(
            url=self.url, session=self._session, retry=Retry(0), method="POST"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def ask(self, query: str, *, at: float | None = None) -> Answer:
        """Ask an instant query, now or at a time (seconds since the epoch).

        Raises a LeadlineError: see `live.session.Session.request`.
        """
        params = {"timeout": self._timeout} | ({} if at is None else {"time": f"{at:.3f}"})
        self._connection.custom_query(query, params=params)
        return answer(self._session.payload)

    def ask_range(self, query: str, *, start: float, end: float, step_seconds: float) -> Answer:
        """Ask a range query: one sample a step, from start to end, both included."""
        params = {"timeout": self._timeout, "start": f"{start:.3f}", "end": f"{end:.3f}"}
        self._connection.custom_query_range(
            query,
            start_time=datetime.fromtimestamp(start, UTC),
            end_time=datetime.fromtimestamp(end, UTC),
            step=plain(step_seconds),
            params=params,
        )
        return answer(self._session.payload)

    def build(self) -> dict[str, str]:
        """Give what the server says it is: at least `version`, where it says so."""
        data = self._get("status/buildinfo")
        return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}

    def flavour(self) -> str:
        """Say what answers, and its version, as far as it tells."""
        try:
            build = self.build()
        except (NotPrometheusError, UnavailableError, QueryRejectedError):
            return "of unknown version"
        name = build.get("application") or (
            "VictoriaMetrics" if "victoria" in str(build).lower() else "Prometheus"
        )
        return f"{name} {build.get('version') or 'of unknown version'}"

    def rule_groups(self) -> list[dict[str, Any]]:
        """Give the rule groups that Prometheus evaluates, with each rule's health."""
        groups: list[dict[str, Any]] = self._get("rules")["groups"]
        return groups

    def active_targets(self) -> list[dict[str, Any]]:
        """Give what is scraped: labels, health, last error."""
        targets: list[dict[str, Any]] = self._get("targets", state="active")["activeTargets"]
        return targets

    def reload(self) -> None:
        """Make Prometheus read its configuration and rules anew. Raises UnavailableError where it refuses."""
        self._session.reload(self.url)

    def _get(self, path: str, **params: str) -> Any:
        self._session.request("GET", f"{self.url}/api/v1/{path}", params=params)
        return self._session.payload["data"]
