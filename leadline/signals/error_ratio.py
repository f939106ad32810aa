"""Error ratio: failed requests per request. The profile defines failures; 429 and other 4xx are not failures."""

from __future__ import annotations

from . import series_names
from .promql import Matcher, select, sum_by


def errors(where: tuple[Matcher, ...], by: tuple[str, ...] = ()) -> str:
    """Errors per second, summed by labels."""
    return sum_by(by, select(series_names.ROUTE_ERRORS, where))


def error_ratio(where: tuple[Matcher, ...], by: tuple[str, ...] = ()) -> str:
    """Errors per request: a ratio of sums; no result without traffic."""
    return f"{errors(where, by)}\n/\n({sum_by(by, select(series_names.ROUTE_REQUESTS, where))} > 0)"
