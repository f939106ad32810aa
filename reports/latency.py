"""Latency: quantiles with certain bounds, the exact mean, and the exact share within each target."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from reports.measured import Keep, Labels, Measured, everything
from reports.model import Reading
from reports.quantiles import Distribution, distribution, quantile, rank_interval, share_within
from reports.questions import Soundings
from reports.scrapes import TargetKey
from reports.verdicts import judged, judged_quantile
from signals import latency as signal
from signals.catalog import Service, Target
from signals.units import plain, show

MANY = 1000
"""From so many requests on, chance moves the usual quantiles less than a bucket's width does."""


TOKEN_TIMES = ("first_token", "output_token")
"""The other histograms of time that a language model's service may have."""


def token_times(soundings: Soundings) -> Iterator[Reading]:
    """Give the quantiles and the mean of the time to the first token, and of that between tokens, where measured."""
    service = soundings.service
    for name in TOKEN_TIMES:
        if name not in service.instruments:
            continue
        found = soundings.find(name)
        if isinstance(found, str):
            yield from _unmeasured(service, found, name)
            continue
        measured = distribution_of(found)
        if isinstance(measured, str):
            yield from _unmeasured(service, measured, name)
        else:
            yield from _quantiles(service, measured, found, name)
            yield from _shares(service, measured, found, name)
        yield _mean(found, name)


def readings(soundings: Soundings) -> Iterator[Reading]:
    """Give the extremes, the quantiles, Apdex, the shares within targets, the mean and the concurrency."""
    found = soundings.find("latency")
    service = soundings.service
    if isinstance(found, str):
        yield from _nothing(service, found)
        return
    measured = distribution_of(found)
    if isinstance(measured, str):
        yield from _unmeasured(service, measured)
    else:
        yield from _extremes(measured, found)
        yield from _quantiles(service, measured, found)
        yield from _apdex(service, measured, found)
        yield from _shares(service, measured, found)
    yield _mean(found)
    yield _concurrency(found)


def histogram(soundings: Soundings) -> tuple[tuple[float, float], ...]:
    """Give the cumulative counts by upper edge, as counted between the scrapes inside the window; empty without."""
    found = soundings.find("latency")
    measured = found if isinstance(found, str) else distribution_of(found)
    return () if isinstance(measured, str) else tuple(zip(measured.edges, measured.counts, strict=True))


def targets(service: Service, name: str = "latency") -> dict[Decimal, Target | None]:
    """Give the quantiles to report: the usual ones and those with a target, in rising order."""
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


def distribution_of(found: Measured, keep: Keep = everything) -> Distribution | str:
    """Add the buckets of all targets, or say why they cannot be added."""
    buckets = found.part("_bucket")
    edges: dict[TargetKey, set[float]] = {}
    for track in buckets.tracks:
        edges.setdefault(track.target, set()).add(_edge(track.labels))
    if not edges:
        return _without_buckets(found)
    different = {tuple(sorted(each)) for each in edges.values()}
    if len(different) > 1:
        return f"its instances have different bucket edges, which cannot be added: {_differing(different)}"
    every = sorted(next(iter(edges.values())))
    if not math.isinf(every[-1]):
        return "its buckets have no +Inf, so what lies above them is not known"
    counts = {edge: total.value for edge, total in buckets.snapped_by(_edge, keep).items()}
    if math.inf not in counts:
        return "no requests in the window"
    count, seconds = (found.part(part).snapped(keep).value for part in ("_count", "_sum"))
    same = count > 0 and count == counts[math.inf]
    measured = distribution(
        counts, seconds / count if same else None, settled=same and found.part("_count").settled
    )
    return measured if measured.total else "no requests in the window"


def _without_buckets(found: Measured) -> str:
    """Say what stands in place of buckets. A summary's own quantiles are shown as what they are, and no further."""
    metric = found.instrument.metric
    last: dict[str, list[float]] = {}
    for series in found.gauges:
        values = [each.value for each in series.samples if each.time <= found.window.end]
        if values and math.isfinite(values[-1]):
            last.setdefault(series.labels["quantile"], []).append(values[-1])
    if not last:
        return f"{metric} has no buckets: a summary, or a counter? Quantiles cannot be taken from it"
    said = ", ".join(
        f"{signal.signal(Decimal(name))} {show(min(values), 'seconds')}"
        + (f" to {show(max(values), 'seconds')}" if len(values) > 1 else "")
        for name, values in sorted(last.items(), key=lambda each: float(each[0]))
        if 0 < float(name) < 1
    )
    return (
        f"{metric} is a summary: its quantiles are each series' own, over a time of its own, and can neither be added nor "
        f"taken over another window; at the window's end they said {said}"
    )


