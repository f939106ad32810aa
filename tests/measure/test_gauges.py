"""Gauges: what is stale counts no longer, and what does not follow the load is not extrapolated."""

from __future__ import annotations

import math

from leadline.measure.gauges import GaugeStatistics, gauge_statistics
from leadline.signals.samples import Sample, Series


def series(*points: tuple[float, float]) -> Series:
    return Series(labels={}, samples=tuple(Sample(time, value) for time, value in points))


def of(*found: Series, start: float = 0, end: float = 100) -> GaugeStatistics:
    level = gauge_statistics(found, start, end)
    assert level is not None
    return level


def test_a_series_that_ended_does_not_stand_beside_the_one_that_replaced_it() -> None:
    old = series(*((time, 5.0) for time in range(0, 50, 10)))
    new = series(*((time, 5.0) for time in range(50, 101, 10)))
    assert of(old, new).peak == 5
    assert of(old, new).last == 5


def test_series_that_are_scraped_at_other_moments_stand_beside_each_other() -> None:
    one = series(*((time, 5.0) for time in range(0, 101, 10)))
    other = series(*((time + 4, 3.0) for time in range(-10, 101, 10)))
    assert of(one, other).peak == of(one, other).first == of(one, other).last == 8


def test_a_gap_is_not_bridged_by_what_stood_before_it() -> None:
    gappy = series((0, 5.0), (10, 5.0), (20, 5.0), (80, 7.0), (90, 7.0), (100, 7.0))
    steady = series(*((time, 1.0) for time in range(0, 101, 10)))
    assert of(gappy, steady, start=40, end=60).peak == 1


def test_what_is_no_number_is_left_out() -> None:
    assert of(series((0, 1.0), (10, math.nan), (20, 2.0), (30, 3.0))).peak == 3
    assert gauge_statistics((series((0, math.nan)),), 0, 100) is None
