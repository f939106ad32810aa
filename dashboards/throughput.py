"""Throughput: requests by kind, failures, and requests in progress."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.catalog.model import Catalog
from leadline.signals import error_ratio, series_names, throughput
from leadline.signals.instruments import rate
from leadline.signals.labels import STATUS_CLASS
from leadline.signals.links import dashboard_uid
from leadline.signals.promql import select

from . import colors
from .model import Dashboard, Panel, Query, Step, row
from .parts import MOST_QUERIES, View, measured, target_lines


def build(catalog: Catalog) -> Dashboard:
    """Return the throughput dashboard of a catalog."""
    view = View.of(catalog)
    panels = (
        _by_service(view),
        _error_ratio(view),
        _by_label(view, "route", "Requests by route", "Which routes carry the load."),
        _by_label(
            view,
            STATUS_CLASS,
            "Requests by status class",
            "2xx are answers, 4xx the client's mistakes, 5xx errors.",
        ),
        _by_label(view, "method", "Requests by method", "Reads and writes rarely cost the same."),
        _errors(view),
        _concurrency(view),
        row("throughput.compared", "Demand and capacity"),
        *((_last_week(view),) if view.scope.keeps("8d") else ()),
        saturation(view),
        *_rejected(view),
        *_queue(view),
    )
    return Dashboard(
        topic="throughput",
        uid=dashboard_uid(catalog.project, "throughput"),
        title=f"{catalog.project} / Throughput",
        description="Requests per second by service, route, method and status, their errors and concurrency.",
        project=catalog.project,
        panels=measured(view, panels),
    )


def _by_service(view: View) -> Panel:
    return Panel(
        key="throughput.service",
        title="Requests per second, 5-min mean",
        description=(
            "Requests that the service recorded, excluding probes and scrapes. The dashed line is the target of a "
            "load test: below it there may simply be less demand. Normal follows the hour and the day."
        ),
        unit="reqps",
        queries=(
            Query(expr=throughput.requests(view.routed, ("service",)), legend="{{service}}"),
            *target_lines(view, "throughput"),
        ),
        needs=("requests",),
    )


def _error_ratio(view: View) -> Panel:
    return Panel(
        key="throughput.error-ratio",
        title="Error ratio, 5-min mean",
        description=(
            "Failed requests per request; the profile defines failures (server errors, not 4xx). "
            "'No data' means no traffic, which is not the same as no errors. Normal is below the dashed target."
        ),
        unit="percentunit",
        queries=(
            Query(expr=error_ratio.error_ratio(view.routed, ("service",)), legend="{{service}}"),
            *target_lines(view, "error_ratio"),
        ),
        needs=("requests",),
    )


def _by_label(view: View, label: str, title: str, why: str) -> Panel:
    return Panel(
        key=f"throughput.{label}",
        title=title,
        description=f"Requests per second, stacked. {why} Normal is a mix that changes slowly.",
        unit="reqps",
        queries=(
            Query(
                expr=throughput.requests(view.routed, ("service", label)),
                legend=f"{{{{service}}}} {{{{{label}}}}}",
            ),
        ),
        needs=("requests",),
        stacked=True,
        colors=colors.ending(colors.STATUS) if label == STATUS_CLASS else (),
    )


def _errors(view: View) -> Panel:
    return Panel(
        key="throughput.errors",
        title="Errors per second by route",
        description="Failed requests by route: shows where an error ratio comes from. Normal is zero.",
        unit="reqps",
        queries=(
            Query(expr=error_ratio.errors(view.routed, ("service", "route")), legend="{{service}} {{route}}"),
        ),
        needs=("requests",),
    )


def _concurrency(view: View) -> Panel:
    return Panel(
        key="throughput.concurrency",
        title="Requests in progress (mean)",
        description=(
            "Seconds spent on requests per second, which by Little's law is the number of requests in progress; a "
            "gauge would miss what happens between scrapes. Near the number of workers, requests begin to queue. Normal follows the traffic."
        ),
        queries=(Query(expr=throughput.concurrency(view.routed, ("service",)), legend="{{service}}"),),
        needs=("latency",),
    )


def _last_week(view: View) -> Panel:
    now = select(series_names.requests("30m"), view.where)
    return Panel(
        key="throughput.week",
        title="Requests per second over half an hour, and a week before",
        description=(
            "Requests over half an hour, and in the same half hour a week before, dashed. Alerts on a drop and a surge compare these. 'No "
            "data' a week before means that the retention is too short or the rules are newer. Normal is two similar lines."
        ),
        unit="reqps",
        queries=(
            Query(expr=now, legend="{{service}}"),
            Query(expr=f"{now} offset 1w", legend="{{service}} a week before", line=True),
        ),
        needs=("requests",),
    )


def saturation(view: View) -> Panel:
    """Return a panel of use ÷ limit, for each resource with both known."""
    return Panel(
        key="throughput.saturation",
        title="Use of each resource, share of its limit",
        description=(
            "CPU, memory, pools, queues and other resources of each service with known use and limit. The one nearest to "
            "100 % is the first limit that more load would hit. Normal is below 70 %. Services without limits are not shown."
        ),
        unit="percentunit",
        queries=(
            Query(
                expr=select(series_names.SATURATION, view.where),
                legend="{{service}} {{resource}}",
            ),
        ),
        needs=_limits(view),
        steps=(Step(None, colors.GOOD), Step(0.7, colors.WARN), Step(0.9, colors.BAD)),
    )


def _limits(view: View) -> tuple[str, ...]:
    """Return a limit instrument that some service has; one that no service has if there is none."""
    named = [name for service in view.services for name in service.instruments if "limit" in name]
    return (named[0] if named else "cpu_limit",)


def _rejected(view: View) -> Iterator[Panel]:
    """Show rejected requests, from each service's own counter."""
    counting = view.measuring("rejected")
    if counting:
        yield Panel(
            key="throughput.rejected",
            title="Rejected requests",
            description=(
                "Rejected requests per second, for example by a rate limit. No error ratio includes them. Normal is zero."
            ),
            unit="reqps",
            queries=tuple(
                Query(expr=rate(service.instruments["rejected"], "$__rate_interval"), legend=service.name)
                for service in counting[:MOST_QUERIES]
            ),
            needs=("rejected",),
        )


def _queue(view: View) -> Iterator[Panel]:
    if view.measuring("queue"):
        yield Panel(
            key="throughput.queue",
            title="Waiting tasks",
            description="Tasks waiting in each service's queue. A queue that is never empty and grows will not drain. Normal is near 0.",
            queries=(Query(expr=select(series_names.QUEUE, view.where), legend="{{service}}"),),
            needs=("queue",),
        )
