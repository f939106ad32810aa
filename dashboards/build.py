"""All dashboards of a catalog."""

from __future__ import annotations

from collections.abc import Callable

from dashboards import cost, latency, overview, throughput
from dashboards.model import Dashboard
from signals.catalog import Catalog

TOPICS: dict[str, Callable[[Catalog], Dashboard]] = {
    "overview": overview.build,
    "latency": latency.build,
    "throughput": throughput.build,
    "cost": cost.build,
}


def build(catalog: Catalog) -> tuple[Dashboard, ...]:
    """Give the dashboards of a catalog, the overview first."""
    return tuple(topic(catalog) for topic in TOPICS.values())
