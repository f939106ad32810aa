"""Names of recorded series, which rules write and dashboards and alerts read. Each name is written once, here.

Names follow Prometheus's convention `level:metric:operations`; every series carries `project` and `service`.
"""

from __future__ import annotations

from collections.abc import Iterable

from .promql import Matcher, select

WINDOW = "5m"
"""The window of the recorded rates that panels show."""
LONG_WINDOW = "1h"
DAY_WINDOW = "6h"
WINDOW_SECONDS = 300

ROUTE_REQUESTS = "route:requests:rate5m"
ROUTE_ERRORS = "route:errors:rate5m"
ROUTE_DURATION_BUCKET = "route:request_duration_seconds_bucket:rate5m"
ROUTE_DURATION_SUM = "route:request_duration_seconds_sum:rate5m"
ROUTE_DURATION_COUNT = "route:request_duration_seconds_count:rate5m"
MODEL_TOKENS = "model:tokens:rate5m"
MODEL_COST = "model:cost_usd:rate5m"
TARGET = "service:target:value"
OBJECTIVE = "service:objective:ratio"
BUDGET = "project:cost_budget_usd_per_month:value"


SERVICE_DURATION = "service:request_duration_seconds:rate5m"
"""A native histogram, for services that expose one. It has no routes: before about Prometheus 2.43, label_replace turns a
native histogram into the number 0."""
SATURATION = "service:saturation:ratio"
"""Use ÷ limit of the resource in the label `resource`."""
THROTTLED = "service:cpu_throttled_periods:ratio_rate5m"
QUEUE = "service:queue:tasks"
PRICE = "model:token_price_usd:value"
UNPRICED_TOKENS = "model:tokens_unpriced:rate5m"
COST_EXPECTED = "service:cost_usd_expected:rate1h"
COST_COUNTED = "service:cost_usd:counted"
MONTH_TO_DATE = "project:cost_usd_month_to_date:value"
MONTH_COVERAGE = "project:cost_usd_month_to_date:coverage_ratio"
MONTH_PROJECTED = "project:cost_usd_month_projected:value"


def within(window: str) -> str:
    """Share of requests within the threshold of a target (label `signal`); `bound` is exact, lower or upper."""
    return f"service:requests_within_threshold:ratio_rate{window}"


def slo_events(window: str) -> str:
    """Events per second of an objective over a window: the denominator."""
    return f"service:slo_events:rate{window}"


def slo_bad_events(window: str) -> str:
    """Bad events per second of an objective over a window: the numerator."""
    return f"service:slo_bad_events:rate{window}"


SLO_MOMENTS, SLO_BAD_MOMENTS = "service:slo_moments:value", "service:slo_bad_moments:value"
"""For time-based objectives: 1 at each evaluation, and 1 at each bad evaluation."""
SLO_EVENTS_COUNTED = "service:slo_events:counted"
SLO_BAD_EVENTS_COUNTED = "service:slo_bad_events:counted"
SLO_REMAINING = "service:slo_error_budget_remaining:ratio"
SLO_COVERAGE = "service:slo_coverage:ratio"
DASHBOARD = "service:dashboard:info"
"""The label `dashboard` holds the uid of the service's dashboard."""


def cost(window: str) -> str:
    """US dollars per second, over a window."""
    return f"service:cost_usd:rate{window}"


def requests(window: str) -> str:
    """Requests per second, over a window."""
    return f"service:requests:rate{window}"


def tokens(window: str) -> str:
    """Tokens per second, over a window."""
    return f"service:tokens:rate{window}"


def owner(project: str, service: str = "") -> tuple[Matcher, ...]:
    """Match the recorded series of a project, or of one service in it."""
    matchers = (Matcher("project", "=", project),)
    return (*matchers, Matcher("service", "=", service)) if service else matchers


TARGETS_UP = "service:targets:up"
"""Number of a service's targets that are up; absent while the service has no targets."""
UP = "up"
"""Prometheus's own series for each target: 1 if the scrape succeeded, else 0."""


def firing(where: Iterable[Matcher]) -> str:
    """Select the firing alerts, from Prometheus's ALERTS series."""
    return select("ALERTS", (*where, Matcher("alertstate", "=", "firing")))
