"""Latency: estimated quantiles with their targets, beside exact shares and means."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.catalog.model import Catalog
from leadline.signals import burn, latency, series_names, throughput
from leadline.signals.links import dashboard_uid
from leadline.signals.promql import Matcher, select, sum_by

from . import colors
from .model import Dashboard, Panel, Query
from .parts import View, has_classic, has_native, measured, quantile, target_lines


def build(catalog: Catalog) -> Dashboard:
    """Return the latency dashboard of a catalog."""
    view = View.of(catalog)
    return Dashboard(
        topic="latency",
        uid=dashboard_uid(catalog.project, "latency"),
        title=f"{catalog.project} / Latency",
        description="How long requests take on the server's clock, by service and route.",
        project=catalog.project,
        panels=measured(
            view,
            (
                _quantiles(view),
                _within(view),
                *_buckets(view),
                _mean(view),
                *_by_route(view),
                _slowest(view),
                _routes(view),
            ),
        ),
    )


def _quantiles(view: View) -> Panel:
    where = view.routed
    estimates = tuple(
        Query(
            expr=quantile(view.services, rank, where, ("service",)),
            legend=f"{{{{service}}}} {latency.signal(rank).removeprefix('latency.')}",
        )
        for rank in latency.QUANTILES
    )
    signals = tuple(latency.signal(rank) for rank in latency.QUANTILES)
    return Panel(
        key="latency.quantiles",
        title="Latency quantiles (bucket estimate)",
        description=(
            "Time within which that share of requests was answered, interpolated linearly inside a histogram "
            "bucket: it can be off by the bucket's width. Judge by the share within the threshold. "
            "Normal is a flat line below the dashed target."
        ),
        unit="s",
        queries=(*estimates, *target_lines(view, *signals)),
        needs=("latency",),
        colors=colors.ending(colors.QUANTILES),
        height=10,
    )


def within_threshold(view: View) -> tuple[Query, ...]:
    """Return queries for the exact shares of requests within the bucket edges around targets, and within objectives."""
    where = view.where
    queries = []
    edges = dict.fromkeys(
        latency.recorded_edge(histogram, edge)
        for service in view.services
        if (histogram := service.instruments.get("latency")) and histogram.knows_buckets
        for target in service.quantile_targets("latency")
        for _, edge in latency.edges_around(histogram, target.value)
    )
    if edges:
        queries.append(
            Query(expr=latency.share_within(where, edges, ("service",)), legend="{{service}} {{le}} s")
        )
    if has_native(view.services):
        queries.append(
            Query(
                expr=select(series_names.within(series_names.WINDOW), where), legend="{{service}} {{signal}}"
            )
        )
    if _states_objective(view):
        good = f"1 - {burn.share((*where, latency_objective()), series_names.WINDOW)}"
        queries.append(Query(expr=good, legend="{{service}} objective.latency"))
    return tuple(queries)


def _states_objective(view: View) -> bool:
    return any(service.objective("latency") for service in view.services)


def _within(view: View) -> Panel:
    where = (*view.where, latency_objective())
    objective = Query(expr=select(series_names.OBJECTIVE, where), legend="{{service}} objective", line=True)
    return Panel(
        key="latency.within",
        title="Requests within the threshold (exact)",
        description=(
            "Share of requests within the latency objective's threshold, and within the bucket edges around each target: counted, not "
            "estimated. The share within a target lies between those of the edges around it. For a native histogram it is interpolated "
            "inside a fine bucket. Normal is above the dashed objective. All routes together."
        ),
        unit="percentunit",
        queries=(*within_threshold(view), *((objective,) if _states_objective(view) else ())),
        needs=("latency",),
        height=10,
    )


def _buckets(view: View) -> Iterator[Panel]:
    """Show heatmaps of each kind of histogram, and the distribution over classic buckets."""
    where = view.routed
    if has_native(view.services):
        whole = f"sum({select(series_names.SERVICE_DURATION, view.where)})"
        both = has_classic(view.services)
        yield _heatmap("-native" if both else "", "native histograms" if both else "all requests", whole)
    if has_classic(view.services) or not has_native(view.services):
        yield _heatmap("", "all requests", sum_by(("le",), select(series_names.ROUTE_DURATION_BUCKET, where)))
        yield _distribution(view)


def _heatmap(suffix: str, what: str, expr: str) -> Panel:
    return Panel(
        key=f"latency.heatmap{suffix}",
        title=f"Latency, {what}",
        description=(
            "Requests per second in each bucket of the histogram. Two bands are two kinds of requests, such as cached and "
            "uncached; a rising band is a dependency that slows down. Normal is stable bands."
        ),
        kind="heatmap",
        unit="s",
        queries=(Query(expr=expr, legend="{{le}}"),),
        needs=("latency",),
    )


def _distribution(view: View) -> Panel:
    buckets = select(series_names.ROUTE_DURATION_BUCKET, view.routed)
    count = select(series_names.ROUTE_DURATION_COUNT, view.routed)
    return Panel(
        key="latency.distribution",
        title="Requests within each bucket's edge (exact)",
        description=(
            "Share of the requests of the last five minutes within each bucket edge: counted, without interpolation. A target "
            "between two edges lies between their shares."
        ),
        kind="bargauge",
        unit="percentunit",
        queries=(
            Query(
                expr=f"{sum_by(('le',), buckets)}\n/ ignoring (le) group_left ()\n(sum({count}) > 0)",
                legend="≤ {{le}} s",
            ),
        ),
        needs=("latency",),
        most=1,
    )


def _routes(view: View) -> Panel:
    by = ("service", "route")
    where = view.routed
    return Panel(
        key="latency.routes",
        title="Routes, most time spent first",
        description=(
            "Requests, mean and estimated p95 of each route, and the time spent on it per second: shows what to make "
            "faster first. Normal is a share that fits the route's work."
        ),
        kind="table",
        queries=(
            Query(expr=throughput.concurrency(where, by), legend="Time spent", unit="none"),
            Query(expr=throughput.requests(where, by), legend="Requests", unit="reqps"),
            Query(expr=latency.mean(where, by), legend="Mean", unit="s"),
            *(Query(expr=each.expr, legend="p95 (estimate)", unit="s") for each in _p95_by_route(view)),
        ),
        labels=by,
        sort="Time spent",
        needs=("latency",),
    )


def latency_objective() -> Matcher:
    return Matcher("objective", "=", "latency")


def _mean(view: View) -> Panel:
    return Panel(
        key="latency.mean",
        title="Mean latency (exact)",
        description=(
            "Seconds spent per request. It uses no buckets, so it is exact; a slow tail moves it less than it "
            "moves p99. Normal is flat; a step is a change in the requests or in how they are handled."
        ),
        unit="s",
        queries=(Query(expr=latency.mean(view.routed, ("service",)), legend="{{service}}"),),
        needs=("latency",),
    )


def _p95_by_route(view: View) -> tuple[Query, ...]:
    """Return p95 of each route; nothing if all histograms are native, which are not recorded by route."""
    if has_native(view.services) and not has_classic(view.services):
        return ()
    expr = quantile(view.services, latency.QUANTILES[2], view.routed, ("service", "route"))
    return (Query(expr=expr, legend="{{service}} {{route}}"),)


def _by_route(view: View) -> Iterator[Panel]:
    if not _p95_by_route(view):
        return
    yield Panel(
        key="latency.route-p95",
        title="p95 by route (bucket estimate)",
        description=(
            "The 95th percentile of each route, interpolated inside a bucket. Shows which route moves the "
            "service's figure. Normal is each route at its own level."
        ),
        unit="s",
        queries=_p95_by_route(view),
        needs=("latency",),
    )


def _slowest(view: View) -> Panel:
    return Panel(
        key="latency.route-mean",
        title="Mean latency by route (exact)",
        description=(
            "Seconds spent per request of each route. Exact. A route that is slow and busy is where time goes: "
            "compare with requests by route on the throughput dashboard. Normal is each route at its own level."
        ),
        unit="s",
        queries=(
            Query(expr=latency.mean(view.routed, ("service", "route")), legend="{{service}} {{route}}"),
        ),
        needs=("latency",),
    )
