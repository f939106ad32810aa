"""Quantiles from histogram buckets: an estimate, the bounds that are certain, and three-valued verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Cumulative counts at rising upper edges, in seconds; the last edge is +Inf and its count the total."""

    edges: tuple[float, ...]
    counts: tuple[float, ...]

    @property
    def total(self) -> float:
        return self.counts[-1] if self.counts else 0.0

    def bucket_of(self, rank: float) -> int:
        """Give the index of the bucket that holds the request of a rank (1 is the fastest)."""
        return next(index for index, count in enumerate(self.counts) if count >= min(rank, self.total))

    def below(self, index: int) -> tuple[float, float]:
        """Give a bucket's lower edge and the count up to it."""
        return (self.edges[index - 1], self.counts[index - 1]) if index else (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """A quantile: an estimate (None in the last, open bucket) and bounds that hold whatever the shape."""

    value: float | None
    lower: float
    upper: float


def distribution(counts: Mapping[float, float]) -> Distribution:
    """Order cumulative counts by edge. Scrapes that are not atomic can leave a count below an earlier one: raised."""
    edges = tuple(sorted(counts))
    raised, highest = [], 0.0
    for edge in edges:
        highest = max(highest, counts[edge])
        raised.append(highest)
    return Distribution(edges=edges, counts=tuple(raised))


def quantile(measured: Distribution, q: float) -> Quantile:
    """Estimate a quantile by interpolating log latency against the normal quantile (probit) of the rank.

    Latencies are nearer to lognormal than to uniform inside a bucket, for which this is exact; `histogram_quantile`
    interpolates linearly in both. The bounds enclose the quantile under every usual definition of it
    (Hyndman and Fan 1996, types 1 to 9): between the ranks ⌊(n−1)q⌋ and ⌈(n−1)q⌉ + 2, counted from 1, clamped.
    """
    n = measured.total
    position = (n - 1) * q
    lowest = measured.bucket_of(max(1.0, math.floor(position)))
    highest = measured.bucket_of(min(n, math.ceil(position) + 2))
    lower, upper = measured.below(lowest)[0], measured.edges[highest]
    estimate = _interpolate(measured, q)
    if estimate is None:
        return Quantile(value=None, lower=lower, upper=upper)
    return Quantile(value=min(max(estimate, lower), upper), lower=lower, upper=upper)


def _interpolate(measured: Distribution, q: float) -> float | None:
    """Give the estimate in the bucket that holds rank q·n; None in +Inf; linear where the bucket starts at 0."""
    n = measured.total
    index = measured.bucket_of(max(q * n, 1.0))
    high = measured.edges[index]
    if math.isinf(high):
        return None
    low, before = measured.below(index)
    share_low, share_high = before / n, measured.counts[index] / n
    if low <= 0:
        part = (q - share_low) / (share_high - share_low)
        return low + (high - low) * min(max(part, 0.0), 1.0)
    probit_low, probit, probit_high = (_probit(share, n) for share in (share_low, q, share_high))
    part = (probit - probit_low) / (probit_high - probit_low) if probit_high > probit_low else 0.5
    return math.exp(math.log(low) + (math.log(high) - math.log(low)) * min(max(part, 0.0), 1.0))


def _probit(share: float, n: float) -> float:
    """Give the normal quantile of a rank, clamped to half a request from either end, where it would be infinite."""
    edge = min(0.5, 0.5 / n)
    return NORMAL.inv_cdf(min(max(share, edge), 1 - edge))


def share_within(measured: Distribution, threshold: float) -> tuple[float, float]:
    """Give the certain bounds of the share of requests within a threshold; equal where it is a bucket edge."""
    n = measured.total
    lower, upper = 0.0, 1.0
    for edge, count in zip(measured.edges, measured.counts, strict=True):
        if edge <= threshold:
            lower = count / n
        if edge >= threshold:
            upper = count / n
            break
    return lower, upper


def edges_around(measured: Distribution, threshold: float) -> tuple[float, float]:
    """Give the nearest edges at or below, and at or above, a threshold."""
    low = max((edge for edge in measured.edges if edge <= threshold), default=0.0)
    high = min((edge for edge in measured.edges if edge >= threshold), default=math.inf)
    return low, high
