"""Throughput: how many requests there are, of which kind, how many fail, how many are in progress."""

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
            "Requests that the service recorded, probes and scrapes left out. The dashed line is the target of a "
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
            "Failed requests per request; what counts as failed is the profile's (server errors, not 4xx). "
            "Empty means no traffic, which is not the same as no errors. Normal is below the dashed target."
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
            "Seconds spent on requests per second, which by Little's law is how many are in progress at once; a "
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
            "Over half an hour, beside the same half hour a week before, dashed. Alerts on a drop and a surge compare these. 'No "
            "data' a week before means that samples are not kept for so long, or the rules are younger. Normal is two lines that agree."
        ),
        unit="reqps",
        queries=(
            Query(expr=now, legend="{{service}}"),
            Query(expr=f"{now} offset 1w", legend="{{service}} a week before", line=True),
        ),
        needs=("requests",),
    )


def saturation(view: View) -> Panel:
    """Draw how full each resource is of which use and limit are known."""
    return Panel(
        key="throughput.saturation",
        title="Use of each resource, share of its limit",
        description=(
            "CPU, memory, pools, queues and the like of each service, of which both use and limit are known. What is nearest to "
            "100 % is what more load would meet first. Normal is below 70 %. Services without limits are not in it."
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
    """Return an instrument that tells a limit, of those that some service has; one that none has, where none does."""
    named = [name for service in view.services for name in service.instruments if "limit" in name]
    return (named[0] if named else "cpu_limit",)


def _rejected(view: View) -> Iterator[Panel]:
    """Draw what was turned away, from each service's own counter."""
    counting = view.measuring("rejected")
    if counting:
        yield Panel(
            key="throughput.rejected",
            title="Requests turned away",
            description=(
                "Requests that the service turned away, as by a rate limit, per second. They are in no error ratio. Normal is nothing."
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
            title="Tasks that wait in queues",
            description="How many tasks wait in each service's queue. A queue that is never empty and grows will not drain. Normal is near 0.",
            queries=(Query(expr=select(series_names.QUEUE, view.where), legend="{{service}}"),),
            needs=("queue",),
        )
