"""Latency: how long requests take, on the server's clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from leadline.base.units import plain

from . import series_names
from .instruments import Instrument, rate
from .promql import Matcher, call, le_matcher, literal, select, sum_by

QUANTILES = (Decimal("0.5"), Decimal("0.9"), Decimal("0.95"), Decimal("0.99"))


def signal(quantile: Decimal, instrument: str = "latency") -> str:
    """Name the signal of a quantile: 0.95 → latency.p95, 0.999 → latency.p999."""
    digits = plain(quantile).removeprefix("0.")
    return f"{instrument}.p{digits.ljust(2, '0')}"


def quantile_estimate(quantile: Decimal, where: Iterable[Matcher], by: tuple[str, ...] = ()) -> str:
    """Estimate a quantile from recorded buckets, in seconds. Linear within a bucket, so off by up to its width."""
    buckets = sum_by((*by, "le"), select(series_names.ROUTE_DURATION_BUCKET, where))
    return call("histogram_quantile", plain(quantile), buckets)


def native_estimate(quantile: Decimal, where: Iterable[Matcher], by: tuple[str, ...] = ()) -> str:
    """Estimate a quantile from recorded native histograms, in seconds; off by up to the width of a bucket."""
    return call(
        "histogram_quantile", plain(quantile), sum_by(by, select(series_names.SERVICE_DURATION, where))
    )


def raw_quantile(
    instrument: Instrument, quantile: Decimal, window: str, *, keep: tuple[str, ...] = ()
) -> str:
    """Write histogram_quantile() over a window of raw buckets, as Grafana would show it."""
    return bucket_quantile(instrument, quantile, window, keep=keep)


def bucket_quantile(
    instrument: Instrument,
    quantile: Decimal,
    window: str,
    by: tuple[str, ...] = (),
    *,
    keep: tuple[str, ...] = (),
) -> str:
    """Estimate a quantile from raw buckets, in seconds whatever the metric's unit."""
    part = replace(instrument.part("_bucket"), scale=Decimal(1))
    estimate = call("histogram_quantile", plain(quantile), rate(part, window, (*by, "le"), keep=keep))
    return estimate if instrument.scale == 1 else f"{plain(instrument.scale)} * {estimate}"


def mean(where: tuple[Matcher, ...], by: tuple[str, ...] = ()) -> str:
    """Mean duration in seconds: exact, because it uses no buckets."""
    total = sum_by(by, select(series_names.ROUTE_DURATION_SUM, where))
    count = sum_by(by, select(series_names.ROUTE_DURATION_COUNT, where))
    return f"{total}\n/\n({count} > 0)"


def share_within(where: Iterable[Matcher], edges: Iterable[str], by: tuple[str, ...]) -> str:
    """Write the share of requests within recorded bucket edges, by `le` and other labels: counted, so exact."""
    where = tuple(where)
    inside = select(series_names.ROUTE_DURATION_BUCKET, (*where, Matcher("le", "=~", "|".join(edges))))
    every = sum_by(by, select(series_names.ROUTE_DURATION_COUNT, where))
    matched = f"on ({', '.join(by)}) group_left ()"
    return f"{sum_by((*by, 'le'), inside)}\n/ {matched}\n({every} > 0)"


def recorded_edge(instrument: Instrument, edge: Decimal) -> str:
    """Return the RE2 expression of an edge as recorded: in base units, or as the metric writes it if it already uses them."""
    matcher = le_matcher(instrument.raw_edge(edge) if instrument.scale == 1 else plain(edge))
    return matcher.value if matcher.operator == "=~" else literal(matcher.value)


def requests(instrument: Instrument, edge: Decimal, window: str) -> str:
    """Write requests per second of series with a bucket at `edge` seconds; only these separate slow from fast."""
    if instrument.native:
        return f"histogram_count({whole(instrument, window)})"
    counts = f"rate({instrument.part('_count').select()}[{window}])"
    beside = _within(_everywhere(instrument), edge, window)
    return sum_by((), f"{counts}\nand\n{beside}\n{_not_without(instrument, edge)}")


def slower(instrument: Instrument, edge: Decimal, window: str, every: str) -> str:
    """Write requests per second that took longer than `edge` seconds, out of `every`: exact, never below 0."""
    if instrument.native:
        return f"({every} > 0) * (1 - {native_share(instrument, edge, window)})\nor\n0 * {every}"
    within = sum_by((), f"{_within(instrument, edge, window)}\n{_not_without(instrument, edge)}")
    return call("clamp_min", f"{every}\n-\n{within}", "0")


def without_edge(instrument: Instrument, edge: Decimal) -> str:
    """Write the series that count requests but have no bucket at `edge` seconds, as after a deploy that dropped it."""
    at_edge = f"sum without (le) ({_at(_everywhere(instrument), edge)})"
    return f"{instrument.part('_count').select()} unless {at_edge}"


def _everywhere(instrument: Instrument) -> Instrument:
    """Return the instrument without its exclusions, to match against series that are already selected."""
    return replace(
        instrument, matchers=tuple(each for each in instrument.matchers if each.operator[0] == "=")
    )


def _at(instrument: Instrument, edge: Decimal) -> str:
    return instrument.part("_bucket").select(le_matcher(instrument.raw_edge(edge)))


def _within(instrument: Instrument, edge: Decimal, window: str) -> str:
    """Write the rate of requests within an edge, by series; the edge may have two spellings within a window."""
    return f"sum without (le) (rate({_at(instrument, edge)}[{window}]))"


def _not_without(instrument: Instrument, edge: Decimal) -> str:
    """Exclude series that lost their edge: within a window their buckets and count cover different times."""
    return f"unless ({without_edge(_everywhere(instrument), edge)})"


def native_share(instrument: Instrument, edge: Decimal, window: str) -> str:
    """Write the share of requests within a threshold, interpolated in a native histogram."""
    return f"histogram_fraction(0, {instrument.raw_edge(edge)}, {whole(instrument, window)})"


def whole(instrument: Instrument, window: str) -> str:
    """Write the rate of a native histogram, summed over all its series."""
    return f"sum(rate({instrument.select()}[{window}]))"


def edges_around(instrument: Instrument, threshold: Decimal) -> tuple[tuple[str, Decimal], ...]:
    """Return the edges that enclose a threshold, as (bound, edge): "exact", or "lower" and "upper" if known.

    The shares of requests within the lower and the upper edge bound the share within the threshold.
    """
    if threshold in instrument.buckets:
        return (("exact", threshold),)
    below = [edge for edge in instrument.buckets if edge < threshold]
    above = [edge for edge in instrument.buckets if edge > threshold]
    lower = (("lower", below[-1]),) if below else ()
    upper = (("upper", above[0]),) if above else ()
    return lower + upper
