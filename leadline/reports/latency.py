"""Latency: quantiles with bounds, the exact mean, and the exact share within each target."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from leadline.base.units import plain, show
from leadline.catalog.model import Service, Target
from leadline.measure.bounds import Bounded, quotient
from leadline.measure.measured import Keep, Labels, Measured, NotMeasured, everything
from leadline.measure.measurements import Measurements
from leadline.measure.quantiles import Distribution, bounded, quantile, rank_interval, share_within
from leadline.measure.reading import Reading
from leadline.signals import latency as signal

from .model import UNDECIDED
from .verdicts import judged, judged_quantile

MANY = 1000
"""From this many requests on, noise moves the reported quantiles by less than a bucket's width."""
TORN = 1e-3
"""A scrape may catch a histogram's parts in slightly different states; beyond this difference they do not match."""
TOKEN_TIMES = ("first_token", "output_token")
"""The other histograms of time of a language model's service."""


def token_times(measurements: Measurements) -> Iterator[Reading]:
    """Yield the quantiles and the mean of the time to first token and the time per output token, if measured."""
    service = measurements.service
    for name in TOKEN_TIMES:
        if name not in service.instruments:
            continue
        found = measurements.find(name)
        if isinstance(found, NotMeasured):
            yield from _unmeasured(service, found.reason, name)
            continue
        measured = distribution_of(found)
        if isinstance(measured, NotMeasured):
            yield from _unmeasured(service, measured.reason, name)
        else:
            yield from _quantiles(service, measured, found, name)
            yield from _shares(service, measured, found, name)
        yield _mean(found, name)


def readings(measurements: Measurements) -> Iterator[Reading]:
    """Yield the extremes, the quantiles, Apdex, the shares within targets, the mean and the concurrency."""
    found = measurements.find("latency")
    service = measurements.service
    if isinstance(found, NotMeasured):
        yield from _nothing(service, found.reason)
        return
    measured = distribution_of(found)
    if isinstance(measured, NotMeasured):
        yield from _unmeasured(service, measured.reason)
    else:
        yield from _extremes(measured, found)
        yield from _quantiles(service, measured, found)
        yield from _apdex(service, measured, found)
        yield from _shares(service, measured, found)
    yield _mean(found)
    yield _concurrency(found)


def histogram(measurements: Measurements) -> tuple[tuple[float, float], ...]:
    """Return the cumulative counts by upper edge, as estimates for the window; empty without a histogram."""
    found = measurements.find("latency")
    measured = found if isinstance(found, NotMeasured) else distribution_of(found)
    return (
        () if isinstance(measured, NotMeasured) else tuple(zip(measured.edges, measured.counts, strict=True))
    )


def targets(service: Service, name: str = "latency") -> dict[Decimal, Target | None]:
    """Return the quantiles to report in ascending order: the default ones and those with a target."""
    aimed = {each.quantile: each for each in service.quantile_targets(name) if each.quantile is not None}
    ranks = sorted({*signal.QUANTILES, *aimed})
    return {rank: aimed.get(rank) for rank in ranks}


def _nothing(service: Service, reason: str) -> Iterator[Reading]:
    yield from _unmeasured(service, reason)
    yield Reading(signal="latency.mean", unit="seconds", reason=reason)
    yield Reading(signal="concurrency", unit="concurrent", reason=reason)


def _unmeasured(service: Service, reason: str, name: str = "latency") -> Iterator[Reading]:
    for rank, target in targets(service, name).items():
        reading = Reading(signal=signal.signal(rank, name), unit="seconds", reason=reason)
        yield judged(reading, target) if target else reading


NO_REQUESTS = NotMeasured("no requests in the window")


def distribution_of(found: Measured, keep: Keep = everything) -> Distribution | NotMeasured:
    """Add the buckets of all instances at their common edges, or return why that is impossible."""
    buckets = found.part("_bucket")
    if found.unbucketed:
        return NotMeasured(found.unbucketed)
    if not buckets.tracks:
        return NotMeasured(_without_buckets(found))
    counts = buckets.by(_edge, keep)
    if math.inf not in counts or len(counts) < 2:
        return NotMeasured("its instances have no bucket edge in common") if found.dropped else NO_REQUESTS
    missing = buckets.missing(found.window.start, found.window.end)
    count, seconds = (found.part(part).count(keep) for part in ("_count", "_sum"))
    bucketed = sum(each.value for each in counts.values())
    parts_match = count.value > 0 and math.isclose(count.value, bucketed, rel_tol=TORN)
    mean = seconds.value / count.value if parts_match else None
    settled = count.is_exact and count.value == bucketed and seconds.is_exact and found.is_idle
    measured = bounded(counts, mean, missing, settled=settled)
    return measured if measured.total else NO_REQUESTS


def _without_buckets(found: Measured) -> str:
    """Return why there are no buckets. The quantiles of a summary are quoted, and used for nothing else."""
    metric = found.instrument.metric
    last: dict[str, list[float]] = {}
    for series in found.gauges:
        values = [each.value for each in series.samples if each.time <= found.window.end]
        if values and math.isfinite(values[-1]):
            last.setdefault(series.labels["quantile"], []).append(values[-1])
    if not last:
        return f"{metric} has no buckets: is it a summary or a counter? Quantiles cannot be computed from it"
    quoted = ", ".join(
        f"{signal.signal(Decimal(name))} {show(min(values), 'seconds')}"
        + (f" to {show(max(values), 'seconds')}" if len(values) > 1 else "")
        for name, values in sorted(last.items(), key=lambda each: float(each[0]))
        if 0 < float(name) < 1
    )
    return (
        f"{metric} is a summary: its quantiles belong to one series and its own time window, and can neither be added nor "
        f"computed for another window; at the window's end they were {quoted}"
    )


