"""Verdicts: met, missed, or undecided with what would decide it. Never a guess."""

from __future__ import annotations

import math
from dataclasses import replace

from reports.model import MET, MISSED, UNDECIDED, Reading
from reports.quantiles import Distribution, edges_around
from signals.catalog import Service, Target
from signals.units import plain, show


def judged(reading: Reading, target: Target) -> Reading:
    """Judge a figure by its bounds: at most the target, or for a floor at least."""
    value = float(target.value)
    aimed = replace(reading, target=value, floor=target.floor)
    if reading.value is None or reading.lower is None or reading.upper is None:
        return replace(aimed, verdict=UNDECIDED)
    above = math.inf if reading.unbounded else reading.upper
    if reading.lower >= value if target.floor else above <= value:
        return replace(aimed, verdict=MET)
    if above < value if target.floor else reading.lower > value:
        return replace(aimed, verdict=MISSED)
    goal = show(value, target.unit)
    low, high = show(reading.lower, target.unit), show(above, target.unit)
    return replace(
        aimed,
        verdict=UNDECIDED,
        reason=f"{goal} lies inside the bounds {low} to {high}; a window with idle edges, or a longer one, decides it",
    )


def judged_quantile(reading: Reading, target: Target, measured: Distribution) -> Reading:
    """Judge a quantile by the share of requests at bucket edges, which is counted, not estimated.

    Met where the share at some edge ≤ T reaches q; missed where at the first edge ≥ T it does not.
    """
    threshold, rank = float(target.value), float(target.quantile or 0)
    aimed = replace(reading, target=threshold)
    if reading.lower is None:
        return replace(aimed, verdict=UNDECIDED)
    shares = tuple(count / measured.total for count in measured.counts)
    edges = tuple(zip(measured.edges, shares, strict=True))
    if any(share >= rank for edge, share in edges if edge <= threshold):
        return replace(aimed, verdict=MET)
    if next(share for edge, share in edges if edge >= threshold) < rank:
        return replace(aimed, verdict=MISSED)
    return replace(aimed, verdict=UNDECIDED, reason=_bucket_hint(measured, threshold))


def _bucket_hint(measured: Distribution, threshold: float) -> str:
    low, high = edges_around(measured, threshold)
    goal, add = show(threshold, "seconds"), f"add a bucket at {plain(threshold)}"
    if math.isinf(high):
        return f"{goal} lies beyond the last bucket ({show(low, 'seconds')}); {add}"
    return f"{goal} lies inside the bucket {show(low, 'seconds')} to {show(high, 'seconds')}; {add}"


def target_for(service: Service, signal: str) -> Target | None:
    return next((target for target in service.targets if target.signal == signal), None)
