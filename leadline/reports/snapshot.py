"""A snapshot: every signal of every service over one window, judged by the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from leadline.catalog.model import Catalog, Service
from leadline.measure.measurements import Measurements, measure
from leadline.measure.reading import Reading
from leadline.measure.window import Window
from leadline.signals.links import TOPICS as TOPIC_NAMES
from leadline.signals.links import dashboard_path
from leadline.signals.samples import Ask

from . import (
    advice,
    breakdown,
    charts,
    client,
    comparison,
    cost,
    error_ratio,
    evidence,
    headroom,
    highlights,
    latency,
    objectives,
    promql_view,
    saturation,
    throughput,
)
from .model import Alert, Report, ServiceReport

TOPICS: tuple[Callable[[Measurements], Iterator[Reading]], ...] = (
    throughput.readings,
    latency.readings,
    latency.token_times,
    error_ratio.readings,
    saturation.readings,
)


def take(
    catalog: Catalog,
    services: tuple[Service, ...],
    window: Window,
    ask: Ask,
    source: str = "",
    *,
    monthly_requests: float | None = None,
    run: client.Run | None = None,
    draw: bool = False,
) -> Report:
    """Measure services over a window, and project a month of `monthly_requests`.

    `run` is the load generator's summary for a single service; `draw` adds the curves of charts.
    Raises a LeadlineError if Prometheus cannot be queried.
    """
    terms = cost.Terms(
        prices=catalog.prices,
        monthly_budget_usd=None if catalog.monthly_budget_usd is None else float(catalog.monthly_budget_usd),
        references=catalog.references,
        infrastructure=catalog.infrastructure,
        monthly_requests=monthly_requests,
    )
    every = measure(
        services, window, float(catalog.scrape_interval), ask, replica_labels=catalog.replica_labels
    )
    window = every[0].window if every else window
    shown = promql_view.fetch(every, ask)
    active = objectives.alerts(catalog.project, window, ask) if every else ()
    return Report(
        project=catalog.project,
        window=window,
        services=tuple(
            _service(catalog, measurements, shown, terms, active, run, draw=draw) for measurements in every
        ),
        source=source,
        links=_links(catalog, window),
    )


def _links(catalog: Catalog, window: Window) -> dict[str, str]:
    """Return links to the dashboards at the window's time, if the catalog has Grafana's URL."""
    if "grafana" not in catalog.links:
        return {}
    query = f"from={window.start * 1000:.0f}&to={window.end * 1000:.0f}"
    return {
        topic: f"{catalog.links['grafana']}{dashboard_path(catalog.project, topic)}?{query}"
        for topic in TOPIC_NAMES
    }


def _service(
    catalog: Catalog,
    measurements: Measurements,
    shown: Mapping[tuple[str, str], float],
    terms: cost.Terms,
    active: tuple[Alert, ...],
    run: client.Run | None,
    *,
    draw: bool,
) -> ServiceReport:
    service = measurements.service
    readings = (
        *(reading for topic in TOPICS for reading in topic(measurements)),
        *cost.readings(measurements, terms),
        *(client.judged(run) if run else ()),
    )
    groups = tuple(breakdown.groups(measurements))
    comparisons = tuple(comparison.against(catalog.references, readings, is_load=measurements.window.is_load))
    room = headroom.assess(measurements, readings)
    report = ServiceReport(
        name=service.name,
        profile=service.profile,
        readings=promql_view.with_views(readings, measurements, shown),
        grade=evidence.grade(measurements),
        evidence=tuple(evidence.lines(measurements)),
        remarks=service.notes,
        comparisons=comparisons,
        groups=groups,
        headroom=room,
        in_place=tuple(advice.in_place(measurements, readings, room)),
        next_steps=tuple(advice.next_steps(measurements, readings, groups, room)),
        highlights=tuple(highlights.sentences(measurements.window, readings, comparisons, room)),
        histogram=latency.histogram(measurements),
        burns=tuple(objectives.burns(measurements, readings)),
        alerts=tuple(each for each in active if each.service in ("", service.name)),
        charts=tuple(charts.charts(measurements)) if draw else (),
        users=run.users if run else None,
        monthly_budget_usd=terms.monthly_budget_usd if service.measures & {"cost"} else None,
    )
    if run is None:
        return report
    rows, notes = client.compared(run, report)
    return replace(report, client=rows, client_notes=notes)
