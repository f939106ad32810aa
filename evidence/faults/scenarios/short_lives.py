"""Processes that few scrapes saw."""

from __future__ import annotations

import math

from evidence.faults.fleet import Process, every
from evidence.faults.model import INTERVAL, MARGIN, Fleet, fault


@fault("lives", short=True)
def scraped_once(f: Fleet) -> None:
    """Pods of a crash loop, each under a new name: one scrape finds each, and then they fail all they are asked."""
    f.scrape(f.process(), target=f.target("0:1"))
    for number in range(6):
        begin = 100 + 60 * number
        one = f.process(started=f.at(begin), ended=f.at(begin + 21), errors=0.0)
        one.serve(f.chance, f.at(begin + 10), f.at(begin + 21), 10, errors=1.0)
        times = every(f.at(begin + 8), f.at(begin + 100), INTERVAL)
        f.scrape(one, target=f.target(f"c{number}:1"), times=times)


def _crashed_at_once(f: Fleet) -> Process:
    """Add a pod that was idle, and dies of the load before the next scrape."""
    one = Process(started=f.start - 3000, ended=f.at(61))
    one.serve(f.chance, f.at(48), f.at(61), 12, errors=0.9)
    f.processes.append(one)
    return one


@fault("lives")
def crash_in_the_first_interval(f: Fleet) -> None:
    times = f.times(2.0)
    f.scrape(f.process(errors=0.0), target=f.target("0:1"), times=times)
    again = f.process(started=f.at(64), rate=0)
    again.serve(f.chance, f.at(200), f.at(500), 6, errors=0)
    f.scrape(_crashed_at_once(f), again, target=f.target("1:1"), times=times, dead="down")


@fault("lives", short=True)
def killed_in_the_first_interval(f: Fleet) -> None:
    times = f.times(2.0)
    f.scrape(f.process(errors=0.0), target=f.target("0:1"), times=times)
    f.scrape(_crashed_at_once(f), target=f.target("1:1"), times=times)


@fault("lives", short=True)
def never_answers_a_scrape(f: Fleet) -> None:
    """A pod serves, and is too busy to answer any scrape."""
    f.scrape(f.process(errors=0.0))
    f.scrape(f.process(errors=0.5), target=f.target("b:1"), fails=lambda _: True)


@fault("lives")
def down_before_the_window_and_restarted_in_it(f: Fleet) -> None:
    before, after = (
        f.process(busy=True, ended=f.at(80), errors=0.9, rate=20),
        f.process(started=f.at(83), busy=True),
    )
    f.scrape(before, after, fails=lambda time: f.at(-60) < time < f.at(90), dead="down")
    f.scrape(f.process(busy=True), target=f.target("b:1"))


@fault("lives")
def prometheus_down_at_the_start_and_a_restart(f: Fleet) -> None:
    before, after = (
        f.process(busy=True, ended=f.at(80), errors=0.9, rate=20),
        f.process(started=f.at(83), busy=True),
    )
    f.scrape(before, after, times=[time for time in f.times() if not f.at(-60) < time < f.at(100)])


@fault("lives")
def prometheus_down_to_the_end(f: Fleet) -> None:
    for number in range(2):
        one = f.process(busy=True, errors=0.0)
        one.serve(f.chance, f.at(410), f.at(600), 10, errors=0.5)
        f.scrape(one, target=f.target(f"{number}:1"), times=[time for time in f.times() if time < f.at(400)])


@fault("lives")
def relabelled_after_a_restart(f: Fleet) -> None:
    f.scrape(
        f.process(ended=f.at(250)),
        f.process(started=f.at(253)),
        target=lambda time: f.target() if time < f.at(330) else f.target(team="shop"),
        dead="down",
    )


@fault("lives")
def replicas_and_a_restart_without_start_time(f: Fleet) -> None:
    lives = f.process(ended=f.at(250), tells_start=False), f.process(started=f.at(253), tells_start=False)
    for replica, offset in (("a", 2.0), ("b", 9.0)):
        f.scrape(*lives, target=f.target(prometheus_replica=replica), times=f.times(offset), dead="down")


@fault("lives")
def restart_that_only_one_counter_shows(f: Fleet) -> None:
    """No start time; errors dominate before the restart and do not occur after it, all else outgrows what it was."""
    before = f.process(ended=f.at(58), errors=0.9, tells_start=False)
    f.scrape(before, f.process(started=f.at(59), rate=9, errors=0, tells_start=False), times=f.times(4.0))


@fault("lives")
def small_counts_and_a_restart_without_start_time(f: Fleet) -> None:
    before = f.process(ended=f.at(50), tells_start=False, errors=0.5)
    f.scrape(before, f.process(started=f.at(51), tells_start=False), times=f.times(4.0))


@fault("lives")
def pushed_and_restarted_with_a_start_time(f: Fleet) -> None:
    times = [time for time in f.times(2.0) if not f.at(95) < time < f.at(200)]
    before = f.process(ended=f.at(100), rate=2, errors=0.2)
    f.scrape(before, f.process(started=f.at(101), rate=9, errors=0.01), times=times, up=False)


@fault("lives")
def interval_grows_and_then_it_dies(f: Fleet) -> None:
    times = [*every(f.start - MARGIN, f.at(300), 1.0), *every(f.at(330), f.end + MARGIN, 30.0)]
    one = f.process(ended=f.at(440), errors=0.0)
    last = max(time for time in times if time < f.at(440))
    one.serve(f.chance, last + 0.1, f.at(440), 10, errors=0.9)
    f.scrape(one, times=times)
    f.scrape(f.process(), target=f.target("b:1"))


@fault("lives")
def counters_that_rise_in_clumps(f: Fleet) -> None:
    f.scrape(f.process(ended=f.at(400), rate=0.15), times=f.times(2.0))
    f.scrape(f.process(), target=f.target("b:1"))


@fault("values")
def not_a_number_at_the_start(f: Fleet) -> None:
    one = f.process(base=5000, busy=True)
    one.value_at = lambda time, name, value: (
        math.nan if time < f.at(20) and name == "http_requests_total" else value
    )
    f.scrape(one)