def _edge(labels: Labels) -> float:
    return float(labels.get("le", "nan"))


def _quantiles(
    service: Service, measured: Distribution, found: Measured, name: str = "latency"
) -> Iterator[Reading]:
    for rank, target in targets(service, name).items():
        estimate = quantile(measured, float(rank))
        above = math.isinf(estimate.upper)
        reading = Reading(
            signal=signal.signal(rank, name),
            unit="seconds",
            value=estimate.value,
            lower=estimate.lower,
            upper=None if above else estimate.upper,
            unbounded=above,
            assumption=found.part("_bucket").assumption,
            incomplete=found.incomplete,
            reason=f"above {show(estimate.lower, 'seconds')}; how far is unknown"
            if estimate.value is None
            else "",
            note="; ".join(filter(None, (_note(rank, measured), _edges_note(found)))),
            provenance=found.part("_bucket").provenance,
        )
        yield _judged(reading, target, measured, found) if target else reading


def _judged(reading: Reading, target: Target, measured: Distribution, found: Measured) -> Reading:
    judgement = judged_quantile(reading, target, measured)
    if (
        judgement.verdict == UNDECIDED
        and found.dropped
        and target.value in map(Decimal, map(str, found.dropped))
    ):
        return replace(judgement, reason=_edges_note(found))
    return judgement


def _edges_note(found: Measured) -> str:
    """Name the edges that were not used because only some instances have them."""
    if not found.dropped:
        return ""
    edges = ", ".join(plain(edge) for edge in found.dropped)
    return f"instances have different bucket edges: {edges} s exist only on some, or for part of the window, and are not used"


def _note(rank: Decimal, measured: Distribution) -> str:
    """Return the confidence interval of a quantile that is estimated from few requests."""
    n = measured.total
    if n >= MANY:
        return ""
    if n * float(1 - rank) < 1:
        return f"of {n:.0f} requests this is the slowest one, or nearly"
    low, high = rank_interval(n, float(rank))
    lower, upper = measured.below(measured.bucket_of(low))[0], measured.edges[measured.bucket_of(high)]
    interval = f"{show(lower, 'seconds')} to {show(upper, 'seconds')}"
    return f"of {n:.0f} requests: 95 % confidence interval {interval}"


def _extremes(measured: Distribution, found: Measured) -> Iterator[Reading]:
    """Bound the fastest and slowest request by the first and last non-empty bucket."""
    counted = [index for index, count in enumerate(measured.lower_counts) if count > 0]
    possible = [index for index, count in enumerate(measured.upper_counts) if count > 0]
    first, last = min(counted, default=len(measured.edges) - 1), max(counted, default=0)
    fastest = 0.0 if measured.missing else measured.below(min(possible))[0]
    slowest = math.inf if measured.missing else measured.edges[max(possible)]
    bounds = {
        "min": (fastest, measured.edges[first]),
        "max": (measured.below(last)[0] if counted else 0.0, slowest),
    }
    for name, (lower, upper) in bounds.items():
        yield replace(
            found.part("_bucket").bounded(
                f"latency.{name}", "seconds", Bounded(value=None, lower=lower, upper=upper)
            ),
            reason="a histogram shows only its bucket",
        )


def _apdex(service: Service, measured: Distribution, found: Measured) -> Iterator[Reading]:
    """Return Apdex = (satisfied + tolerating ÷ 2) ÷ all, for T, the tightest latency target, and 4 T (Apdex 1.1, §5)."""
    thresholds = [float(target.value) for target in service.quantile_targets("latency")]
    if not thresholds:
        return
    satisfied, tolerated = min(thresholds), 4 * min(thresholds)
    fast, slow = share_within(measured, satisfied), share_within(measured, tolerated)
    has_edges = fast.value is not None and slow.value is not None
    apdex = Bounded(
        value=((fast.value or 0.0) + (slow.value or 0.0)) / 2 if has_edges else None,
        lower=(fast.lower + slow.lower) / 2,
        upper=(fast.upper + slow.upper) / 2,
    )
    yield replace(
        found.part("_bucket").bounded("apdex", "", apdex),
        reason="" if has_edges else "T or 4 T is not a bucket edge, so there are only bounds",
        note=f"T = {show(satisfied, 'seconds')}" if has_edges else "",
    )


def _mean(found: Measured, name: str = "latency") -> Reading:
    """Divide seconds by requests: exact if both are, else within their bounds."""
    count, seconds = found.part("_count"), found.part("_sum")
    requests, spent = count.count(), seconds.count()
    if not requests.value:
        return Reading(signal=f"{name}.mean", unit="seconds", reason="no requests in the window")
    return seconds.bounded(f"{name}.mean", "seconds", quotient(spent, requests))


def _shares(
    service: Service, measured: Distribution, found: Measured, name: str = "latency"
) -> Iterator[Reading]:
    for target in service.quantile_targets(name):
        within = share_within(measured, float(target.value))
        yield replace(
            found.part("_bucket").bounded(f"within.{target.signal}", "ratio", within),
            reason=""
            if within.value is not None
            else "the threshold is not a bucket edge, so there are only bounds",
            note=f"requests answered within {show(float(target.value), 'seconds')}",
        )


def _concurrency(found: Measured) -> Reading:
    """Return the mean number of requests in progress, by Little's law: seconds spent ÷ seconds elapsed (L = λ·W)."""
    seconds = found.part("_sum")
    reading = seconds.reading("concurrency", "concurrent", seconds.over_load(), per=found.window.rate_seconds)
    return replace(reading, note="mean number of requests in progress (Little's law)")
