"""A snapshot: every signal of every service over one window, judged by the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from reports import breakdown, comparison, cost, error_ratio, evidence, latency, shown, throughput
from reports.model import Reading, Report, ServiceReport
from reports.questions import Soundings, sound
from reports.window import Window
from signals import profiles
from signals.catalog import Catalog, Service
from signals.links import TOPICS as TOPIC_NAMES
from signals.links import dashboard_path
from signals.samples import Ask

TOPICS: tuple[Callable[[Soundings], Iterator[Reading]], ...] = (
    throughput.readings,
    latency.readings,
    error_ratio.readings,
    cost.readings,
)


def take(
    catalog: Catalog, services: tuple[Service, ...], window: Window, ask: Ask, source: str = ""
) -> Report:
    """Measure services over a window. Raises a LeadlineError where Prometheus cannot be asked."""
    return Report(
        project=catalog.project,
        window=window,
        services=_services(catalog, services, window, ask),
        source=source,
        links=_links(catalog, window),
    )


def _links(catalog: Catalog, window: Window) -> dict[str, str]:
    """Give the dashboards at the window's time, where the catalog says where Grafana is."""
    if "grafana" not in catalog.links:
        return {}
    query = f"from={window.start * 1000:.0f}&to={window.end * 1000:.0f}"
    return {
        topic: f"{catalog.links['grafana']}{dashboard_path(catalog.project, topic)}?{query}"
        for topic in TOPIC_NAMES
    }


def _services(
    catalog: Catalog, services: tuple[Service, ...], window: Window, ask: Ask
) -> tuple[ServiceReport, ...]:
    every = sound(services, window, float(catalog.scrape_interval), ask)
    usual = shown.said(every, ask)
    return tuple(_service(catalog, soundings, usual) for soundings in every)


def _service(catalog: Catalog, soundings: Soundings, usual: Mapping[tuple[str, str], float]) -> ServiceReport:
    service = soundings.service
    readings = tuple(reading for topic in TOPICS for reading in topic(soundings))
    return ServiceReport(
        name=service.name,
        profile=service.profile,
        readings=shown.beside(readings, service.name, usual),
        evidence=tuple(evidence.lines(soundings)),
        remarks=profiles.load(service.profile).remarks,
        comparisons=tuple(comparison.against(catalog.references, readings)),
        groups=tuple(breakdown.groups(soundings)),
    )
