"""One look: what each service does now, asked side by side; what could not be asked is said, and nothing made up."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from live.client import Prometheus
from signals.catalog import Catalog, Service
from signals.errors import LeadlineError
from signals.formulas import FORMULAS, missing
from signals.instruments import total
from signals.saturation import resources, use

SIGNALS = ("throughput", "error_ratio", "latency.p50", "latency.p95", "latency.p99", "cost_per_hour")
SATURATION = "saturation"
SIDE_BY_SIDE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a service does: its signals; those that it cannot answer are not there, those without data are None.

    fullest  the resource that is nearest to its limit
    alerts   the names of those that fire
    """

    service: Service
    values: Mapping[str, float | None] = field(default_factory=dict)
    fullest: str = ""
    alerts: tuple[str, ...] = ()

    def bounds(self, signal: str) -> tuple[float, float] | None:
        """Give the edges of the bucket that an estimated quantile lies in: what is certain of it."""
        value = self.values.get(signal)
        histogram = self.service.instruments.get("latency")
        if value is None or histogram is None or not histogram.buckets:
            return None
        edges = (0.0, *map(float, histogram.buckets), math.inf)
        low = max(edge for edge in edges if edge < value or edge == 0)
        return low, min(edge for edge in edges if edge >= value)

    def verdict(self, signal: str) -> str:
        """Say how a signal stands to its target: ✓, ✗ or, where the target lies inside the bounds, ?; empty without one."""
        target = next((each for each in self.service.targets if each.signal == signal), None)
        value = self.values.get(signal)
        if target is None or value is None or target.floor:
            return ""
        aim = float(target.value)
        low, high = self.bounds(signal) or (value, value)
        return "✓" if high <= aim else "✗" if low >= aim else "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen at a time; `lost` says why nothing could be asked."""

    at: float
    seen: tuple[Seen, ...] = ()
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
            firing = list(_firing(prometheus, catalog))
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
            Seen(
                service=service,
                values=found[service.name],
                fullest=fullest.get(service.name, ""),
                alerts=tuple(alert for owner, alert in firing if owner == service.name),
            )
            for service in services
        ),
    )


def _questions(service: Service, window: str) -> Iterator[tuple[str, str]]:
    for name in SIGNALS:
        if not missing(FORMULAS[name], service, ()):
            yield name, FORMULAS[name].write(dict(service.instruments), window, ())
    shares = [
        f'label_replace(({use(each.used, window)})\n/\n({total(each.limit)}), "resource", "{name}", "", "")'
        for name, each in resources(service).items()
    ]
    if shares:
        yield SATURATION, "\nor\n".join(shares)


def _firing(prometheus: Prometheus, catalog: Catalog) -> Iterator[tuple[str, str]]:
    for each in prometheus.active_alerts():
        labels = each["labels"]
        if each["state"] == "firing" and labels.get("project") == catalog.project:
            yield str(labels.get("service", "")), str(labels.get("alertname", ""))