def _edge(labels: Labels) -> float:
    return float(labels.get("le", "nan"))


def _differing(different: set[tuple[float, ...]]) -> str:
    """Name the edges that some instances have and others lack."""
    common = set.intersection(*(set(edges) for edges in different))
    own = sorted({edge for edges in different for edge in edges} - common)
    return ", ".join(plain(edge) for edge in own) + " s only on some"


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
            reason=f"above {show(estimate.lower, 'seconds')}; how far is not known"
            if estimate.value is None
            else "",
            note=_note(rank, measured),
            provenance=found.part("_bucket").provenance,
        )
        yield judged_quantile(reading, target, measured) if target else reading


def _note(rank: Decimal, measured: Distribution) -> str:
    """Say how well few requests tell the quantile of the service, not only of themselves."""
    n = measured.total
    if n >= MANY:
        return ""
    if n * float(1 - rank) < 1:
        return f"of {n:.0f} requests this is the slowest one, or nearly"
    low, high = rank_interval(n, float(rank))
    lower, upper = measured.below(measured.bucket_of(low))[0], measured.edges[measured.bucket_of(high)]
    between = f"{show(lower, 'seconds')} and {show(upper, 'seconds')}"
    return f"of {n:.0f} requests: 95 % sure that the service's own lies between {between}"


def _extremes(measured: Distribution, found: Measured) -> Iterator[Reading]:
    """Bound the fastest and the slowest request by the first and the last bucket that hold any."""
    for name, index in (("min", measured.occupied[0]), ("max", measured.occupied[-1])):
        lower, upper = measured.below(index)[0], measured.edges[index]
        above = math.isinf(upper)
        yield Reading(
            signal=f"latency.{name}",
            unit="seconds",
            lower=lower,
            upper=None if above else upper,
            unbounded=above,
            reason="a histogram knows only the bucket of it",
            provenance=found.part("_bucket").provenance,
        )


def _apdex(service: Service, measured: Distribution, found: Measured) -> Iterator[Reading]:
    """Give Apdex = (satisfied + tolerating ÷ 2) ÷ all, for T, the tightest latency target, and 4 T (Apdex 1.1, §5)."""
    thresholds = [float(target.value) for target in service.quantile_targets("latency")]
    if not thresholds:
        return
    satisfied, tolerated = min(thresholds), 4 * min(thresholds)
    fast, slow = share_within(measured, satisfied), share_within(measured, tolerated)
    lower, upper = ((one + other) / 2 for one, other in zip(fast, slow, strict=True))
    yield Reading(
        signal="apdex",
        unit="",
        value=lower if lower == upper else None,
        lower=lower,
        upper=upper,
        reason="" if lower == upper else "T or 4 T is not a bucket edge; the bounds are certain",
        note=f"T = {show(satisfied, 'seconds')}" if lower == upper else "",
        provenance=found.part("_bucket").provenance,
    )


def _mean(found: Measured, name: str = "latency") -> Reading:
    count, seconds = found.part("_count"), found.part("_sum")
    total = count.snapped()
    if not total.value:
        return Reading(signal=f"{name}.mean", unit="seconds", reason="no requests in the window")
    value = seconds.snapped().value / total.value
    return Reading(
        signal=f"{name}.mean",
        unit="seconds",
        value=value,
        lower=value,
        upper=value,
        provenance=seconds.provenance,
    )


def _shares(
    service: Service, measured: Distribution, found: Measured, name: str = "latency"
) -> Iterator[Reading]:
    for target in service.quantile_targets(name):
        lower, upper = share_within(measured, float(target.value))
        yield Reading(
            signal=f"within.{target.signal}",
            unit="ratio",
            value=lower if lower == upper else None,
            lower=lower,
            upper=upper,
            reason="" if lower == upper else "the threshold is not a bucket edge; the bounds are certain",
            note=f"requests answered within {show(float(target.value), 'seconds')}",
            provenance=found.part("_bucket").provenance,
        )


def _concurrency(found: Measured) -> Reading:
    """Mean number of requests in progress, by Little's law: seconds spent ÷ seconds passed (L = λ·W)."""
    seconds = found.part("_sum")
    reading = seconds.reading("concurrency", "concurrent", seconds.over_load(), per=found.window.rate_seconds)
    return replace(reading, note="mean number of requests in progress (Little's law)")
