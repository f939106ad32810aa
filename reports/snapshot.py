"""A snapshot: every signal of every service over one window, judged by the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reports import cost, error_ratio, evidence, latency, shown, throughput
from reports.model import Reading, Report, ServiceReport
from reports.questions import Soundings, sound
from reports.window import Window
from signals import profiles
from signals.catalog import Catalog, Service
from signals.samples import Ask

TOPICS: tuple[Callable[[Soundings], Iterator[Reading]], ...] = (
    throughput.readings,
    latency.readings,
    error_ratio.readings,
    cost.readings,
)


def take(catalog: Catalog, services: tuple[Service, ...], window: Window, ask: Ask, source: str = "") -> Report:
    """Measure services over a window. Raises a LeadlineError where Prometheus cannot be asked."""
    return Report(
        project=catalog.project,
        window=window,
        services=tuple(_service(service, window, float(catalog.scrape_interval), ask) for service in services),
        source=source,
    )


def _service(service: Service, window: Window, scrape_interval: float, ask: Ask) -> ServiceReport:
    soundings = sound(service, window, scrape_interval, ask)
    readings = tuple(reading for topic in TOPICS for reading in topic(soundings))
    return ServiceReport(
        name=service.name,
        profile=service.profile,
        readings=shown.beside(readings, soundings, ask),
        evidence=tuple(evidence.lines(soundings)),
        remarks=profiles.load(service.profile).remarks,
    )
