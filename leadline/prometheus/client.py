"""The client: every query goes through prometheus-api-client, with a session of ours."""

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
"""The HTTP request may last longer than the query, so that Prometheus's own message about it arrives."""


LATELY_SECONDS = 3600
"""Series without a sample for longer are not looked up."""


class Prometheus:
    """A Prometheus, or what speaks its API. Has the shape of `leadline.signals.samples.Ask` through `ask`."""

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
        # It writes and sends queries. What it makes of an answer drops warnings and native histograms, so answers are read
        # from the session that it is given.
        self._connection = PrometheusConnect(
            url=self.url, session=self._session, retry=Retry(0), method="POST"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def ask(self, query: str, *, at: float | None = None) -> Answer:
        """Ask an instant query, now or at a time (seconds since the epoch).

        Raises a LeadlineError: see `leadline.prometheus.session.Session.request`.
        """
        params = {"timeout": self._timeout} | ({} if at is None else {"time": f"{at:.3f}"})
        self._connection.custom_query(query, params=params)
        return self._session.answer

    def samples_read(self, query: str) -> int:
        """Ask an instant query, and give how many samples it read. Raises UnavailableError where the server does not say."""
        params = {"timeout": self._timeout, "stats": "all"}
        self._connection.custom_query(query, params=params)
        return self._samples()

    def samples_read_over(self, query: str, *, start: float, end: float, step_seconds: float) -> int:
        """Ask a range query, and give how many samples it read. Raises UnavailableError where the server does not say."""
        self._range(query, start, end, step_seconds, {"stats": "all"})
        return self._samples()

    def _samples(self) -> int:
        stats = self._session.payload["data"].get("stats", {}).get("samples", {})
        if "totalQueryableSamples" not in stats:
            raise UnavailableError(f"{self.url} does not say how many samples a query reads")
        return int(stats["totalQueryableSamples"])

    def ask_range(self, query: str, *, start: float, end: float, step_seconds: float) -> Answer:
        """Ask a range query: one sample a step, from start to end, both included."""
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
        """Return what the server says it is: at least `version`, where it says so."""
        data = self._get("status/buildinfo")
        return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}

    def flavour(self) -> str:
        """Return what answers, and its version, as far as it tells."""
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
        """Return whether it lists the stores that it asks, as Thanos does: an object of lists by their kind."""
        try:
            return isinstance(self._get("stores"), dict)
        except (NotPrometheusError, UnavailableError, QueryRejectedError):
            return False

    def _listed(self, path: str, what: str, **params: str) -> Any:
        """Get what a server that only answers queries does not have. Raises UnavailableError that says so."""
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
        """Return the version of a VictoriaMetrics as it exposes it, or where it may have scraped itself; empty where it is none.

        Its API calls itself version 2.24.0, that of a Prometheus, or nothing.
        """
        told = re.search(
            r'vm_app_version\{[^}]*?short_version="([^"]*)"', self._session.own_metrics(self.url)
        )
        if told:
            return told[1] or "of unknown version"
        for series in self.ask("vm_app_version").series if scraped else ():
            return series.labels.get("short_version") or "of unknown version"
        return ""

    def working_folder(self) -> str:
        """Return the folder that the server was started in, which its relative paths start from; empty where it does not tell."""
        return str(self._told("status/runtimeinfo").get("CWD", ""))

    def rule_patterns(self) -> list[str]:
        """Return the server's own `rule_files`, as its configuration has them; none where it does not tell."""
        import yaml

        try:
            found = yaml.safe_load(str(self._told("status/config").get("yaml", "")))
        except yaml.YAMLError:
            return []
        patterns = found.get("rule_files") if isinstance(found, dict) else None
        return [str(each) for each in patterns or ()]

    def rule_groups(self) -> list[dict[str, Any]]:
        """Return the rule groups that Prometheus evaluates, with each rule's health."""
        groups: list[dict[str, Any]] = self._get("rules")["groups"]
        return groups

    def active_alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that are pending or firing: labels, state, since when."""
        alerts: list[dict[str, Any]] = self._listed("alerts", "alerts")["alerts"]
        return alerts

    def active_targets(self) -> list[dict[str, Any]]:
        """Return what is scraped: labels, health, last error."""
        targets: list[dict[str, Any]] = self._listed("targets", "targets", state="active")["activeTargets"]
        return targets

    def label_names(self, selector: str = "") -> tuple[str, ...]:
        """Return the names of the labels that series of a selector, or all, had in the last hour."""
        return tuple(map(str, self._get("labels", **self._lately(selector))))

    def label_values(self, label: str, selector: str = "") -> tuple[str, ...]:
        """Return the values that a label had in the last hour, on series of a selector or on all."""
        return tuple(map(str, self._get(f"label/{label}/values", **self._lately(selector))))

    def inventory(self) -> Inventory:
        """Return what is there: names, types, scrape intervals and retention, as far as the server tells them."""
        names = frozenset(self.label_values("__name__"))
        types = {name: kind for name, (kind, _) in self.metadata().items()}
        return Inventory(
            names=names,
            types=types,
            intervals=dict(_intervals(self._told("targets", state="active"))),
            retention=_retention(self._told("status/runtimeinfo"), self._told("status/flags")),
            flavour=self.flavour(),
        )

    def metadata(self) -> dict[str, tuple[str, str]]:
        """Return type and help of each metric, as its targets expose them; nothing where the server does not tell."""
        told = self._told("metadata")
        return {
            name: (str(said[0].get("type", "")), str(said[0].get("help", "")))
            for name, said in told.items()
            if isinstance(said, list) and said and isinstance(said[0], dict)
        }

    def _told(self, path: str, **params: str) -> dict[str, Any]:
        """Return what a path answers that not every server has; nothing where it has it not."""
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
        """Make Prometheus read its configuration and rules again. Raises UnavailableError where it refuses."""
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
    """Read how long samples are kept: "15d", or "15d or 10GiB"; VictoriaMetrics' flag counts months by default."""
    for text in (str(runtime.get("storageRetention", "")), str(flags.get("storage.tsdb.retention.time", ""))):
        seconds = _seconds(text.split(" ", maxsplit=1)[0])
        if seconds:
            return seconds
    return None


def _seconds(text: str) -> float:
    """Read a duration as Prometheus writes it, years among them; 0 where it is none."""
    years = re.match(r"(\d+)y", text)
    rest = text[years.end() :] if years else text
    try:
        return (int(years[1]) * 365 * 86400 if years else 0) + (float(duration(rest)) if rest else 0)
    except ValueError:
        return 0.0
