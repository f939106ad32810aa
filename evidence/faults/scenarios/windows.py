"""Windows that fit the data badly."""

from __future__ import annotations

from evidence.faults.model import Fleet, fault


@fault("windows")
def window_with_odd_edges(f: Fleet) -> None:
    f.scrape(f.process(busy=True))
    f.span = (33.3, 477.7)


@fault("windows")
def window_longer_than_the_data(f: Fleet) -> None:
    times = [time for time in f.times(2.0) if time > f.at(100)]
    f.scrape(f.process(tells_start=False), times=times)


@fault("windows")
def window_of_three_scrapes(f: Fleet) -> None:
    f.scrape(f.process(busy=True))
    f.span = (200.0, 250.0)
