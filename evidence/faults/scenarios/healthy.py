"""No fault, so that tightness can be compared."""

from __future__ import annotations

from evidence.faults.model import Fleet, fault


@fault("none", short=True)
def steady(f: Fleet) -> None:
    for number in range(3):
        f.scrape(f.process(), target=f.target(f"{number}:1"))


@fault("none", short=True)
def busy_edges(f: Fleet) -> None:
    for number in range(3):
        f.scrape(f.process(busy=True), target=f.target(f"{number}:1"))


@fault("none")
def no_traffic(f: Fleet) -> None:
    f.scrape(f.process(rate=0))


@fault("none")
def one_request_a_minute(f: Fleet) -> None:
    f.scrape(f.process(busy=True, rate=1 / 60, errors=0.3))


@fault("none", short=True)
def errors_at_the_edge(f: Fleet) -> None:
    """Most failures come in the last seconds, after the last scrape inside the window."""
    one = f.process(busy=True, errors=0.0)
    one.serve(f.chance, f.end - 8, f.end + 6, 40, errors=0.9)
    f.scrape(one, times=f.times(offset=4.0))


@fault("none")
def ramp(f: Fleet) -> None:
    one = f.process(rate=0)
    for step in range(10):
        one.serve(f.chance, f.at(50 * step), f.at(50 * step + 50), step + 1)
    f.scrape(one)
