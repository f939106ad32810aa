"""All dashboards of a catalog: one for each topic, and one for each service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dashboards import cost, latency, load_test, overview, service, slo, throughput
from dashboards.model import Dashboard
from dashboards.parts import alerts_firing, footer, runbooks
from signals.catalog import Catalog, Service
from signals.promql import Matcher

TOPICS: dict[str, Callable[[Catalog], Dashboard]] = {
    "overview": overview.build,
    "latency": latency.build,
    "throughput": throughput.build,
    "cost": cost.build,
    "slo": slo.build,
    "load-test": load_test.build,
}


def build(catalog: Catalog) -> tuple[Dashboard, ...]:
    """Give the dashboards of a catalog: the topics, the overview first, then the services in the catalog's order."""
    topics = [_finished(catalog, topic(catalog)) for topic in TOPICS.values()]
    return (*topics, *(_of_service(catalog, each) for each in catalog.services))


def _finished(catalog: Catalog, dashboard: Dashboard) -> Dashboard:
    """Add what every topic's dashboard has: the alerts that fire, the way to exact figures and to the runbooks."""
    return replace(
        dashboard,
        panels=(*dashboard.panels, footer(dashboard.topic)),
        annotations=(alerts_firing(catalog),),
        links=runbooks(catalog),
    )


def _of_service(catalog: Catalog, one: Service) -> Dashboard:
    dashboard = service.build(catalog, one)
    firing = alerts_firing(catalog, Matcher("service", "=", one.name))
    return replace(
        dashboard,
        panels=(*dashboard.panels, footer("service", one.name)),
        annotations=(firing, *service.restarted(one)),
        links=runbooks(catalog),
    )
