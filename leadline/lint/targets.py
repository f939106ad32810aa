"""Check targets, objectives, windows and spend against bucket edges, intervals, retention and prices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from leadline.base.units import plain, promql_duration, show
from leadline.catalog.model import Catalog, Service
from leadline.signals.objective import Objective
from leadline.signals.series_names import WINDOW, WINDOW_SECONDS

from .facts import Facts
from .model import ERROR, WARNING, Finding, of_service


def on_edges(catalog: Catalog, service: Service, edges: tuple[Decimal, ...]) -> Iterator[Finding]:
    """Check targets and objectives against bucket edges, in seconds."""
    if not edges:
        return
    for target in service.quantile_targets("latency"):
        if target.value > edges[-1]:
            yield of_service(
                catalog,
                service,
                "target-above-buckets",
                ERROR,
                f"target {target.signal} {show(float(target.value), 'seconds')} lies above the last bucket edge, "
                f"{show(float(edges[-1]), 'seconds')}: no estimate can ever show it as missed",
                remedy=f"add a bucket at {plain(target.value)}",
            )
        elif target.value not in edges:
            yield of_service(
                catalog,
                service,
                "target-off-edge",
                WARNING,
                f"target {target.signal} {show(float(target.value), 'seconds')} lies between bucket edges, so its verdict may "
                "be undecided",
                evidence=f"the nearest edges are {_nearest(target.value, edges)}",
                remedy=f"add a bucket at {plain(target.value)}, or choose an edge",
            )
    objective = service.objective("latency")
    if objective and objective.within is not None and objective.within not in edges:
        yield of_service(
            catalog,
            service,
            "objective-off-edge",
            ERROR,
            f"objective latency: {show(float(objective.within), 'seconds')} is not a bucket edge, so the share within it is not counted",
            evidence=f"the nearest edges are {_nearest(objective.within, edges)}",
            remedy="choose an edge, or add a bucket",
        )


def _nearest(value: Decimal, edges: Iterable[Decimal]) -> str:
    near = sorted(sorted(edges, key=lambda edge: abs(edge - value))[:2])
    return " and ".join(show(float(edge), "seconds") for edge in near)


def intervals(catalog: Catalog, service: Service, facts: Facts) -> Iterator[Finding]:
    stated = float(catalog.scrape_interval)
    jobs = {
        matcher.value
        for instrument in service.instruments.values()
        for matcher in instrument.matchers
        if matcher.label == "job" and matcher.operator == "="
    }
    for job in sorted(jobs):
        interval = facts.inventory.intervals.get(job)
        if interval is None:
            continue
        if 2 * interval > WINDOW_SECONDS:
            yield of_service(
                catalog,
                service,
                "window-too-short",
                ERROR,
                f"job {job} is scraped every {promql_duration(interval)}, and recorded rates are over {WINDOW}",
                evidence="fewer than two scrapes lie in the window",
                remedy="scrape more often",
            )
        elif interval != stated:
            yield of_service(
                catalog,
                service,
                "interval-differs",
                WARNING,
                f"job {job} is scraped every {promql_duration(interval)}, the catalog says {promql_duration(stated)}",
                remedy=f"write scrape_interval: {promql_duration(interval)}",
            )


def retention(catalog: Catalog, service: Service, kept: float | None, says: str) -> Iterator[Finding]:
    for objective in service.objectives:
        if kept is not None and float(objective.period_seconds) > kept:
            yield of_service(
                catalog,
                service,
                "window-beyond-retention",
                ERROR,
                f"objective {objective.name} has a period of {_days(objective)}, and {says} {promql_duration(int(kept))}",
                remedy="shorten the period, or keep samples for longer",
            )


def _days(objective: Objective) -> str:
    return f"{objective.period_seconds / 86400:.0f}d"


def prices(catalog: Catalog, facts: Facts) -> Iterator[Finding]:
    """Yield models that use tokens but have no price, if spend is computed from prices."""
    known = {price.model for price in catalog.prices}
    for service in catalog.services:
        tokens, label = service.instruments.get("tokens"), None
        if tokens and "cost" not in service.instruments and catalog.prices:
            label = tokens.label("model")
        for source in label.sources if label and tokens else ():
            models = facts.look.label_values(source, tokens.select() if tokens else "")
            lacking = sorted(set(models) - known - {""})
            if lacking:
                yield of_service(
                    catalog,
                    service,
                    "no-price",
                    WARNING,
                    f"models without a price: {', '.join(lacking)}",
                    remedy="add them under prices; leadline prices MODEL prints known ones",
                )
