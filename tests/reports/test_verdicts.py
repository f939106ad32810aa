"""Verdicts: met, missed, or undecided with what would decide it."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from leadline.catalog.model import Target
from leadline.measure.quantiles import Distribution
from leadline.measure.reading import Reading
from leadline.reports.verdicts import judged, judged_quantile

EDGES = (0.1, 0.25, 0.5, 1.0, math.inf)


def p95(seconds: str) -> Target:
    return Target(signal="latency.p95", value=Decimal(seconds), unit="seconds")


def reading(lower: float | None = 0.1) -> Reading:
    return Reading(signal="latency.p95", unit="seconds", value=lower, lower=lower, upper=0.25)


@pytest.mark.parametrize(
    ("counts", "target", "verdict"),
    [
        pytest.param((50, 95, 99, 100, 100), "0.25", "met", id="on an edge, exactly the share"),
        pytest.param((50, 94, 99, 100, 100), "0.25", "missed", id="on an edge, one request short"),
        pytest.param((50, 96, 99, 100, 100), "0.4", "met", id="reached at a lower edge already"),
        pytest.param((50, 80, 90, 100, 100), "0.4", "missed", id="not reached at the next edge"),
        pytest.param((50, 90, 99, 100, 100), "0.4", "undecided", id="inside the bucket"),
        pytest.param((50, 60, 70, 80, 100), "5", "undecided", id="beyond the last bucket"),
    ],
)
def test_a_quantile_is_judged_by_counts_at_edges(counts: tuple[int, ...], target: str, verdict: str) -> None:
    judgement = judged_quantile(reading(), p95(target), Distribution(edges=EDGES, counts=counts))
    assert judgement.verdict == verdict
    assert bool(judgement.reason) == (verdict == "undecided")


def test_undecided_names_the_bucket_that_would_decide() -> None:
    measured = Distribution(edges=EDGES, counts=(50, 90, 99, 100, 100))
    reason = judged_quantile(reading(), p95("0.4"), measured).reason
    assert reason == "400 ms lies inside the bucket 250 ms to 500 ms; add a bucket at 0.4"


def test_a_figure_is_judged_by_its_bounds() -> None:
    ceiling = Target(signal="error_ratio", value=Decimal("0.01"), unit="ratio")
    figure = Reading(signal="error_ratio", unit="ratio", value=0.01, lower=0.009, upper=0.011)
    assert judged(figure, ceiling).verdict == "undecided"
    exact = Reading(signal="error_ratio", unit="ratio", value=0.01, lower=0.01, upper=0.01)
    assert judged(exact, ceiling).verdict == "met"


def test_a_floor_is_met_from_below_and_never_missed_where_something_is_lost() -> None:
    floor = Target(signal="throughput", value=Decimal(100), unit="requests_per_second", floor=True)
    low = Reading(signal="throughput", unit="requests_per_second", value=90, lower=90, upper=90)
    lossy = Reading(
        signal="throughput", unit="requests_per_second", value=90, lower=90, upper=90, unbounded=True
    )
    assert judged(low, floor).verdict == "missed"
    assert judged(lossy, floor).verdict == "undecided"


def test_without_a_figure_the_verdict_is_undecided_and_keeps_its_reason() -> None:
    none = Reading(signal="latency.p95", unit="seconds", reason="no requests in the window")
    judgement = judged(none, p95("0.4"))
    assert (judgement.verdict, judgement.reason) == ("undecided", "no requests in the window")
