"""Counters: bounds on their counts, whatever resets and gaps there were."""

from __future__ import annotations

import math
from dataclasses import replace

from leadline.measure.bounds import Count
from leadline.measure.counters import Around, Counter, accumulate
from leadline.measure.scrapes import Scrapes
from leadline.signals.samples import Sample

TIMES = tuple(float(time) for time in range(0, 60, 10))
TARGET = Scrapes(times=TIMES, known_until=60)
AROUND = Around(scrapes=TARGET, window=(1, 50))


def started(*points: tuple[float, float]) -> Around:
    """Return a target that exposes its process start time at each scrape."""
    return replace(AROUND, scrapes=replace(TARGET, starts=samples(*points)))


def samples(*points: tuple[float, float]) -> tuple[Sample, ...]:
    return tuple(Sample(time, value) for time, value in points)


def counted(*points: tuple[float, float], around: Around = AROUND) -> Counter:
    counter = accumulate(samples(*points), around)
    assert counter is not None
    return counter


def bounds(count: Count) -> tuple[float, float, float]:
    return count.lower, count.value, count.upper


def test_between_two_idle_edges_the_total_is_exact() -> None:
    counter = counted((0, 5), (10, 5), (20, 30), (30, 55), (40, 55), (50, 55))
    assert counter.count(5, 45).is_exact
    assert counter.count(5, 45).value == 50


def test_at_busy_edges_the_bounds_are_the_scrapes_within_and_around() -> None:
    counter = counted((0, 0), (10, 100), (20, 200), (30, 300))
    assert bounds(counter.count(5, 25)) == (100, 200, 300)


def test_a_scrape_stamped_before_the_edge_but_read_after_it_does_not_bound_from_below() -> None:
    counter = counted((0, 0), (10, 100), (20, 200), (30, 300))
    assert counter.count(0, 20, read_seconds=1).lower == 100


def test_a_fall_to_less_than_half_is_a_restart_that_may_have_lost_something() -> None:
    counter = counted((0, 90), (10, 100), (20, 7), (30, 17))
    assert bounds(counter.count(0, 30)) == (27, 27, 27)
    assert [(gap.start, gap.end) for gap in counter.gaps if gap.restart] == [(10, 20)]


def test_what_a_restart_lost_was_lost_before_the_new_process_started() -> None:
    counter = counted((0, 90), (10, 100), (20, 7), around=started((0, -50), (10, -50), (20, 14)))
    assert [(gap.start, gap.end) for gap in counter.gaps if gap.restart] == [(10, 14)]


def test_a_dip_is_no_restart_unless_the_whole_value_was_counted_again() -> None:
    counter = counted((0, 90), (10, 100), (20, 99), (30, 109), (40, 109), (50, 109))
    count = counter.count(0, 30)
    assert (*bounds(count), count.perhaps) == (20, 20, 20, 99)


def test_a_start_time_that_moves_without_a_fall_is_perhaps_a_restart() -> None:
    counter = counted((0, 90), (10, 100), (20, 130), around=started((0, -50), (10, -50), (20, 14)))
    count = counter.count(0, 20)
    assert (*bounds(count), count.perhaps) == (40, 40, 40, 100)


def test_a_start_time_that_moves_while_others_fall_is_a_restart_for_all() -> None:
    around = replace(started((0, -50), (10, -50), (20, 14)), fallen=frozenset({20.0}))
    assert counted((0, 9), (10, 10), (20, 13), around=around).count(0, 20).value == 14


def test_a_series_that_the_last_scrape_did_not_find_counts_from_zero() -> None:
    assert bounds(counted((20, 40), (30, 50)).count(1, 30)) == (50, 50, 50)


def test_a_series_that_appears_where_another_ended_may_go_on_with_it() -> None:
    around = replace(AROUND, ended=((10.0, 30.0),))
    count = counted((20, 40), (30, 50), around=around).count(1, 30)
    assert (*bounds(count), count.perhaps) == (20, 20, 20, 30)


def test_a_first_value_that_nothing_explains_was_counted_nobody_knows_when() -> None:
    around = replace(AROUND, scrapes=replace(TARGET, times=TIMES[2:]))
    count = counted((20, 40), (30, 50), around=around).count(1, 30)
    assert (count.lower, count.upper) == (10, 50)
    assert count.lower < count.value < count.upper


def test_a_first_value_that_is_implausibly_high_was_not_counted_since_the_last_scrape() -> None:
    around = replace(AROUND, most=lambda seconds: 10 * seconds)
    count = counted((20, 5_000_000), (30, 5_000_010), around=around).count(1, 30)
    assert count.lower == 10
    assert count.upper <= 10 + 100


def test_a_created_time_tells_when_a_series_was_born() -> None:
    around = replace(AROUND, scrapes=Scrapes(pushed=True), created=15.0)
    assert bounds(counted((20, 40), (30, 50), around=around).count(1, 30)) == (50, 50, 50)
    assert counted((20, 40), (30, 50), around=replace(around, created=-20.0)).count(1, 30).lower == 10


def test_a_series_that_vanished_may_have_counted_until_the_scrape_that_missed_it() -> None:
    gaps = counted((0, 0), (10, 10)).gaps
    assert [(gap.start, gap.end, gap.restart) for gap in gaps] == [(10, 20, False)]


def test_a_target_that_fails_may_count_on_until_it_is_no_longer_tried() -> None:
    scrapes = replace(TARGET, times=(0.0, 10.0), failed=(20.0, 30.0))
    gaps = counted((0, 0), (10, 10), around=replace(AROUND, scrapes=scrapes)).gaps
    assert [(gap.start, gap.end) for gap in gaps] == [(10, 40)]


def test_samples_that_are_no_numbers_are_left_out() -> None:
    assert counted((0, 0), (10, math.nan), (20, math.inf), (30, 30)).count(0, 30).value == 30
    assert accumulate(samples((0, math.nan)), AROUND) is None


def test_beyond_what_a_float_can_count_a_difference_is_not_exact() -> None:
    count = counted((0, 2.0**53), (10, 2.0**53 + 100), (20, 2.0**53 + 100)).count(0, 20)
    assert count.lower < 100 < count.upper
