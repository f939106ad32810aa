"""Overview: all services of a project on one screen, figures first."""

from __future__ import annotations

from dashboards.latency import within_threshold
from dashboards.model import Dashboard, Panel, Query
from dashboards.parts import chosen, measured, target_lines
from signals import cost, error_ratio, latency, recorded, throughput
from signals.catalog import Catalog
from signals.links import dashboard_uid
from signals.promql import Matcher, select

P95 = latency.QUANTILES[2]


def build(catalog: Catalog) -> Dashboard:
    """Give the overview dashboard of a catalog."""
    return Dashboard(
        topic="overview",
        uid=dashboard_uid(catalog.project, "overview"),
        title=f"{catalog.project} / Overview",
        description="Traffic, errors, latency and spend of all services.",
        project=catalog.project,
        panels=measured(catalog, (*_figures(catalog), *_curves(catalog))),
    )


def _figures(catalog: Catalog) -> tuple[Panel, ...]:
    where, whole = chosen(catalog), chosen(catalog, route=False)
    return (
        _figure("traffic", "Requests per second", "reqps", throughput.requests(where), "requests",
                "Requests recorded by the chosen services. Normal follows the hour and the day."),
        _figure("errors", "Error ratio", "percentunit", error_ratio.error_ratio(where), "requests",
                "Failed requests per request; 'no data' means no traffic. Normal is below the target."),
        _figure("p95", "p95 latency (bucket estimate)", "s",
                f"max(\n{latency.quantile_estimate(P95, where, ('service',))}\n)", "latency",
                "The slowest service's 95th percentile, interpolated inside a bucket. Normal is below its target."),
        _figure("mean", "Mean latency (exact)", "s", latency.mean(where), "latency",
                "Seconds spent per request over all chosen services. Exact: no bucket enters it. Normal is flat."),
        _figure("spend", "USD per hour", "currencyUSD", cost.per_hour(whole), "cost",
                "Spend on models at the present rate, all services. Normal follows the traffic; a jump without it is a leak."),
        _figure("alerts", "Alerts firing", "short", _firing(catalog), "requests",
                "Leadline's alerts that fire now. 'no data' means that the rules are not loaded. Normal is 0."),
    )  # fmt: skip


def _figure(key: str, title: str, unit: str, expr: str, needs: str, description: str) -> Panel:
    return Panel(
        key=f"overview.{key}",
        title=title,
        description=description,
        kind="stat",
        unit=unit,
        queries=(Query(expr=expr, legend=title),),
        needs=(needs,),
        width=4,
        height=5,
    )


def _firing(catalog: Catalog) -> str:
    """Count firing alerts; 0 only where the recorded series show that the rules are there to fire."""
    owner = recorded.owner(catalog.project)
    firing = select("ALERTS", (*owner, Matcher("alertstate", "=", "firing")))
    return f"count({firing})\nor\n0 * count({select(recorded.ROUTE_REQUESTS, owner)})"


def _curves(catalog: Catalog) -> tuple[Panel, ...]:
    where, whole = chosen(catalog), chosen(catalog, route=False)
    return (
        _curve("traffic", "Requests per second by service", "reqps", "requests",
               "Requests recorded by each service. A sudden drop is as telling as a peak.",
               Query(expr=throughput.requests(where, ("service",)), legend="{{service}}")),
        _curve("errors", "Error ratio by service", "percentunit", "requests",
               "Failed requests per request of each service; the dashed line is its target.",
               Query(expr=error_ratio.error_ratio(where, ("service",)), legend="{{service}}"),
               *target_lines(catalog, "error_ratio")),
        _curve("p95", "p95 latency by service (bucket estimate)", "s", "latency",
               "Interpolated inside a bucket: it can be off by the bucket's width. Dashed is the target.",
               Query(expr=latency.quantile_estimate(P95, where, ("service",)), legend="{{service}}"),
               *target_lines(catalog, "latency.p95")),
        _curve("within", "Requests within the threshold (exact)", "percentunit", "latency",
               "Share of requests within each target's or objective's threshold, counted. Alerts read this.",
               within_threshold(catalog)),
        _curve("spend", "USD per hour by service", "currencyUSD", "cost",
               "Spend at the present rate of each service. Normal follows the traffic; a step does not.",
               Query(expr=cost.per_hour(whole, ("service",)), legend="{{service}}")),
        _curve("concurrency", "Requests in progress by service (mean)", "short", "latency",
               "Seconds spent per second (Little's law). Near the number of workers, requests queue.",
               Query(expr=throughput.concurrency(where, ("service",)), legend="{{service}}")),
    )  # fmt: skip


def _curve(key: str, title: str, unit: str, needs: str, description: str, *queries: Query) -> Panel:
    return Panel(
        key=f"overview.{key}-curve",
        title=title,
        description=description,
        unit=unit,
        queries=queries,
        needs=(needs,),
    )
