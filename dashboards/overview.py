"""Overview: all services of a project on one screen, worst first, each row linked to its dashboard."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.catalog.model import Catalog
from leadline.signals import burn, cost, error_ratio, latency, series_names, throughput
from leadline.signals.links import dashboard_uid
from leadline.signals.promql import Matcher, select, sum_by

from . import colors
from .latency import within_threshold
from .model import Dashboard, Link, Panel, Query, Step, row
from .parts import MOST_ROWS, View, measured, quantile, target_lines
from .slo import LEFT

P95 = latency.QUANTILES[2]
BESIDE_TARGET = (Step(None, colors.GOOD), Step(0.8, colors.WARN), Step(1, colors.BAD))
"""Colours of value ÷ target: met, close to it, missed."""
FULL = (Step(None, colors.GOOD), Step(0.7, colors.WARN), Step(0.9, colors.BAD))
FIRING = (Step(None, colors.GOOD), Step(1, colors.BAD))


def build(catalog: Catalog) -> Dashboard:
    """Return the overview dashboard of a catalog."""
    view = View.of(catalog)
    return Dashboard(
        topic="overview",
        uid=dashboard_uid(catalog.project, "overview"),
        title=f"{catalog.project} / Overview",
        description="Traffic, errors, latency, saturation, budgets and spend of all services.",
        project=catalog.project,
        panels=(
            *measured(view, _figures(view)),
            _services(view),
            row("overview.curves", "Over time"),
            *measured(view, _curves(view)),
        ),
        variables=("service",),
    )


def _figures(view: View) -> tuple[Panel, ...]:
    where = view.where
    return (
        _figure("traffic", "Requests/s, 5-min mean", "reqps", throughput.requests(where), "requests",
                "Requests recorded by the chosen services. Normal follows the hour and the day."),
        _figure("errors", "Error ratio, 5-min mean", "percentunit", error_ratio.error_ratio(where), "requests",
                "Failed requests per request; 'no data' means no traffic. Normal is below the target."),
        _figure("p95", "p95 (bucket estimate)", "s",
                f"max(\n{quantile(view.services, P95, where, ('service',))}\n)", "latency",
                "The slowest service's 95th percentile, interpolated inside a bucket. Normal is below its target."),
        _figure("budget", "Least budget left", "percentunit",
                f"min(\n{burn.remaining(where)}\n)", "requests",
                "Smallest remaining budget of any objective. Below 0 it is missed; 'no data' until 1 % of a period is recorded. Normal is well above.", LEFT),
        _figure("spend", "USD/h, 5-min mean", "currencyUSD", cost.per_hour(where), "cost",
                "Spend on models at the present rate, all services. Normal follows the traffic; a jump without it is a leak."),
        _figure("alerts", "Alerts firing", "short", _firing(view), "requests",
                "Leadline's alerts that are firing. 'No data' means that the rules are not loaded. Normal is 0.", FIRING),
    )  # fmt: skip


def _figure(
    key: str, title: str, unit: str, expr: str, needs: str, description: str, steps: tuple[Step, ...] = ()
) -> Panel:
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
        steps=steps,
        least=None if key == "budget" else 0,
    )


def _services(view: View) -> Panel:
    url = "/d/${__data.fields.dashboard}?${__url_time_range}&var-datasource=${datasource}"
    return Panel(
        key="overview.services",
        title="Services",
        description=(
            "One row per service, least remaining budget first. Ratios to a service's own target turn orange at 80 %, "
            "vermilion above 100 %. Click a name to open the service's dashboard."
        ),
        kind="table",
        queries=tuple(_columns(view)),
        labels=("service",),
        hidden=("dashboard", "Dashboard"),
        sort="-Budget left",
        links=(Link(title="Open the service's dashboard", url=url),),
        width=24,
        height=min(MOST_ROWS, 4 + len(view.services)),
    )


def _columns(view: View) -> Iterator[Query]:
    where, by = view.where, ("service",)
    requests, errors = throughput.requests(where, by), error_ratio.error_ratio(where, by)
    p95 = quantile(view.services, P95, where, by)
    yield Query(
        expr=sum_by((*by, "dashboard"), select(series_names.DASHBOARD, where), "max"), legend="Dashboard"
    )
    yield Query(expr=requests, legend="Requests", unit="reqps")
    yield Query(expr=errors, legend="Error ratio", unit="percentunit")
    yield from _beside(view, "error_ratio", f"(\n{errors}\n)", "÷ target")
    yield Query(expr=p95, legend="p95 (estimate)", unit="s")
    yield from _beside(view, "latency.p95", f"(\n{p95}\n)", "p95 ÷ target")
    fullest = sum_by(by, select(series_names.SATURATION, where), "max")
    yield Query(expr=fullest, legend="Fullest resource", unit="percentunit", steps=FULL)
    left = sum_by(by, burn.remaining(where), "min")
    yield Query(expr=left, legend="Budget left", unit="percentunit", steps=LEFT)
    yield Query(expr=cost.per_hour(where, by), legend="USD per hour", unit="currencyUSD")
    firing = sum_by(by, series_names.firing(where), "count")
    yield Query(expr=f"{firing}\nor\n0 * {requests}", legend="Alerts firing", steps=FIRING)


def _beside(view: View, signal: str, expression: str, legend: str) -> Iterator[Query]:
    """Yield the value ÷ each service's own target, if any service has one."""
    if any(target.signal == signal for service in view.services for target in service.targets):
        where = (*view.where, Matcher("signal", "=", signal))
        target = sum_by(("service",), select(series_names.TARGET, where), "max")
        expr = f"{expression}\n/ on (service)\n{target}"
        yield Query(expr=expr, legend=legend, unit="percentunit", steps=BESIDE_TARGET)


def _firing(view: View) -> str:
    """Count firing alerts; 0 only if recorded series prove that the rules are loaded."""
    owner = view.scope.matchers()
    return f"count({series_names.firing(owner)})\nor\n0 * count({select(series_names.ROUTE_REQUESTS, owner)})"


def _curves(view: View) -> tuple[Panel, ...]:
    where = view.where
    return (
        _curve("traffic", "Requests per second by service, 5-min mean", "reqps", "requests",
               "Requests recorded by each service. A sudden drop matters as much as a peak. Normal follows the hour.",
               Query(expr=throughput.requests(where, ("service",)), legend="{{service}}")),
        _curve("errors", "Error ratio by service, 5-min mean", "percentunit", "requests",
               "Failed requests per request of each service; the dashed line is its target. Normal is below it.",
               Query(expr=error_ratio.error_ratio(where, ("service",)), legend="{{service}}"),
               *target_lines(view, "error_ratio")),
        _curve("p95", "p95 latency by service (bucket estimate)", "s", "latency",
               "Interpolated inside a bucket: it can be off by the bucket's width. Normal is below the dashed target.",
               Query(expr=quantile(view.services, P95, where, ("service",)), legend="{{service}}"),
               *target_lines(view, "latency.p95")),
        _curve("within", "Requests within the threshold (exact)", "percentunit", "latency",
               "Share of requests within each target's or objective's threshold, counted. Normal is near 100 %.",
               *within_threshold(view)),
        _curve("spend", "USD per hour by service, 5-min mean", "currencyUSD", "cost",
               "Spend at the present rate of each service. Normal follows the traffic; a step does not.",
               Query(expr=cost.per_hour(where, ("service",)), legend="{{service}}")),
        _curve("concurrency", "Requests in progress by service (mean)", "short", "latency",
               "Seconds spent per second (Little's law). Near the number of workers, requests queue. Normal follows the traffic.",
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
