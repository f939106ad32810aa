"""The client: every query goes through prometheus-api-client, with our own session."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Self

from prometheus_api_client.prometheus_connect import PrometheusConnect
from urllib3.util import Retry

from leadline.base.errors import NotPrometheusError, QueryRejectedError, UnavailableError
from leadline.base.http import Deadline
from leadline.base.units import duration, plain
from leadline.catalog.endpoints import Endpoint
from leadline.signals.inventory import Inventory
from leadline.signals.samples import Answer

from .credentials import apply
from .session import Session

DEFAULT_TIMEOUT_SECONDS = 30.0
GRACE_SECONDS = 2.0
"""Extra time for the HTTP request beyond the query's timeout, so that Prometheus's own error arrives."""


LATELY_SECONDS = 3600
"""Look-ups ignore series without samples in this time."""


class Prometheus:
    """A Prometheus, or a server with its API. `ask` implements `leadline.signals.samples.Ask`."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        deadline: Deadline | None = None,
        revive: Callable[[], None] | None = None,
    ) -> None:
        self.url = endpoint.url
        self._timeout = plain(timeout_seconds) + "s"
        self._session = Session(
            read_seconds=timeout_seconds + GRACE_SECONDS, deadline=deadline, revive=revive
        )
        apply(endpoint, self._session)
        # It writes and sends queries. Its own results lack warnings and native histograms, so read answers from the session.
        self._connection = PrometheusConnect(
            url=self.url, session=self._session, retry=Retry(0), method="POST"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def ask(self, query: str, *, at: float | None = None) -> Answer:
        """Ask an instant query, now or at a time (seconds since the epoch).

        Raise a LeadlineError: see `leadline.prometheus.session.Session.request`.
        """
        params = {"timeout": self._timeout} | ({} if at is None else {"time": f"{at:.3f}"})
        self._connection.custom_query(query, params=params)
        return self._session.answer

    def samples_read(self, query: str) -> int:
        """Ask an instant query; return how many samples it read. Raise UnavailableError if the server does not report it."""
        params = {"timeout": self._timeout, "stats": "all"}
        self._connection.custom_query(query, params=params)
        return self._samples()

    def samples_read_over(self, query: str, *, start: float, end: float, step_seconds: float) -> int:
        """Ask a range query; return how many samples it read. Raise UnavailableError if the server does not report it."""
        self._range(query, start, end, step_seconds, {"stats": "all"})
        return self._samples()

    def _samples(self) -> int:
        stats = self._session.payload["data"].get("stats", {}).get("samples", {})
        if "totalQueryableSamples" not in stats:
            raise UnavailableError(f"{self.url} does not report how many samples a query reads")
        return int(stats["totalQueryableSamples"])

    def ask_range(self, query: str, *, start: float, end: float, step_seconds: float) -> Answer:
        """Ask a range query: one sample per step, start and end included."""
        self._range(query, start, end, step_seconds, {})
        return self._session.answer

    def _range(self, query: str, start: float, end: float, step_seconds: float, more: dict[str, str]) -> None:
        self._connection.custom_query_range(
            query,
            start_time=datetime.fromtimestamp(start, UTC),
            end_time=datetime.fromtimestamp(end, UTC),
            step=plain(step_seconds),
            params={"timeout": self._timeout, "start": f"{start:.3f}", "end": f"{end:.3f}", **more},
        )

    def build(self) -> dict[str, str]:
        """Return the server's build information, usually including `version`."""
        data = self._get("status/buildinfo")
        return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}

    def flavour(self) -> str:
        """Return the server software and its version, if known."""
        try:
            build = self.build()
        except (NotPrometheusError, UnavailableError, QueryRejectedError):
            return "of unknown version"
        if not build.get("revision") and not build.get("application"):
            version = self._victoria(scraped=not build.get("version"))
            if version:
                return f"VictoriaMetrics {version}"
        if not build.get("version"):
            return "a server of unknown make and version"
        if not build.get("application") and self._has_stores():
            return f"Thanos {build['version']}"
        name = build.get("application") or (
            "VictoriaMetrics" if "victoria" in str(build).lower() else "Prometheus"
        )
        return f"{name} {build['version']}"

    def _has_stores(self) -> bool:
        """Return whether the server lists stores, as Thanos does: an object of lists by kind."""
        try:
            return isinstance(self._get("stores"), dict)
        except (NotPrometheusError, UnavailableError, QueryRejectedError):
            return False

    def _listed(self, path: str, what: str, **params: str) -> Any:
        """Get a list that query-only servers lack. Raise UnavailableError for those."""
        try:
            return self._get(path, **params)
        except NotPrometheusError:
            try:
                self.build()
            except (NotPrometheusError, UnavailableError, QueryRejectedError):
                pass
            else:
                raise UnavailableError(
                    f"{self.url} is {self.flavour()}, which answers queries and does not list {what}; "
                    f"ask the Prometheus or the ruler behind it"
                ) from None
            raise

    def _victoria(self, *, scraped: bool) -> str:
        """Return a VictoriaMetrics' version from its own metrics, or from its scraped ones; empty if it is something else.

        Its API reports version 2.24.0, as if it were a Prometheus, or nothing.
        """
        exposed = re.search(
            r'vm_app_version\{[^}]*?short_version="([^"]*)"', self._session.own_metrics(self.url)
        )
        if exposed:
            return exposed[1] or "of unknown version"
        for series in self.ask("vm_app_version").series if scraped else ():
            return series.labels.get("short_version") or "of unknown version"
        return ""

    def working_folder(self) -> str:
        """Return the server's working folder, the base of its relative paths; empty if unknown."""
        return str(self._optional("status/runtimeinfo").get("CWD", ""))

    def rule_patterns(self) -> list[str]:
        """Return `rule_files` of the server's configuration; empty if unknown."""
        import yaml

        try:
            found = yaml.safe_load(str(self._optional("status/config").get("yaml", "")))
        except yaml.YAMLError:
            return []
        patterns = found.get("rule_files") if isinstance(found, dict) else None
        return [str(each) for each in patterns or ()]

    def rule_groups(self) -> list[dict[str, Any]]:
        """Return the rule groups that Prometheus evaluates, including each rule's health."""
        groups: list[dict[str, Any]] = self._get("rules")["groups"]
        return groups

    def active_alerts(self) -> list[dict[str, Any]]:
        """Return pending and firing alerts: labels, state, start time."""
        alerts: list[dict[str, Any]] = self._listed("alerts", "alerts")["alerts"]
        return alerts

    def active_targets(self) -> list[dict[str, Any]]:
        """Return scraped targets: labels, health, last error."""
        targets: list[dict[str, Any]] = self._listed("targets", "targets", state="active")["activeTargets"]
        return targets

    def label_names(self, selector: str = "") -> tuple[str, ...]:
        """Return label names of the last hour, on series of a selector or on all."""
        return tuple(map(str, self._get("labels", **self._lately(selector))))

    def label_values(self, label: str, selector: str = "") -> tuple[str, ...]:
        """Return a label's values of the last hour, on series of a selector or on all."""
        return tuple(map(str, self._get(f"label/{label}/values", **self._lately(selector))))

    def inventory(self) -> Inventory:
        """Return metric names, types, scrape intervals and retention, as far as the server exposes them."""
        names = frozenset(self.label_values("__name__"))
        types = {name: kind for name, (kind, _) in self.metadata().items()}
        return Inventory(
            names=names,
            types=types,
            intervals=dict(_intervals(self._optional("targets", state="active"))),
            retention=_retention(self._optional("status/runtimeinfo"), self._optional("status/flags")),
            flavour=self.flavour(),
        )

    def metadata(self) -> dict[str, tuple[str, str]]:
        """Return type and help of each metric from target metadata; empty if the server does not expose it."""
        metadata = self._optional("metadata")
        return {
            name: (str(entries[0].get("type", "")), str(entries[0].get("help", "")))
            for name, entries in metadata.items()
            if isinstance(entries, list) and entries and isinstance(entries[0], dict)
        }

    def _optional(self, path: str, **params: str) -> dict[str, Any]:
        """Return the answer of a path that not every server has; empty if it is missing."""
        try:
            found = self._get(path, **params)
        except (NotPrometheusError, UnavailableError, QueryRejectedError):
            return {}
        return found if isinstance(found, dict) else {}

    @staticmethod
    def _lately(selector: str) -> dict[str, str]:
        now = time.time()
        span = {"start": f"{now - LATELY_SECONDS:.0f}", "end": f"{now:.0f}"}
        return {**span, "match[]": selector} if selector else span

    def reload(self) -> None:
        """Make Prometheus reload its configuration and rules. Raise UnavailableError if it refuses."""
        self._session.reload(self.url)

    def _get(self, path: str, **params: str) -> Any:
        self._session.request("GET", f"{self.url}/api/v1/{path}", params=params)
        return self._session.payload["data"]


def _intervals(targets: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for target in targets.get("activeTargets") or ():
        text = str(target.get("scrapeInterval", ""))
        seconds = _seconds(text)
        if seconds:
            yield str(target.get("labels", {}).get("job", "")), seconds


def _retention(runtime: dict[str, Any], flags: dict[str, Any]) -> float | None:
    """Read the retention in seconds from "15d" or "15d or 10GiB"; VictoriaMetrics' flag counts months by default."""
    for text in (str(runtime.get("storageRetention", "")), str(flags.get("storage.tsdb.retention.time", ""))):
        seconds = _seconds(text.split(" ", maxsplit=1)[0])
        if seconds:
            return seconds
    return None


def _seconds(text: str) -> float:
    """Read a duration in Prometheus's notation, including years; 0 if it is invalid."""
    years = re.match(r"(\d+)y", text)
    rest = text[years.end() :] if years else text
    try:
        return (int(years[1]) * 365 * 86400 if years else 0) + (float(duration(rest)) if rest else 0)
    except ValueError:
        return 0.0
