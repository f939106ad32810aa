"""Findings about targets that would leave a report's verdicts undecided."""

from __future__ import annotations

import time
from collections.abc import Iterator

from leadline.catalog.model import Catalog
from leadline.measure.measurements import Measurements, measure, pad
from leadline.measure.window import Window
from leadline.signals.samples import Ask

from .model import WARNING, Finding, of_service

LOOKED_INTERVALS = 12
"""Number of scrape intervals to examine, enough for two processes to differ."""


def of_targets(catalog: Catalog, ask: Ask) -> Iterator[Finding]:
    """Find processes that are scraped twice, and addresses shared by several processes."""
    interval = float(catalog.scrape_interval)
    end = time.time() - pad(interval)
    window = Window(start=end - LOOKED_INTERVALS * interval, end=end)
    for found in measure(catalog.services, window, interval, ask, replica_labels=catalog.replica_labels):
        yield from _twice(catalog, found)
        yield from _several(catalog, found)


def _twice(catalog: Catalog, found: Measurements) -> Iterator[Finding]:
    groups: dict[object, list[str]] = {}
    for target, first in found.duplicates.of(found.scrapes).twins.items():
        groups.setdefault(first, []).append(found.scrapes[target].name)
    for names in groups.values():
        yield of_service(
            catalog,
            found.service,
            "scraped-twice",
            WARNING,
            f"{' and '.join(sorted(names))} expose the same series with the same values: one process, scraped {len(names)} times, "
            "so that rates and totals count it as often",
            evidence=f"their start times agree, and no value of one contradicts the other over {LOOKED_INTERVALS} scrapes",
            remedy="scrape it once, narrow the service's selector to one of them, or, if they are replicas of one Prometheus, "
            "name the label in which these differ under prometheus.replica_labels",
        )


def _several(catalog: Catalog, found: Measurements) -> Iterator[Finding]:
    names = sorted({each.name for each in found.attribution.scrapes.values() if each.alternates})
    own = [name for name in names if any(scrapes.name.startswith(name) for scrapes in found.scrapes.values())]
    for name in own:
        yield of_service(
            catalog,
            found.service,
            "several-processes",
            WARNING,
            f"{name} is answered by several processes in turn, so that rate() takes every change for a restart",
            evidence="process_start_time_seconds goes back to an earlier value",
            remedy="scrape each process at an address of its own, not through a load balancer or a Service",
        )
