"""Quantiles from histogram buckets: an estimate and guaranteed bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from statistics import NormalDist

from .bounds import Bounded, Count, share

NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Cumulative counts at ascending upper edges, in seconds; the last edge is +Inf and its count the total.

    mean     mean of the same requests in seconds, if known
    settled  whether counts and mean are exact and the edges idle, so that both cover the same requests
    least    lower bound of each individual bucket; empty if the counts are exact
    most     upper bound of each individual bucket
    missing  maximum missing requests, in any bucket; infinite if unlimited
    """

    edges: tuple[float, ...]
    counts: tuple[float, ...]
    mean: float | None = None
    settled: bool = False
    least: tuple[float, ...] = ()
    most: tuple[float, ...] = ()
    missing: float = 0.0

    @property
    def lower_counts(self) -> tuple[float, ...]:
        """The minimum requests in each individual bucket."""
        return self.least or tuple(self.within(index) for index in range(len(self.edges)))

    @property
    def upper_counts(self) -> tuple[float, ...]:
        """The maximum counted requests in each individual bucket."""
        return self.most or self.lower_counts

    def up_to(self, index: int) -> tuple[Count, Count]:
        """Return the requests up to a bucket's edge and above it, with bounds."""
        low, high, cut = self.lower_counts, self.upper_counts, index + 1
        within = self.counts[index]
        return (
            Count(value=within, lower=sum(low[:cut]), upper=sum(high[:cut])),
            Count(value=self.total - within, lower=sum(low[cut:]), upper=sum(high[cut:])),
        )

    def share_at(self, index: int) -> Bounded:
        """Return the share of requests up to a bucket's edge, with bounds."""
        return share(*self.up_to(index), self.missing)

    @property
    def total(self) -> float:
        return self.counts[-1] if self.counts else 0.0

    def bucket_of(self, rank: float) -> int:
        """Return the index of the bucket with the request of a rank (1 is the fastest)."""
        return next(index for index, count in enumerate(self.counts) if count >= min(rank, self.total))

    def within(self, index: int) -> float:
        """Return the count of an individual bucket."""
        return self.counts[index] - self.below(index)[1]

    @property
    def believed_mean(self) -> float | None:
        """The mean if the buckets allow it; otherwise it covers other requests or uses another clock."""
        if self.mean is None or not self.total:
            return None
        floor = sum(self.within(index) * self.below(index)[0] for index in self.occupied)
        ceiling = sum(self.within(index) * self.edges[index] for index in self.occupied)
        slack = 1e-9 * (1 + abs(self.mean * self.total))
        return self.mean if floor - slack <= self.mean * self.total <= ceiling + slack else None

    @property
    def occupied(self) -> tuple[int, ...]:
        """The indices of the buckets that hold requests."""
        return tuple(index for index in range(len(self.edges)) if self.within(index) > 0)

    def below(self, index: int) -> tuple[float, float]:
        """Return a bucket's lower edge and the count up to it."""
        return (self.edges[index - 1], self.counts[index - 1]) if index else (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """A quantile: an estimate (None in the last, open bucket) and bounds that hold for any distribution."""

    value: float | None
    lower: float
    upper: float


def bounded(
    counts: Mapping[float, Count], mean: float | None, missing: float, *, settled: bool
) -> Distribution:
    """Return a distribution from the count of each individual bucket, by upper edge; the last edge is infinite."""
    edges = tuple(sorted(counts))
    each = [counts[edge] for edge in edges]
    exact = not missing and all(count.is_exact for count in each)
    return Distribution(
        edges=edges,
        counts=tuple(accumulate(max(0.0, count.value) for count in each)),
        mean=mean,
        settled=settled and exact,
        least=() if exact else tuple(count.lower for count in each),
        most=() if exact else tuple(count.upper for count in each),
        missing=missing,
    )


def distribution(
    counts: Mapping[float, float], mean: float | None = None, *, settled: bool = False
) -> Distribution:
    """Return a distribution from cumulative counts by edge. Raise counts that non-atomic scrapes left below an earlier one."""
    edges = tuple(sorted(counts))
    raised, highest = [], 0.0
    for edge in edges:
        highest = max(highest, counts[edge])
        raised.append(highest)
    return Distribution(edges=edges, counts=tuple(raised), mean=mean, settled=settled)


def quantile(measured: Distribution, q: float) -> Quantile:
    """Estimate a quantile, with bounds that hold under every common definition.

    The definitions (Hyndman and Fan 1996, types 1 to 9) lie between the ranks ⌊(n−1)q⌋ and ⌈(n−1)q⌉ + 2, counted from
    1, clamped. The buckets of these ranks bound the quantile, and the mean bounds it further (see `_bounds`).
    """
    if measured.least or measured.missing:
        lower, upper = _wide_bounds(measured, q)
    else:
        lower, upper = _bounds(measured, *_ranks(measured.total, q))
    estimate = _estimate(measured, q)
    if estimate is None:
        return Quantile(value=None, lower=lower, upper=upper)
    return Quantile(value=min(max(estimate, lower), upper), lower=lower, upper=upper)


def _ranks(n: float, q: float) -> tuple[float, float]:
    position = (n - 1) * q
    return max(1.0, math.floor(position)), min(n, math.ceil(position) + 2)


def _wide_bounds(measured: Distribution, q: float) -> tuple[float, float]:
    """Bound a quantile if bucket counts are bounded themselves, by the best and the worst case."""
    if math.isinf(measured.missing):
        return 0.0, math.inf
    lower = upper = None
    for index, edge in enumerate(measured.edges):
        within, above = measured.up_to(index)
        most, least = within.upper + measured.missing, within.lower
        if lower is None and most >= _ranks(most + above.lower, q)[0]:
            lower = measured.below(index)[0]
        worst = least + above.upper + measured.missing
        if upper is None and least > 0 and least >= _ranks(worst, q)[1]:
            upper = edge
    return lower or 0.0, math.inf if upper is None else upper


def _bounds(measured: Distribution, lowest: float, highest: float) -> tuple[float, float]:
    """Bound the latencies of two ranks by their buckets, and by the mean as Markov's inequality does.

    With all other requests at the lower edges of their buckets, the request of a rank and the slower ones in its bucket
    cannot be so slow that the sum exceeds the known sum; likewise downwards with upper edges.
    """
    low_bucket, high_bucket = measured.bucket_of(lowest), measured.bucket_of(highest)
    lower, upper = measured.below(low_bucket)[0], measured.edges[high_bucket]
    mean = measured.believed_mean
    if mean is None or not measured.settled:
        return lower, upper
    total = mean * measured.total
    slack = 1e-9 * abs(total)
    floor = sum(measured.within(index) * measured.below(index)[0] for index in measured.occupied)
    slower = measured.counts[high_bucket] - highest + 1
    markov = measured.below(high_bucket)[0] + (total - floor + slack) / slower
    ceiling = sum(measured.within(index) * measured.edges[index] for index in measured.occupied)
    faster = lowest - measured.below(low_bucket)[1]
    reverse = (
        measured.edges[low_bucket] - (ceiling - total + slack) / faster if math.isfinite(ceiling) else lower
    )
    return max(lower, reverse), min(upper, markov)


POINTS = 48
"""Number of points that represent the requests of a bucket."""


def _estimate(measured: Distribution, q: float) -> float | None:
    """Return the estimate in the bucket that holds rank q·n; None in +Inf."""
    index = measured.bucket_of(max(q * measured.total, 1.0))
    high = measured.edges[index]
    if math.isinf(high):
        return None
    low, before = measured.below(index)
    part = min(max((q * measured.total - before) / measured.within(index), 0.0), 1.0)
    places = _places(measured, index)
    weights = _weights(places, _tilt(measured))
    borders = [low, *((one + other) / 2 for one, other in pairwise(places)), high]
    passed = 0.0
    for position, weight in enumerate(weights):
        if passed + weight >= part and weight > 0:
            share = (part - passed) / weight
            return borders[position] + (borders[position + 1] - borders[position]) * min(max(share, 0.0), 1.0)
        passed += weight
    return high


def _places(measured: Distribution, index: int) -> tuple[float, ...]:
    """Spread a bucket's requests: linear in log latency against the normal quantile (probit) of their ranks.

    This is exact for lognormal latencies, which are closer to reality than uniform ones; `histogram_quantile` interpolates
    linearly in both. A bucket that starts at 0 has no logarithm and is spread evenly.
    """
    (low, before), high, n = measured.below(index), measured.edges[index], measured.total
    parts = [(point + 0.5) / POINTS for point in range(POINTS)]
    if low <= 0:
        return tuple(low + (high - low) * part for part in parts)
    first, last = _probit(before / n, n), _probit(measured.counts[index] / n, n)
    ranks = (_probit((before + measured.within(index) * part) / n, n) for part in parts)
    spread = [(rank - first) / (last - first) if last > first else 0.5 for rank in ranks]
    return tuple(low * (high / low) ** min(max(part, 0.0), 1.0) for part in spread)


@lru_cache(maxsize=1024)
def _tilt(measured: Distribution) -> float:
    """Return λ such that weights e^(λx) within each bucket bring the estimated mean to the known one; 0 without one.

    Of all distributions with these bucket counts and this mean, the tilted one is closest to the untilted in Kullback-Leibler
    divergence (Csiszár 1975, I-projection). It helps if a narrow distribution lies inside one wide bucket.
    """
    known = measured.believed_mean
    if known is None or math.isinf(measured.edges[measured.occupied[-1]]):
        return 0.0
    buckets = [(measured.within(index), _places(measured, index)) for index in measured.occupied]
    unit = 1 / max(places[-1] for _, places in buckets)

    def mean(tilt: float) -> float:
        estimated = (
            count * sum(weight * place for weight, place in zip(_weights(places, tilt), places, strict=True))
            for count, places in buckets
        )
        return sum(estimated) / measured.total

    upwards = mean(0) < known
    reach = unit if upwards else -unit
    while (mean(reach) < known) == upwards and abs(reach) < MOST_TILT * unit:
        reach *= 4
    near, far = 0.0, reach
    for _ in range(40):
        middle = (near + far) / 2
        if (mean(middle) < known) == upwards:
            near = middle
        else:
            far = middle
    return (near + far) / 2


MOST_TILT = 1e4
"""A mean that needs more is at the very edge of what the buckets allow."""


def _weights(places: tuple[float, ...], tilt: float) -> list[float]:
    if tilt == 0:
        return [1 / len(places)] * len(places)
    highest = max(tilt * places[0], tilt * places[-1])
    raw = [math.exp(tilt * place - highest) for place in places]
    total = sum(raw)
    return [weight / total for weight in raw]


def _probit(share: float, n: float) -> float:
    """Return the normal quantile of a rank, clamped to half a request from either end to stay finite."""
    edge = min(0.5, 0.5 / n)
    return NORMAL.inv_cdf(min(max(share, edge), 1 - edge))


def share_within(measured: Distribution, threshold: float) -> Bounded:
    """Return the share of requests within a threshold, with bounds; they meet if it is a bucket edge."""
    below = [index for index, edge in enumerate(measured.edges) if edge <= threshold]
    above = next(index for index, edge in enumerate(measured.edges) if edge >= threshold)
    upper = measured.share_at(above)
    lower = measured.share_at(below[-1]) if below else Bounded(value=None, lower=0.0, upper=0.0)
    at_edge = bool(below) and below[-1] == above
    return Bounded(value=upper.value if at_edge else None, lower=lower.lower, upper=upper.upper)


def edges_around(measured: Distribution, threshold: float) -> tuple[float, float]:
    """Return the nearest edges at or below and at or above a threshold."""
    low = max((edge for edge in measured.edges if edge <= threshold), default=0.0)
    high = min((edge for edge in measured.edges if edge >= threshold), default=math.inf)
    return low, high


def rank_interval(n: float, q: float) -> tuple[float, float]:
    """Return the 95 % confidence interval of a population's quantile, as ranks in a sample of n requests.

    Normal approximation of the binomial: n·q ± 1.96·√(n·q·(1−q)), clamped to [1, n].
    """
    spread = 1.96 * math.sqrt(n * q * (1 - q))
    return max(1.0, math.floor(n * q - spread)), min(n, math.ceil(n * q + spread))
