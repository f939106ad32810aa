"""Scrapes that fail, are late or are irregular."""

from __future__ import annotations

from evidence.faults.fleet import every
from evidence.faults.model import Fleet, fault


@fault("scrapes", short=True)
def gap(f: Fleet) -> None:
    f.scrape(f.process(), fails=lambda time: f.at(200) < time < f.at(320))


@fault("scrapes")
def prometheus_restarts_midway(f: Fleet) -> None:
    for number in range(2):
        times = [time for time in f.times() if not f.at(200) < time < f.at(280)]
        f.scrape(f.process(busy=True), target=f.target(f"{number}:1"), times=times)


@fault("scrapes")
def slow_scrapes(f: Fleet) -> None:
    f.scrape(f.process(busy=True), seconds=4.0)


@fault("scrapes", short=True)
def two_intervals(f: Fleet) -> None:
    f.scrape(f.process(busy=True), times=f.times(interval=60.0))
    f.scrape(f.process(busy=True), target=f.target("b:1"), times=f.times(interval=5.0))


@fault("scrapes")
def jitter(f: Fleet) -> None:
    f.scrape(f.process(busy=True), times=[time + f.chance.uniform(-5, 5) for time in f.times(5.0)])


@fault("scrapes")
def backfilled_samples(f: Fleet) -> None:
    """Scrapes that were missed were written later, out of order."""
    f.scrape(f.process(), fails=lambda time: f.at(200) < time < f.at(300))
    one = f.processes[-1]
    for time in every(f.at(205), f.at(295), 15):
        for labels, value in one.expose(time):
            f.store.add({**labels, **f.target()}, time, value)


@fault("scrapes")
def process_clock_fast(f: Fleet) -> None:
    f.scrape(f.process(started=f.at(150), skew=40.0))


@fault("scrapes")
def process_clock_slow(f: Fleet) -> None:
    f.scrape(f.process(started=f.at(150), skew=-300.0))
    f.scrape(f.process(), target=f.target("b:1"))


@fault(
    "scrapes",
    outside="a process clock that is ahead, on a target first scraped inside the window: its start time is the only evidence",
)
def process_clock_fast_and_discovered_late(f: Fleet) -> None:
    one = f.process(started=f.at(-60), skew=100.0, busy=True)
    f.scrape(one, times=[time for time in f.times(2.0) if time > f.at(60)])
