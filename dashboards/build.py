"""All dashboards of a catalog: one per topic, one per service, and custom ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from leadline.base.errors import CatalogError
from leadline.catalog.model import Catalog, Service
from leadline.signals.promql import Matcher

from . import cost, latency, load_test, modules, overview, service, slo, throughput
from .model import Dashboard
from .parts import alerts_firing, footer, runbooks

TOPICS: dict[str, Callable[[Catalog], Dashboard]] = {
    "overview": overview.build,
    "latency": latency.build,
    "throughput": throughput.build,
    "cost": cost.build,
    "slo": slo.build,
    "load-test": load_test.build,
}


def build(catalog: Catalog) -> tuple[Dashboard, ...]:
    """Return the dashboards of a catalog: topics, overview first, then services, then custom dashboards.

    Raise CatalogError if a custom dashboard's file is invalid.
    """
    topics = [_finished(catalog, topic(catalog)) for topic in TOPICS.values()]
    services = [_of_service(catalog, each) for each in catalog.services]
    own = [_marked(catalog, each) for each in modules.load(catalog)]
    _check_different(catalog, (*topics, *services, *own))
    return (*topics, *services, *own)


def _check_different(catalog: Catalog, every: tuple[Dashboard, ...]) -> None:
    """Reject dashboards with the same uid or title: Grafana would keep only one."""
    seen: dict[str, str] = {}
    for dashboard in every:
        for name in (dashboard.uid, dashboard.title):
            if name in seen:
                raise CatalogError(
                    (
                        f"dashboards {seen[name]!r} and {dashboard.title!r} would both be {name!r}; give one of them another key or title, in its file listed under dashboards in {catalog.file}",
                    )
                )
            seen[name] = dashboard.title


def _marked(catalog: Catalog, dashboard: Dashboard) -> Dashboard:
    """Add firing alerts and runbook links to a custom dashboard, unless it sets its own."""
    service = None if "service" in dashboard.variables else Matcher("service", "=~", ".*")
    return replace(
        dashboard,
        annotations=dashboard.annotations or (alerts_firing(catalog.scope(), service),),
        links=dashboard.links or runbooks(catalog),
    )


def _finished(catalog: Catalog, dashboard: Dashboard) -> Dashboard:
    """Add what every topic dashboard has: firing alerts, and links to exact figures and runbooks."""
    return replace(
        dashboard,
        panels=(*dashboard.panels, footer(dashboard.topic)),
        annotations=(alerts_firing(catalog.scope()),),
        links=runbooks(catalog),
    )


def _of_service(catalog: Catalog, one: Service) -> Dashboard:
    dashboard = service.build(catalog.scope(one), one)
    firing = alerts_firing(catalog.scope(), Matcher("service", "=", one.name))
    return replace(
        dashboard,
        panels=(*dashboard.panels, footer("service", one.name)),
        annotations=(firing, *service.restarted(one)),
        links=runbooks(catalog),
    )
