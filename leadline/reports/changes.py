"""Two snapshots of the same services: what got better or worse, beyond noise and bounds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from leadline.base.units import show
from leadline.measure.reading import Reading
from leadline.measure.window import utc

from .model import Change, Report, ServiceReport

BETTER, WORSE, SAME, DIFFERS = "better", "worse", "no difference", "differs"
LOWER_IS_BETTER = ("latency.", "error_ratio", "cost_per_request", "cost_per_1k_tokens")
HIGHER_IS_BETTER = ("success_ratio", "apdex", "cache_hit_ratio")
COMPARED = (
    "requests", "throughput", "latency.p50", "latency.p90", "latency.p95", "latency.p99", "latency.mean", "error_ratio",
    "apdex", "cost_per_request", "cost_per_1k_tokens", "cache_hit_ratio",
)  # fmt: skip
SURE = 2.576
"""Standard errors that separate a change from noise at 99 % confidence (two-sided)."""
FIRST = "leadline.report/1"
TOLERANCE = 0.05
"""A smaller relative change is no difference, even beyond noise."""


def compared(now: Report, before: Report, what: str, tolerance: float = TOLERANCE) -> Report:
    """Compare a report with an earlier one, service by service."""
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
        notes = (*_notes(service, other), *_older(before))
        services.append(replace(service, changes=changes, change_notes=notes))
    window = f"{utc(before.window.start)} to {utc(before.window.end)}"
    return replace(now, services=tuple(services), against=f"{what}, {window}")


def regressions(report: Report) -> tuple[str, ...]:
    """Return the names of figures that got worse."""
    return tuple(
        f"{service.name} {change.signal}"
        for service in report.services
        for change in service.changes
        if change.change == WORSE
    )


def _older(before: Report) -> Iterator[str]:
    """Warn that the bounds of an older report mean less than today's."""
    if before.schema == FIRST:
        yield (
            "the earlier report has an older version (leadline.report/1): its ratios, quantiles and unit costs cover only the "
            "scrapes inside its window, not what its edges and restarts leave open"
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
        found = _evidence(signal, now, before, one, other)
        change, reason = SAME, found.reason
        if found.direction and abs(one.value - other.value) <= tolerance * abs(other.value):
            reason = f"{reason}; the change is below {100 * tolerance:g} %"
        elif found.direction and found.direction * (one.value - other.value) < 0:
            reason = f"{reason}; but the estimate moved the other way, so it is undecided"
        elif found.direction:
            change = _kind(signal, found.direction, load=load)
        yield Change(
            signal=signal, unit=one.unit, before=other.value, now=one.value, change=change, reason=reason
        )


def _kind(signal: str, direction: int, *, load: bool) -> str:
    """Return whether a rise (1) or fall (-1) of a figure is better, worse or just different."""
    if signal.startswith(LOWER_IS_BETTER):
        return BETTER if direction < 0 else WORSE
    if signal in HIGHER_IS_BETTER or (signal == "throughput" and load):
        return BETTER if direction > 0 else WORSE
    return DIFFERS


@dataclass(frozen=True, slots=True)
class Evidence:
    """Whether the counts show that a figure rose (1), fell (-1) or neither (0), and why."""

    direction: int
    reason: str


def _evidence(
    signal: str, now: ServiceReport, before: ServiceReport, one: Reading, other: Reading
) -> Evidence:
    """Judge whether two figures differ beyond noise and their bounds."""
    incomplete = one.incomplete or other.incomplete
    if incomplete:
        return Evidence(0, f"an answer was incomplete: {incomplete}")
    if signal.startswith("latency.p"):
        return _shares_apart(float("0." + signal.removeprefix("latency.p")), now, before)
    return _figures_apart(signal, now, before, one, other)


def _figures_apart(
    signal: str, now: ServiceReport, before: ServiceReport, one: Reading, other: Reading
) -> Evidence:
    rises = 1 if (one.value or 0.0) > (other.value or 0.0) else -1
    if signal == "latency.mean":
        apart, reason = _means_apart(now, before, one.value or 0.0, other.value or 0.0)
        return Evidence(rises if apart else 0, reason)
    if signal in ("error_ratio", "apdex", "cache_hit_ratio"):
        n, m = _events(one, now), _events(other, before)
        what = "of lookups" if signal == "cache_hit_ratio" else "of requests"
        apart, reason = _proportions(one.value or 0.0, n, other.value or 0.0, m, what)
        if apart and _overlap(one, other) and not (one.is_exact and other.is_exact):
            return Evidence(0, f"{reason}, but the bounds overlap")
        return Evidence(rises if apart else 0, reason)
    if None in (one.lower, one.upper, other.lower, other.upper):
        return Evidence(rises if one.value != other.value else 0, "without bounds")
    overlap = _overlap(one, other)
    return Evidence(0 if overlap else rises, "the bounds overlap" if overlap else "the bounds are apart")


def _overlap(one: Reading, other: Reading) -> bool:
    """Return whether the bounds of two figures overlap."""

    def highest(reading: Reading) -> float:
        return math.inf if reading.unbounded or reading.upper is None else reading.upper

    return (one.lower or 0) <= highest(other) and (other.lower or 0) <= highest(one)


def _events(reading: Reading, service: ServiceReport) -> float:
    """Return the number of events behind a ratio: cache lookups, else requests."""
    if reading.events is not None:
        return reading.events
    lookups = re.search(r"of (\d+) lookups", reading.note)
    return float(lookups[1]) if lookups else _count(service)


def _count(service: ServiceReport) -> float:
    if service.histogram:
        return service.histogram[-1][1]
    requests = service.reading("requests")
    return requests.value if requests and requests.value else 0.0


def _shares_apart(rank: float, now: ServiceReport, before: ServiceReport) -> Evidence:
    """Compare the shares of requests within the common edge nearest to the quantile (two proportions)."""
    one, other = dict(now.histogram), dict(before.histogram)
    n, m = _count(now), _count(before)
    common = [edge for edge in one if edge in other and math.isfinite(edge)]
    if not common or not n or not m:
        return Evidence(0, "no bucket edge is common to both")
    edge = min(common, key=lambda each: abs(other[each] / m - rank))
    what = f"within {show(edge, 'seconds')}"
    share, earlier = one[edge] / n, other[edge] / m
    apart, reason = _proportions(share, n, earlier, m, what)
    return Evidence((-1 if share > earlier else 1) if apart else 0, reason)


def _proportions(p: float, n: float, q: float, m: float, what: str) -> tuple[bool, str]:
    """Compare two proportions by the pooled z-test."""
    if not n or not m:
        return False, "no requests"
    if not (0 <= p <= 1 and 0 <= q <= 1):
        return False, "one of them is not a share"
    pooled = (p * n + q * m) / (n + m)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    z = abs(p - q) / error if error else 0.0
    shares = f"{show(q, 'ratio')} → {show(p, 'ratio')} {what}"
    return z > SURE, f"{shares}, {'beyond' if z > SURE else 'within'} noise (z {z:.1f})"


def _means_apart(now: ServiceReport, before: ServiceReport, one: float, other: float) -> tuple[bool, str]:
    """Compare two means by their standard errors, with the variance from the buckets."""
    errors = [_variance(each) / _count(each) if _count(each) else math.inf for each in (now, before)]
    error = math.sqrt(sum(errors))
    z = abs(one - other) / error if error else math.inf
    return z > SURE, f"{'beyond' if z > SURE else 'within'} noise (z {min(z, 999):.1f})"


def _variance(service: ServiceReport) -> float:
    """Compute the variance from buckets, each request at its bucket's upper edge or, in +Inf, twice the last one.

    It is an overestimate.
    """
    mean = service.reading("latency.mean")
    center = mean.value if mean and mean.value is not None else 0.0
    total, below, last, n = 0.0, 0.0, 0.0, _count(service)
    for edge, count in service.histogram:
        place = edge if math.isfinite(edge) else 2 * last
        total += (count - below) * max((place - center) ** 2, (last - center) ** 2)
        below, last = count, edge if math.isfinite(edge) else last
    return total / n if n else math.inf
