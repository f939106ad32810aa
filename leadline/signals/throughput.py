"""Throughput: requests per second, and how many are in progress at once."""

from __future__ import annotations

from . import series_names
from .promql import Matcher, select, sum_by


def requests(where: tuple[Matcher, ...], by: tuple[str, ...] = ()) -> str:
    """Requests per second, summed by labels."""
    return sum_by(by, select(series_names.ROUTE_REQUESTS, where))


def concurrency(where: tuple[Matcher, ...], by: tuple[str, ...] = ()) -> str:
    """Mean number of requests in progress: seconds spent per second (Little's law, L = λ·W)."""
    return sum_by(by, select(series_names.ROUTE_DURATION_SUM, where))
