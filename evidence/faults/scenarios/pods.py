"""Pods that come and go."""

from __future__ import annotations

import math

from evidence.faults.model import BEFORE, Fleet, fault


@fault("churn", short=True)
def scale_up(f: Fleet) -> None:
    for number, begin in enumerate((-BEFORE, 150, 300)):
        f.scrape(f.process(started=f.at(begin)), target=f.target(f"{number}:1"))


@fault("churn")
def scale_up_without_start_time(f: Fleet) -> None:
    for number, begin in enumerate((-BEFORE, 150, 300)):
        f.scrape(f.process(started=f.at(begin), tells_start=False), target=f.target(f"{number}:1"))


@fault("churn", short=True)
def rolling_update_drained(f: Fleet) -> None:
    for number in range(3):
        turn = f.at(150 + 100 * number)
        old, new = f.process(ended=turn + 60), f.process(started=turn - 20)
        old.requests = [each for each in old.requests if each.time < turn]
        f.scrape(old, target=f.target(f"old-{number}:1"))
        f.scrape(new, target=f.target(f"new-{number}:1"))


@fault("churn")
def rolling_update_killed(f: Fleet) -> None:
    for number in range(3):
        turn = f.at(150 + 100 * number)
        f.scrape(f.process(ended=turn), target=f.target(f"old-{number}:1"))
        f.scrape(f.process(started=turn - 20), target=f.target(f"new-{number}:1"))


@fault("churn")
def scale_down_busy(f: Fleet) -> None:
    for number in range(3):
        f.scrape(f.process(ended=f.at(400) if number else math.inf), target=f.target(f"{number}:1"))


@fault("churn", short=True)
def discovered_late(f: Fleet) -> None:
    """A target that serves since before the window is first scraped in its middle, and does not tell its start."""
    one = f.process(tells_start=False)
    f.scrape(one, times=[time for time in f.times(2.0) if time > f.at(300)])
    f.scrape(f.process(), target=f.target("b:1"))


@fault("churn")
def discovered_late_with_start_time(f: Fleet) -> None:
    one = f.process(started=f.at(120))
    f.scrape(one, times=[time for time in f.times(2.0) if time > f.at(300)])
    f.scrape(f.process(), target=f.target("b:1"))


@fault("churn")
def crash_and_never_back(f: Fleet) -> None:
    f.scrape(f.process(ended=f.at(300)), dead="down")
    f.scrape(f.process(), target=f.target("b:1"))


@fault("churn")
def unreachable_but_alive(f: Fleet) -> None:
    f.scrape(f.process(busy=True), fails=lambda time: time > f.at(400))
