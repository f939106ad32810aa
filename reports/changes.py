"""Two snapshots of the same services: what became better or worse, by more than chance and bounds explain."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from reports.model import Change, Reading, Report, ServiceReport
from reports.window import utc
from signals.units import show

BETTER, WORSE, SAME, DIFFERS = "better", "worse", "no difference", "differs"
LOWER_IS_BETTER = ("latency.", "error_ratio", "cost_per_request", "cost_per_1k_tokens")
HIGHER_IS_BETTER = ("success_ratio", "apdex", "cache_hit_ratio")
COMPARED = (
    "requests", "throughput", "latency.p50", "latency.p90", "latency.p95", "latency.p99", "latency.mean", "error_ratio",
    "apdex", "cost_per_request", "cost_per_1k_tokens", "cache_hit_ratio",
)  # fmt: skip
SURE = 2.576
"""So many standard errors apart is not chance, with 99 % certainty (two-sided)."""
TOLERANCE = 0.05
"""A smaller relative change is no difference, however certain."""


def compared(now: Report, before: Report, what: str, tolerance: float = TOLERANCE) -> Report:
    """Set a report beside an earlier one, service by service."""
    earlier = {service.name: service for service in before.services}
    services = []
    for service in now.services:
        other = earlier.get(service.name)
        if other is None:
            services.append(replace(service, change_notes=("it is not in the earlier snapshot",)))
            continue
        changes = tuple(
            _changes(service, other, load=now.window.is_load and before.window.is_load, tolerance=tolerance)
        )
        notes = tuple(_notes(service, other))
        services.append(replace(service, changes=changes, change_notes=notes))
    window = f"{utc(before.window.start)} to {utc(before.window.end)}"
    return replace(now, services=tuple(services), against=f"{what}, {window}")


def regressions(report: Report) -> tuple[str, ...]:
    """Name what became worse."""
    return tuple(
        f"{service.name} {change.signal}"
        for service in report.services
        for change in service.changes
        if change.change == WORSE
    )


def _notes(now: ServiceReport, before: ServiceReport) -> Iterator[str]:
    for signal in COMPARED:
        one, other = now.reading(signal), before.reading(signal)
        if one and other and (one.value is None) != (other.value is None):
            which = "now" if one.value is None else "before"
            reason = (one if one.value is None else other).reason
            yield f"{signal} has no data {which}: {reason}"


def _changes(now: ServiceReport, before: ServiceReport, *, load: bool, tolerance: float) -> Iterator[Change]:
    for signal in COMPARED:
        one, other = now.reading(signal), before.reading(signal)
        if one is None or other is None or one.value is None or other.value is None:
            continue
        apart, reason = _apart(signal, now, before, one, other)
        small = abs(one.value - other.value) <= tolerance * abs(other.value)
        if apart and small:
            reason = f"{reason}; the change is below {100 * tolerance:g} %"
        change = _direction(signal, one.value - other.value, load=load) if apart and not small else SAME
        yield Change(
            signal=signal, unit=one.unit, before=other.value, now=one.value, change=change, reason=reason
        )


def _direction(signal: str, difference: float, *, load: bool) -> str:
    if signal.startswith(LOWER_IS_BETTER):
        return BETTER if difference < 0 else WORSE
    if signal in HIGHER_IS_BETTER or (signal == "throughput" and load):
        return BETTER if difference > 0 else WORSE
    return DIFFERS


def _apart(
    signal: str, now: ServiceReport, before: ServiceReport, one: Reading, other: Reading
) -> tuple[bool, str]:
    """Say whether two figures differ by more than chance or their bounds explain, and by what that was judged."""
    if signal.startswith("latency.p"):
        return _shares_apart(float("0." + signal.removeprefix("latency.p")), now, before)
    if signal == "latency.mean":
        return _means_apart(now, before, one.value or 0.0, other.value or 0.0)
    if signal in ("error_ratio", "apdex", "cache_hit_ratio"):
        return _proportions(one.value or 0.0, _count(now), other.value or 0.0, _count(before), "of requests")
    if None in (one.lower, one.upper, other.lower, other.upper):
        return one.value != other.value, "without bounds"
    overlap = (one.lower or 0) <= (other.upper or 0) and (other.lower or 0) <= (one.upper or 0)
    return not overlap, "the certain bounds overlap" if overlap else "the certain bounds are apart"


def _count(service: ServiceReport) -> float:
    if service.histogram:
        return service.histogram[-1][1]
    requests = service.reading("requests")
    return requests.value if requests and requests.value else 0.0


def _shares_apart(rank: float, now: ServiceReport, before: ServiceReport) -> tuple[bool, str]:
    """Compare the shares of requests within the common edge that lies nearest to the quantile (two proportions)."""
    one, other = dict(now.histogram), dict(before.histogram)
    n, m = _count(now), _count(before)
    common = [edge for edge in one if edge in other and math.isfinite(edge)]
    if not common or not n or not m:
        return False, "no bucket edge is common to both"
    edge = min(common, key=lambda each: abs(other[each] / m - rank))
    what = f"within {show(edge, 'seconds')}"
    return _proportions(one[edge] / n, n, other[edge] / m, m, what)


def _proportions(p: float, n: float, q: float, m: float, what: str) -> tuple[bool, str]:
    """Compare two proportions by the pooled z-test."""
    if not n or not m:
        return False, "no requests"
    pooled = (p * n + q * m) / (n + m)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    z = abs(p - q) / error if error else 0.0
    shares = f"{show(q, 'ratio')} → {show(p, 'ratio')} {what}"
    return z > SURE, f"{shares}, {'more' if z > SURE else 'no more'} than chance (z {z:.1f})"


def _means_apart(now: ServiceReport, before: ServiceReport, one: float, other: float) -> tuple[bool, str]:
    """Compare two means by their standard errors, the spread reckoned from the buckets."""
    errors = [_variance(each) / _count(each) if _count(each) else math.inf for each in (now, before)]
    error = math.sqrt(sum(errors))
    z = abs(one - other) / error if error else math.inf
    return z > SURE, f"{'more' if z > SURE else 'no more'} than chance (z {min(z, 999):.1f})"


def _variance(service: ServiceReport) -> float:
    """Reckon the variance from buckets, each request at its bucket's upper edge or, in +Inf, twice the last: rather
    too large than too small.
    """
    mean = service.reading("latency.mean")
    center = mean.value if mean and mean.value is not None else 0.0
    total, below, last, n = 0.0, 0.0, 0.0, _count(service)
    for edge, count in service.histogram:
        place = edge if math.isfinite(edge) else 2 * last
        total += (count - below) * max((place - center) ** 2, (last - center) ** 2)
        below, last = count, edge if math.isfinite(edge) else last
    return total / n if n else math.inf
