"""Quantiles: the estimate is near where latencies are lognormal, and the bounds hold whatever the shape."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.measure.bounds import Bounded
from leadline.measure.quantiles import Distribution, distribution, edges_around, quantile, share_within

EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, math.inf)


def counted(values: list[float], edges: tuple[float, ...] = EDGES, *, mean: bool = False) -> Distribution:
    ordered = sorted(values)
    known = sum(values) / len(values) if mean else None
    return distribution({edge: bisect_right(ordered, edge) for edge in edges}, known, settled=mean)


def test_of_lognormal_latencies_the_estimate_is_within_two_percent() -> None:
    chance = random.Random(1)
    values = sorted(chance.lognormvariate(math.log(0.037), 0.35) for _ in range(50_000))
    for q in (0.5, 0.9, 0.95, 0.99):
        assert quantile(counted(values), q).value == pytest.approx(values[int(q * 50_000)], rel=0.02)


@given(
    st.lists(st.floats(0.0001, 20), min_size=1, max_size=300),
    st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.999]),
    st.integers(1, 9),
    st.booleans(),
)
def test_every_usual_definition_of_the_quantile_lies_inside_the_bounds(
    values: list[float], q: float, definition: int, mean: bool
) -> None:
    """Hyndman and Fan's nine types, by their formula: position n·q + m, linear between ranks (types 4 to 9)."""
    ordered, n = sorted(values), len(values)
    shift = {4: 0.0, 5: 0.5, 6: q, 7: 1 - q, 8: (q + 1) / 3, 9: q / 4 + 3 / 8}.get(definition, 0.0)
    position = n * q + shift
    low = min(max(math.floor(position), 1), n)
    high = min(max(math.ceil(position), 1), n)
    part = position - math.floor(position) if definition > 3 else 1.0
    exact = ordered[low - 1] + (ordered[high - 1] - ordered[low - 1]) * part
    found = quantile(counted(values, mean=mean), q)
    assert found.lower <= exact * (1 + 1e-9)
    assert exact <= found.upper * (1 + 1e-9)
    if found.value is not None:
        assert found.lower <= found.value <= found.upper


@given(st.lists(st.floats(0.0001, 9), min_size=1, max_size=200), st.booleans())
def test_estimates_rise_with_the_rank(values: list[float], mean: bool) -> None:
    measured = counted(values, mean=mean)
    found = [quantile(measured, rank / 100) for rank in range(1, 100)]
    estimates = [each.value for each in found if each.value is not None]
    assert all(one <= other * (1 + 1e-9) for one, other in pairwise(estimates))


def test_the_mean_helps_where_a_narrow_distribution_lies_in_a_wide_bucket() -> None:
    chance = random.Random(2)
    values = sorted(0.052 + chance.expovariate(1 / 0.002) for _ in range(20_000))
    exact = values[int(0.95 * len(values))]
    without = quantile(counted(values), 0.95)
    with_mean = quantile(counted(values, mean=True), 0.95)
    assert without.value is not None
    assert without.value > 1.3 * exact
    assert with_mean.value == pytest.approx(exact, rel=0.03)


def test_the_mean_narrows_the_bounds_as_markov_does() -> None:
    """All requests in (50, 100] ms and a mean of 59 ms: the median is at most 68 ms."""
    measured = distribution({0.05: 0, 0.1: 1000, math.inf: 1000}, 0.059, settled=True)
    assert quantile(measured, 0.5).upper == pytest.approx(0.068, abs=0.0002)
    torn = distribution({0.05: 0, 0.1: 1000, math.inf: 1000}, 0.059)
    assert quantile(torn, 0.5).upper == 0.1


def test_a_mean_that_the_buckets_do_not_allow_is_not_believed() -> None:
    counts = {0.05: 0, 0.1: 1000, math.inf: 1000}
    without = quantile(distribution(counts), 0.5)
    assert quantile(distribution(counts, 0.3, settled=True), 0.5) == without


def test_beyond_the_last_bucket_there_is_no_estimate() -> None:
    found = quantile(counted([20.0] * 10), 0.95)
    assert (found.value, found.lower, found.upper) == (None, 10, math.inf)


def test_the_share_within_an_edge_is_exact_and_elsewhere_between_two() -> None:
    measured = counted([0.2] * 95 + [0.4] * 5)
    assert share_within(measured, 0.25) == Bounded(value=0.95, lower=0.95, upper=0.95)
    assert share_within(measured, 0.4) == Bounded(value=None, lower=0.95, upper=1.0)
    assert edges_around(measured, 0.4) == (0.25, 0.5)


def test_counts_that_scrapes_tore_apart_are_made_to_rise() -> None:
    assert distribution({0.1: 5, 0.5: 3, math.inf: 6}).counts == (5, 5, 6)
