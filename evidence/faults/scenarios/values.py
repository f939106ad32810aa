"""Samples that are no ordinary numbers."""

from __future__ import annotations

import math

from evidence.faults.model import Fleet, fault


@fault("values", short=True)
def some_samples_are_not_numbers(f: Fleet) -> None:
    one = f.process()
    one.value_at = lambda time, name, value: (
        math.nan if f.at(200) < time < f.at(260) and "total" in name else value
    )
    f.scrape(one)


@fault("values")
def infinite_samples(f: Fleet) -> None:
    one = f.process()
    one.value_at = lambda time, name, value: (
        math.inf if f.at(200) < time < f.at(230) and "total" in name else value
    )
    f.scrape(one)


@fault("values")
def counters_beyond_what_floats_count(f: Fleet) -> None:
    f.scrape(f.process(base=2**55))


@fault("values")
def a_gauge_that_is_stale(f: Fleet) -> None:
    """After a rolling update twice the memory seems used where stale series still count."""
    for number in range(3):
        f.scrape(f.process(ended=f.at(300)), target=f.target(f"old-{number}:1"), times=f.times(1.0))
        f.scrape(f.process(started=f.at(300)), target=f.target(f"new-{number}:1"), times=f.times(1.0))
