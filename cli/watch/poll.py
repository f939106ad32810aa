"""One poll: the current state of each service, from concurrent queries; a failure is reported as `lost`."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from leadline.base.errors import LeadlineError
from leadline.catalog.model import Catalog, Service
from leadline.prometheus.client import Prometheus
from leadline.signals.formulas import FORMULAS, missing
from leadline.signals.instruments import total
from leadline.signals.saturation import resources, use

SIGNALS = ("throughput", "error_ratio", "latency.p50", "latency.p95", "latency.p99", "cost_per_hour")
CURVES = ("throughput", "latency.p95")
"""The signals with a curve."""
SATURATION = "saturation"
SIDE_BY_SIDE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """A service's signals; those without an instrument are absent, those without data are None.

    fullest  the resource nearest to its limit
    """

    service: Service
    values: Mapping[str, float | None] = field(default_factory=dict)
    fullest: str = ""

    def bounds(self, signal: str) -> tuple[float, float] | None:
        """Return the edges of the bucket that contains an estimated quantile: its bounds."""
        value = self.values.get(signal)
        histogram = self.service.instruments.get("latency")
        if value is None or histogram is None or not histogram.buckets or not signal.startswith("latency."):
            return None
        edges = (0.0, *map(float, histogram.buckets), math.inf)
        low = max(edge for edge in edges if edge < value or edge == 0)
        return low, min(edge for edge in edges if edge >= value)

    def verdict(self, signal: str) -> str:
        """Return a signal's verdict: ✓, ✗, or ? if the target lies inside the bounds; empty without a target."""
        target = next((each for each in self.service.targets if each.signal == signal), None)
        value = self.values.get(signal)
        if target is None or value is None or target.floor:
            return ""
        aim = float(target.value)
        low, high = self.bounds(signal) or (value, value)
        return "✓" if high <= aim else "✗" if low >= aim else "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """A firing alert: since when (seconds since 1970; NaN if unknown), and its objective or resource, if labelled.

    service  empty if it concerns the whole project
    """

    name: str
    service: str
    severity: str
    since: float
    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The result of a poll; `lost` is the reason if it failed."""

    at: float
    seen: tuple[ServiceState, ...] = ()
    firing: tuple[Firing, ...] = ()
    lost: str = ""


def look(prometheus: Prometheus, services: Sequence[Service], catalog: Catalog, window: str) -> Look:
    """Query everything once. If a query fails, return only the reason."""
    now = time.time()
    queries = [(service, name, query) for service in services for name, query in _queries(service, window)]

    def ask(item: tuple[Service, str, str]) -> dict[str, float]:
        return {
            series.labels.get("resource", ""): series.samples[-1].value
            for series in prometheus.ask(item[2]).series
            if series.samples
        }

    try:
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            answers = list(pool.map(ask, queries))
            firing = tuple(_firing(prometheus, catalog, {service.name for service in services}))
    except LeadlineError as error:
        return Look(at=now, lost=str(error).splitlines()[0])
    found: dict[str, dict[str, float | None]] = {service.name: {} for service in services}
    fullest: dict[str, str] = {}
    for (service, name, _), values in zip(queries, answers, strict=True):
        finite = {key: value for key, value in values.items() if math.isfinite(value)}
        top = max(finite, key=lambda key: finite[key], default="")
        if name == SATURATION:
            fullest[service.name] = top
        found[service.name][name] = finite[top] if finite else None
    return Look(
        at=now,
        seen=tuple(
            ServiceState(
                service=service,
                values=found[service.name],
                fullest=fullest.get(service.name, ""),
            )
            for service in services
        ),
        firing=firing,
    )


def past(
    prometheus: Prometheus, services: Sequence[Service], window: str, points: int, every: float
) -> dict[tuple[str, str], list[float]]:
    """Return past values of the signals with curves, `every` seconds apart; NaN for missing values."""
    end = time.time()
    begin = end - every * points
    curves = [
        (service, name)
        for service in services
        for name in CURVES
        if not missing(FORMULAS[name], service.instruments, service.missing, ())
    ]

    def ask(curve: tuple[Service, str]) -> list[float]:
        service, name = curve
        query = FORMULAS[name].write(dict(service.instruments), window, ())
        answer = prometheus.ask_range(query, start=begin, end=end - every, step_seconds=every)
        values_at = {
            round((sample.time - begin) / every): sample.value
            for series in answer.series[:1]
            for sample in series.samples
        }
        return [values_at.get(index, math.nan) for index in range(points)]

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return {
            (service.name, name): values
            for (service, name), values in zip(curves, pool.map(ask, curves), strict=True)
        }


def _queries(service: Service, window: str) -> Iterator[tuple[str, str]]:
    for name in SIGNALS:
        if not missing(FORMULAS[name], service.instruments, service.missing, ()):
            yield name, FORMULAS[name].write(dict(service.instruments), window, ())
    shares = [
        f'label_replace(({use(each.used, window)})\n/\n({total(each.limit)}), "resource", "{name}", "", "")'
        for name, each in resources(service.instruments).items()
    ]
    if shares:
        yield SATURATION, "\nor\n".join(shares)


def _firing(prometheus: Prometheus, catalog: Catalog, services: AbstractSet[str]) -> Iterator[Firing]:
    """Return the project's firing alerts of these services or of no service, most severe and oldest first."""
    found = []
    for each in prometheus.active_alerts():
        labels = each["labels"]
        service = str(labels.get("service", ""))
        if each["state"] != "firing" or labels.get("project") != catalog.project:
            continue
        if not service or service in services:
            found.append(
                Firing(
                    name=str(labels.get("alertname", "")),
                    service=service,
                    severity=str(labels.get("severity", "")),
                    since=_began(str(each.get("activeAt", ""))),
                    of=str(labels.get("objective") or labels.get("resource") or ""),
                )
            )
    return iter(sorted(found, key=lambda each: (each.severity != "critical", each.since, each.name)))


def _began(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return math.nan
