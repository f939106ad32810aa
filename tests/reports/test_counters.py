"""Counters: what they certainly counted, whatever resets and gaps there were."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from reports.counters import accumulate
from signals.samples import Sample


def samples(*points: tuple[float, float]) -> list[Sample]:
    return [Sample(time, value) for time, value in points]


def test_between_two_idle_edges_the_total_is_exact() -> None:
    counter = accumulate(samples((0, 5), (10, 5), (20, 30), (30, 55), (40, 55), (50, 55)))
    assert counter is not None
    total = counter.total(5, 45)
    assert (total.value, total.lower, total.upper, total.unbounded) == (50, 50, 50, False)


def test_at_busy_edges_the_bounds_are_the_scrapes_within_and_around() -> None:
    counter = accumulate(samples((0, 0), (10, 100), (20, 200), (30, 300)))
    assert counter is not None
    total = counter.total(5, 25)
    assert (total.value, total.lower, total.upper) == (200, 100, 300)


def test_a_scrape_stamped_before_the_edge_but_read_after_it_does_not_bound_from_below() -> None:
    counter = accumulate(samples((0, 0), (10, 100), (20, 200), (30, 300)))
    assert counter is not None
    assert counter.total(0, 20, read_seconds=1).lower == 100


def test_a_reset_is_counted_from_zero_and_flagged() -> None:
    counter = accumulate(samples((0, 90), (10, 100), (20, 7), (30, 17)))
    assert counter is not None
    total = counter.total(0, 30)
    assert (total.value, total.unbounded) == (27, True)
    assert counter.resets == (20,)


def test_a_restart_that_has_outgrown_the_old_value_is_still_a_reset() -> None:
    counter = accumulate(samples((0, 10), (10, 500)), restarts=[5])
    assert counter is not None
    assert counter.total(0, 10).value == 500


def test_a_series_born_inside_counts_from_zero_only_with_evidence() -> None:
    known = accumulate(samples((20, 40), (30, 50)), zero_at=10)
    unknown = accumulate(samples((20, 40), (30, 50)))
    assert known is not None
    assert unknown is not None
    assert known.total(0, 30).value == 50
    total = unknown.total(0, 30)
    assert (total.lower, total.value, total.upper) == (10, 10, 50)


def test_a_series_that_vanished_may_have_counted_more() -> None:
    counter = accumulate(samples((0, 0), (10, 10)))
    assert counter is not None
    assert counter.total(0, 30).unbounded
    assert counter.between(0, 30).unbounded


def test_samples_that_are_no_numbers_are_left_out() -> None:
    counter = accumulate(samples((0, 0), (10, math.nan), (20, 20)))
    assert counter is not None
    assert counter.total(0, 20).value == 20
    assert accumulate(samples((0, math.nan))) is None


@given(
    st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=2, max_size=40),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_the_truth_is_never_outside_the_bounds(
    steps: list[tuple[int, bool]], left: float, right: float
) -> None:
    """Events happen at known times; a counter is scraped every 10 s and may restart just after a scrape."""
    events: list[float] = []
    raw, scrapes = 0, [Sample(0, 0)]
    for index, (count, restarts) in enumerate(steps):
        begin = index * 10.0
        raw = 0 if restarts else raw
        events += [begin + 10 * (number + 1) / (count + 1) for number in range(count)]
        raw += count
        scrapes.append(Sample(begin + 10, raw))
    span = 10.0 * len(steps)
    start, end = sorted((left * span, right * span))
    counter = accumulate(scrapes)
    assert counter is not None
    total = counter.total(start, end)
    truth = sum(1 for event in events if start < event <= end)
    assert total.lower <= total.value <= total.upper
    assert truth <= total.upper or total.unbounded or any(restarts for _, restarts in steps)
    if not any(restarts for _, restarts in steps):
        assert total.lower <= truth <= total.upper


@given(
    st.lists(st.tuples(st.integers(0, 50), st.booleans(), st.booleans()), min_size=2, max_size=40),
    st.integers(0, 10),
    st.booleans(),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_through_restarts_gaps_and_births_the_total_is_never_above_what_happened_nor_below_what_was_seen(
    steps: list[tuple[int, bool, bool]], born: int, seen_before: bool, left: float, right: float
) -> None:
    """Every 10 s so many events; the process may restart just after a scrape, and a scrape may be missed.

    The series appears at the scrape `born`; whether its target was scraped before is known or not.
    """
    born = min(born, len(steps) - 1)
    events: list[float] = []
    scrapes: list[Sample] = []
    raw = 0
    for index, (count, restarts, missed) in enumerate(steps):
        begin = index * 10.0
        if restarts:
            raw = 0
        if index >= born:
            events += [begin + 10 * (number + 1) / (count + 1) for number in range(count)]
            raw += count
            if not missed:
                scrapes.append(Sample(begin + 10, raw))
    zero_at = born * 10.0 if seen_before else None
    counter = accumulate(scrapes, zero_at=zero_at)
    if counter is None:
        return
    span = 10.0 * len(steps)
    start, end = sorted((left * span, right * span))
    total = counter.total(start, end)
    truth = sum(1 for event in events if start < event <= end)
    assert total.lower <= total.value <= total.upper
    assert total.lower <= truth
    if not any(restarts for _, restarts, _ in steps[born:]):
        assert truth <= total.upper or total.unbounded or (not seen_before and start < scrapes[0].time)
    whole = counter.total(-1, span + 1)
    assert whole.value <= len(events)
    if seen_before and not any(restarts or missed for _, restarts, missed in steps[born:]):
        assert whole.value == len(events)
