"""Verdicts: met, missed, or undecided with what would decide it. Never a guess."""

from __future__ import annotations

import math
from dataclasses import replace

from leadline.base.units import plain, show
from leadline.catalog.model import Service, Target
from leadline.measure.bounds import to_reach
from leadline.measure.counters import PLAUSIBLE
from leadline.measure.quantiles import Distribution, edges_around
from leadline.measure.reading import Reading

from .model import MET, MISSED, UNDECIDED


def judged(reading: Reading, target: Target, *, lost: str = "") -> Reading:
    """Judge a figure by its bounds: at most the target, or at least, for a floor.

    `lost` describes which missing requests would change the counted result.
    """
    return judged_by(reading, float(target.value), target.unit, floor=target.floor, lost=lost)


def judged_by(reading: Reading, value: float, unit: str, *, floor: bool = False, lost: str = "") -> Reading:
    """Judge a figure by a value: at most that, or at least, for a floor."""
    aimed = replace(reading, target=value, floor=floor)
    if reading.value is None or reading.lower is None:
        return replace(aimed, verdict=UNDECIDED, reason=reading.reason or _incomplete(reading))
    if reading.incomplete:
        return replace(aimed, verdict=UNDECIDED, reason=_incomplete(reading))
    above = _highest(reading)
    if reading.lower >= value if floor else above <= value:
        return replace(aimed, verdict=MET, reason=_resting(aimed))
    if above < value if floor else reading.lower > value:
        return replace(aimed, verdict=MISSED, reason=_resting(aimed))
    return replace(aimed, verdict=UNDECIDED, reason=lost or _between(reading, value, unit, above))


def _highest(reading: Reading) -> float:
    if reading.judged_upper is not None:
        return reading.judged_upper
    return math.inf if reading.unbounded or reading.upper is None else reading.upper


def _incomplete(reading: Reading) -> str:
    """Return why the figure is unreliable: an incomplete answer, or its own reason."""
    if not reading.incomplete:
        return reading.reason
    return f"the answer was incomplete ({reading.incomplete}), so series may be missing; try again when it is complete"


def _resting(reading: Reading) -> str:
    """Return the assumption that a verdict rests on."""
    return f"if {reading.assumption}" if reading.assumption else ""


def _between(reading: Reading, value: float, unit: str, above: float) -> str:
    goal, low, high = (show(each, unit) for each in (value, reading.lower or 0.0, above))
    if math.isinf(above):
        return f"{goal} lies above {low}, and nothing limits what is missing"
    return f"{goal} lies inside the bounds {low} to {high}; a window with idle edges, or a longer one, decides it"


def judged_quantile(reading: Reading, target: Target, measured: Distribution) -> Reading:
    """Judge a quantile by the share of requests at bucket edges, which is counted, not estimated.

    Met if the share at some edge ≤ T reaches q; missed if it does not at the first edge ≥ T.
    """
    threshold, rank = float(target.value), float(target.quantile or 0)
    aimed = replace(reading, target=threshold)
    if reading.lower is None:
        return replace(aimed, verdict=UNDECIDED)
    if reading.incomplete:
        return replace(aimed, verdict=UNDECIDED, reason=_incomplete(reading))
    inside = [index for index, edge in enumerate(measured.edges) if edge <= threshold]
    outside = next(index for index, edge in enumerate(measured.edges) if edge >= threshold)
    if inside and measured.share_at(inside[-1]).lower >= rank:
        return replace(aimed, verdict=MET, reason=_resting(aimed))
    if measured.share_at(outside).upper < rank:
        return replace(aimed, verdict=MISSED, reason=_resting(aimed))
    counted = [measured.counts[index] / measured.total >= rank for index in (*inside[-1:], outside)]
    reason = _bucket_hint(measured, threshold)
    if inside and (inside[-1] == outside or len(set(counted)) == 1):
        reason = _undecided_counts(measured, rank, threshold, outside if not all(counted) else inside[-1])
    return replace(aimed, verdict=UNDECIDED, reason=reason)


def _undecided_counts(measured: Distribution, rank: float, threshold: float, index: int) -> str:
    """Return what would change a quantile's verdict if only the bounds of the counts leave it open."""
    within, above = measured.up_to(index)
    n, goal = within.value + above.value, show(threshold, "seconds")
    found = f"{show(within.value / n, 'ratio')} of the counted requests took at most {goal}"
    if not measured.missing:
        return f"{found}, but the window's edges are busy; one with idle edges, or a longer one, decides it"
    slow = within.value / n >= rank
    needed = within.value / rank - n if slow else to_reach(rank, within.value, n)
    return f"{found}; {lost_requests(measured.missing)}, and {math.ceil(needed)} {'slower' if slow else 'faster'} ones change the verdict"


def lost_requests(missing: float) -> str:
    """Describe how many requests may be missing."""
    if math.isinf(missing):
        return "nothing limits how many requests may be missing"
    return (
        f"up to {show(missing, 'requests')} may be missing, at {PLAUSIBLE:.0f} times the target's peak rate"
    )


def _bucket_hint(measured: Distribution, threshold: float) -> str:
    low, high = edges_around(measured, threshold)
    goal, add = show(threshold, "seconds"), f"add a bucket at {plain(threshold)}"
    if math.isinf(high):
        return f"{goal} lies beyond the last bucket ({show(low, 'seconds')}); {add}"
    return f"{goal} lies inside the bucket {show(low, 'seconds')} to {show(high, 'seconds')}; {add}"


def target_for(service: Service, signal: str) -> Target | None:
    return next((target for target in service.targets if target.signal == signal), None)
