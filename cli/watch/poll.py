"""One look: what each service does now, asked side by side; what could not be asked is said, and nothing made up."""

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
"""The signals whose past is drawn."""
SATURATION = "saturation"
SIDE_BY_SIDE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """What a service does: its signals; those that it cannot answer are not there, those without data are None.

    fullest  the resource that is nearest to its limit
    """

    service: Service
    values: Mapping[str, float | None] = field(default_factory=dict)
    fullest: str = ""

    def bounds(self, signal: str) -> tuple[float, float] | None:
        """Return the edges of the bucket that an estimated quantile lies in: what is certain of it."""
        value = self.values.get(signal)
        histogram = self.service.instruments.get("latency")
        if value is None or histogram is None or not histogram.buckets or not signal.startswith("latency."):
            return None
        edges = (0.0, *map(float, histogram.buckets), math.inf)
        low = max(edge for edge in edges if edge < value or edge == 0)
        return low, min(edge for edge in edges if edge >= value)

    def verdict(self, signal: str) -> str:
        """Return how a signal stands to its target: ✓, ✗ or, where the target lies inside the bounds, ?; empty without one."""
        target = next((each for each in self.service.targets if each.signal == signal), None)
        value = self.values.get(signal)
        if target is None or value is None or target.floor:
            return ""
        aim = float(target.value)
        low, high = self.bounds(signal) or (value, value)
        return "✓" if high <= aim else "✗" if low >= aim else "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """An alert that fires: since when (seconds since 1970; NaN where that is not told), and of what, where a label says it.

    service  empty where it is the whole project's
    """

    name: str
    service: str
    severity: str
    since: float
    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen at a time; `lost` says why nothing could be asked."""

    at: float
    seen: tuple[ServiceState, ...] = ()
    firing: tuple[Firing, ...] = ()
    lost: str = ""


def look(prometheus: Prometheus, services: Sequence[Service], catalog: Catalog, window: str) -> Look:
    """Ask everything once. What concerns one question leaves its value out; a Prometheus that is gone is said."""
    now = time.time()
    questions = [
        (service, name, query) for service in services for name, query in _questions(service, window)
    ]

    def ask(question: tuple[Service, str, str]) -> dict[str, float]:
        return {
            series.labels.get("resource", ""): series.samples[-1].value
            for series in prometheus.ask(question[2]).series
            if series.samples
        }

    try:
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            answers = list(pool.map(ask, questions))
            firing = tuple(_firing(prometheus, catalog, {service.name for service in services}))
    except LeadlineError as error:
        return Look(at=now, lost=str(error).splitlines()[0])
    found: dict[str, dict[str, float | None]] = {service.name: {} for service in services}
    fullest: dict[str, str] = {}
    for (service, name, _), values in zip(questions, answers, strict=True):
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
    """Return what the signals that are drawn as curves were before now, `every` seconds apart; NaN where nothing was measured."""
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
        told = {
            round((sample.time - begin) / every): sample.value
            for series in answer.series[:1]
            for sample in series.samples
        }
        return [told.get(index, math.nan) for index in range(points)]

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return {
            (service.name, name): values
            for (service, name), values in zip(curves, pool.map(ask, curves), strict=True)
        }


def _questions(service: Service, window: str) -> Iterator[tuple[str, str]]:
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
    """Return the project's alerts that fire, of these services or of no service, the gravest and oldest first."""
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
