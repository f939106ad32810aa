"""Latency: quantiles with certain bounds, the exact mean, and the exact share within each target."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from reports.measured import Keep, Labels, Measured
from reports.model import Reading
from reports.quantiles import Distribution, distribution, quantile, share_within
from reports.questions import Soundings
from reports.scrapes import TargetKey
from reports.verdicts import judged, judged_quantile
from signals import latency as signal
from signals.catalog import Service, Target
from signals.units import plain, show

FEW = 100
"""Below so many requests p99 is the slowest request, or nearly."""


def readings(soundings: Soundings) -> Iterator[Reading]:
    """Give the quantiles, the mean, the shares within targets and the concurrency."""
    found = soundings.find("latency")
    service = soundings.service
    if isinstance(found, str):
        yield from _nothing(service, found)
        return
    measured = _distribution(found.part("_bucket"))
    if isinstance(measured, str):
        yield from _unmeasured(service, measured)
    else:
        yield from _quantiles(service, measured, found)
        yield from _shares(service, measured, found)
    yield _mean(found)
    yield _concurrency(found)


def targets(service: Service) -> dict[Decimal, Target | None]:
    """Give the quantiles to report: the usual ones and those with a target, in rising order."""
    aimed = {target.quantile: target for target in service.targets if target.quantile is not None}
    ranks = sorted({*signal.QUANTILES, *aimed})
    return {rank: aimed.get(rank) for rank in ranks}


def _nothing(service: Service, reason: str) -> Iterator[Reading]:
    yield from _unmeasured(service, reason)
    yield Reading(signal="latency.mean", unit="seconds", reason=reason)
    yield Reading(signal="concurrency", unit="concurrent", reason=reason)


def _unmeasured(service: Service, reason: str) -> Iterator[Reading]:
    for rank, target in targets(service).items():
        reading = Reading(signal=signal.signal(rank), unit="seconds", reason=reason)
        yield judged(reading, target) if target else reading


def _distribution(buckets: Measured) -> Distribution | str:
    """Add the buckets of all targets, or say why they cannot be added."""
    edges: dict[TargetKey, set[float]] = {}
    for track in buckets.tracks:
        edges.setdefault(track.target, set()).add(_edge(track.labels))
    if not edges:
        return f"{buckets.instrument.metric} has no buckets: a summary, or a counter? Quantiles cannot be taken from it"
    different = {tuple(sorted(found)) for found in edges.values()}
    if len(different) > 1:
        return f"its instances have different bucket edges, which cannot be added: {_differing(different)}"
    every = sorted(next(iter(edges.values())))
    if not math.isinf(every[-1]):
        return "its buckets have no +Inf, so what lies above them is not known"
    measured = distribution({edge: buckets.snapped(_is_edge(edge)).value for edge in every})
    return measured if measured.total else "no requests in the window"


def _is_edge(edge: float) -> Keep:
    return lambda labels: _edge(labels) == edge


def _edge(labels: Labels) -> float:
    return float(labels.get("le", "nan"))


def _differing(different: set[tuple[float, ...]]) -> str:
    """Name the edges that some instances have and others lack."""
    common = set.intersection(*(set(edges) for edges in different))
    own = sorted({edge for edges in different for edge in edges} - common)
    return ", ".join(plain(edge) for edge in own) + " s only on some"


def _quantiles(service: Service, measured: Distribution, found: Measured) -> Iterator[Reading]:
    for rank, target in targets(service).items():
        estimate = quantile(measured, float(rank))
        above = math.isinf(estimate.upper)
        reading = Reading(
            signal=signal.signal(rank),
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
    if measured.total < FEW and rank >= Decimal("0.99"):
        return f"of {measured.total:.0f} requests this is nearly the slowest one"
    return ""


def _mean(found: Measured) -> Reading:
    count, seconds = found.part("_count"), found.part("_sum")
    total = count.snapped()
    if not total.value:
        return Reading(signal="latency.mean", unit="seconds", reason="no requests in the window")
    value = seconds.snapped().value / total.value
    return Reading(
        signal="latency.mean",
        unit="seconds",
        value=value,
        lower=value,
        upper=value,
        provenance=seconds.provenance,
    )


def _shares(service: Service, measured: Distribution, found: Measured) -> Iterator[Reading]:
    for target in service.targets:
        if target.quantile is None:
            continue
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
