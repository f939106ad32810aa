"""Throughput: how many requests there are, of which kind, how many fail, how many are in progress."""

from __future__ import annotations

from dashboards.model import Dashboard, Panel, Query
from dashboards.parts import chosen, measured, target_lines
from signals import error_ratio, throughput
from signals.catalog import Catalog
from signals.instruments import STATUS_CLASS
from signals.links import dashboard_uid


def build(catalog: Catalog) -> Dashboard:
    """Give the throughput dashboard of a catalog."""
    panels = (
        _by_service(catalog),
        _error_ratio(catalog),
        _by_label(catalog, "route", "Requests by route", "Which routes carry the load."),
        _by_label(
            catalog,
            STATUS_CLASS,
            "Requests by status class",
            "2xx are answers, 4xx the client's mistakes, 5xx errors.",
        ),
        _by_label(catalog, "method", "Requests by method", "Reads and writes rarely cost the same."),
        _errors(catalog),
        _concurrency(catalog),
    )
    return Dashboard(
        topic="throughput",
        uid=dashboard_uid(catalog.project, "throughput"),
        title=f"{catalog.project} / Throughput",
        description="Requests per second by service, route, method and status, their errors and concurrency.",
        project=catalog.project,
        panels=measured(catalog, panels),
    )


def _by_service(catalog: Catalog) -> Panel:
    return Panel(
        key="throughput.service",
        title="Requests per second",
        description=(
            "Requests that the service recorded, probes and scrapes left out. The dashed line is the target of a "
            "load test: below it there may simply be less demand. Normal follows the hour and the day."
        ),
        unit="reqps",
        queries=(
            Query(expr=throughput.requests(chosen(catalog), ("service",)), legend="{{service}}"),
            *target_lines(catalog, "throughput"),
        ),
        needs=("requests",),
    )


def _error_ratio(catalog: Catalog) -> Panel:
    return Panel(
        key="throughput.error-ratio",
        title="Error ratio",
        description=(
            "Failed requests per request; what counts as failed is the profile's (server errors, not 4xx). "
            "Empty means no traffic, which is not the same as no errors. Normal is below the dashed target."
        ),
        unit="percentunit",
        queries=(
            Query(expr=error_ratio.error_ratio(chosen(catalog), ("service",)), legend="{{service}}"),
            *target_lines(catalog, "error_ratio"),
        ),
        needs=("requests",),
    )


def _by_label(catalog: Catalog, label: str, title: str, why: str) -> Panel:
    return Panel(
        key=f"throughput.{label}",
        title=title,
        description=f"Requests per second, stacked. {why} Normal is a mix that changes slowly.",
        unit="reqps",
        queries=(
            Query(
                expr=throughput.requests(chosen(catalog), ("service", label)),
                legend=f"{{{{service}}}} {{{{{label}}}}}",
            ),
        ),
        needs=("requests",),
        stacked=True,
    )


def _errors(catalog: Catalog) -> Panel:
    return Panel(
        key="throughput.errors",
        title="Errors per second by route",
        description="Failed requests by route: shows where an error ratio comes from. Normal is zero.",
        unit="reqps",
        queries=(
            Query(
                expr=error_ratio.errors(chosen(catalog), ("service", "route")), legend="{{service}} {{route}}"
            ),
        ),
        needs=("requests",),
    )


def _concurrency(catalog: Catalog) -> Panel:
    return Panel(
        key="throughput.concurrency",
        title="Requests in progress (mean)",
        description=(
            "Seconds spent on requests per second, which by Little's law is how many are in progress at once; a "
            "gauge would miss what happens between scrapes. Near the number of workers, requests begin to queue."
        ),
        queries=(Query(expr=throughput.concurrency(chosen(catalog), ("service",)), legend="{{service}}"),),
        needs=("latency",),
        width=24,
    )
