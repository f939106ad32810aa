"""Restarts, and counters that go back."""

from __future__ import annotations

import math

from evidence.faults.model import Fleet, fault


@fault("restart", short=True)
def restart(f: Fleet) -> None:
    f.scrape(f.process(ended=f.at(300)), f.process(started=f.at(303)), dead="down")


@fault("restart")
def restart_without_start_time(f: Fleet) -> None:
    f.scrape(
        f.process(ended=f.at(300), tells_start=False),
        f.process(started=f.at(303), tells_start=False),
        dead="down",
    )


@fault("restart", short=True)
def restart_that_lost_errors(f: Fleet) -> None:
    """The process fails all it is asked just before it dies; no scrape sees it."""
    first = f.process(ended=f.at(300), errors=0.0)
    times = f.times(2.0)
    last = max(time for time in times if time < f.at(300))
    first.serve(f.chance, last + 0.1, f.at(300), 20, errors=1.0)
    f.scrape(first, f.process(started=f.at(303), errors=0.0), times=times)


@fault("restart")
def crash_loop(f: Fleet) -> None:
    lives = [f.process(ended=f.at(200))]
    for number in range(4):
        begin = 203 + 50 * number
        lives.append(f.process(started=f.at(begin), ended=f.at(begin + 45) if number < 3 else math.inf))
    f.scrape(*lives, dead="down")


@fault("restart", short=True)
def restart_seen_after_the_window(f: Fleet) -> None:
    times = f.times(4.0)
    last = max(time for time in times if time < f.end)
    f.scrape(
        f.process(busy=True, ended=last + 5), f.process(busy=True, started=last + 8), dead="down", times=times
    )


@fault("restart")
def restart_at_the_window_s_start(f: Fleet) -> None:
    f.scrape(f.process(busy=True, ended=f.at(-3)), f.process(busy=True, started=f.at(2)), dead="down")


@fault("restart")
def restart_behind_failing_scrapes(f: Fleet) -> None:
    f.scrape(
        f.process(ended=f.at(300)),
        f.process(started=f.at(303)),
        dead="down",
        fails=lambda time: f.at(250) < time < f.at(370),
    )


@fault("restart")
def series_born_in_the_interval_of_a_restart(f: Fleet) -> None:
    first = f.process(ended=f.at(300), errors=0.0)
    times = f.times(2.0)
    last = max(time for time in times if time < f.at(300))
    first.serve(f.chance, last + 0.1, f.at(300), 1, errors=1.0)
    f.scrape(first, f.process(started=f.at(301), errors=0.05), times=times, dead="down")


@fault("restart", short=True)
def exporter_restarts(f: Fleet) -> None:
    """The exporter in front starts again; what it counts does not."""
    one = f.process(base=200_000)
    one.start_at = lambda time: one.started if time < f.at(300) else f.at(298)
    f.scrape(one)


@fault("restart")
def clock_step(f: Fleet) -> None:
    one = f.process(busy=True)
    one.start_at = lambda time: one.started if time < f.at(300) else one.started + 4
    f.scrape(one)


@fault("restart", short=True)
def counter_dips_by_one(f: Fleet) -> None:
    one = f.process(base=2000)
    one.requests = [each for each in one.requests if abs(each.time - f.at(300)) > 40]
    one.value_at = lambda time, name, value: (
        value - (name == "http_requests_total" and time > f.at(300) and value > 100)
    )
    f.scrape(one)


@fault("restart")
def restart_that_outgrew_the_old_count(f: Fleet) -> None:
    f.scrape(f.process(ended=f.at(70), rate=0.5), f.process(started=f.at(72), rate=12), dead="down")


@fault("restart")
def several_processes_behind_one_address(f: Fleet) -> None:
    one, other = f.process(), f.process(errors=0.03)
    for index, time in enumerate(f.times(2.0)):
        f.store.scrape([(one, other)[index % 3 == 0]], [time], f.target())


@fault("restart")
def exporter_reaches_its_server_midway(f: Fleet) -> None:
    """The exporter is scraped all the time; from the middle on it also tells of an old server's counters."""
    one = f.process(base=3_000_000, tells_start=False)
    for time in f.times(2.0):
        if time < f.at(300):
            for name in ("up", "scrape_duration_seconds"):
                f.store.add({"__name__": name, **f.target()}, time, 1.0 if name == "up" else 0.01)
        else:
            f.store.scrape([one], [time], f.target())
