"""Cost: tokens and US dollars, from recorded spend."""

from __future__ import annotations

from leadline.base.units import HOURS_PER_MONTH, SECONDS_PER_HOUR

from . import series_names
from .promql import Matcher, select, sum_by


def per_hour(where: tuple[Matcher, ...], by: tuple[str, ...] = ()) -> str:
    """US dollars per hour at the present rate."""
    return f"{SECONDS_PER_HOUR} * {sum_by(by, select(series_names.MODEL_COST, where))}"


def tokens(where: tuple[Matcher, ...], by: tuple[str, ...] = ()) -> str:
    """Tokens per second."""
    return sum_by(by, select(series_names.MODEL_TOKENS, where))


def per_1k_tokens(where: tuple[Matcher, ...], by: tuple[str, ...] = ()) -> str:
    """US dollars per 1,000 tokens, input and output together: a ratio of sums."""
    return f"1000 * {sum_by(by, select(series_names.MODEL_COST, where))}\n/\n({tokens(where, by)} > 0)"


def per_request(where: tuple[Matcher, ...], by: tuple[str, ...] = ()) -> str:
    """US dollars per request of the service: a ratio of sums."""
    spend = sum_by(by, select(series_names.MODEL_COST, where))
    return f"{spend}\n/\n({sum_by(by, select(series_names.ROUTE_REQUESTS, where))} > 0)"


def month(where: tuple[Matcher, ...], window: str, by: tuple[str, ...] = ()) -> str:
    """US dollars in a month of 730 hours at the window's rate."""
    rate = sum_by(by, select(series_names.cost(window), where))
    return f"{SECONDS_PER_HOUR * HOURS_PER_MONTH} * {rate}"
