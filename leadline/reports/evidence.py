"""How well a service was measured: expected and actual scrapes, restarts, and what may be missing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from leadline.base.units import show
from leadline.measure import duplicates
from leadline.measure.attribution import OVERRIDDEN, SOURCE
from leadline.measure.measured import Measured
from leadline.measure.measurements import Measurements
from leadline.measure.scrapes import Scrapes
from leadline.measure.window import Window, utc

from .verdicts import lost_requests

WHOLE = 0.95
"""Scrapes count as missing below this share of the expected ones: a window's edges cost one or two."""


def grade(measurements: Measurements) -> str:
    """Return how far the figures can be trusted (full, partial or none), and why."""
    window, faults = measurements.window, []
    expected = got = 0
    for scrapes in measurements.scrapes.values():
        answered = _answered(scrapes, window)
        interval = scrapes.interval or measurements.scrape_interval
        expected += max(answered, round(window.seconds / interval))
        got += answered
    if not got:
        return "none: no scrape inside the window"
    if got < expected * WHOLE:
        faults.append(f"{expected - got} of {expected} scrapes are missing")
    resets = max((measured.resets for measured in measurements.measured.values()), default=0)
    if resets:
        faults.append(f"{resets} restart(s)")
    if any(key in measurements.scrapes for key in measurements.duplicates.twins):
        faults.append("a process may be scraped twice")
    if any(measured.incomplete for measured in measurements.measured.values()):
        faults.append("incomplete answers")
    elif any(measured.warnings for measured in measurements.measured.values()):
        faults.append("the samples give warnings")
    kind = "partial: " + ", ".join(faults) if faults else "full"
    return f"{kind} ({got} scrapes of {len(measurements.scrapes)} target(s))"


def _answered(scrapes: Scrapes, window: Window) -> int:
    """Return how many scrapes a target answered inside the window."""
    if scrapes.tally:
        return round(scrapes.tally[0])
    return sum(window.start <= time <= window.end for time in scrapes.times)


def lines(measurements: Measurements) -> Iterator[str]:
    """Yield a line for each target, and one for each fact that limits trust in the figures."""
    for scrapes in sorted(measurements.scrapes.values(), key=lambda each: each.name):
        yield from _target(measurements, scrapes)
    yield from _attributed(measurements)
    yield from duplicates.described(
        measurements.duplicates.of(measurements.scrapes), measurements.attribution.scrapes
    )
    for name, measured in measurements.measured.items():
        yield from _missing(name, measured)
        for warning in measured.warnings:
            yield f"{name}: {warning}"


def _missing(name: str, measured: Measured) -> Iterator[str]:
    """Report counts that scrapes may have missed: on which targets, for how long, and how many."""
    window = measured.window
    lost = measured.lost(window.start, window.end)
    if lost and not measured.instrument.is_distribution and name == "requests":
        where = ", ".join(
            f"{measured.scrapes[target].name} {show(seconds, 'seconds')}" for target, seconds in lost.items()
        )
        amount = lost_requests(measured.missing(window.start, window.end))
        yield f"{name}: unobserved before a restart or the end: {where}; {amount}"
    if measured.resets:
        yield (
            f"{name}: {measured.resets} restart(s) inside the window; "
            "what was counted between the last scrape and a restart is lost"
        )
    if measured.assumes:
        yield (
            f"{name}: a start time moved, a counter dipped or a label changed without a reset: perhaps a restart. "
            "The value assumes none, the upper bound one"
        )


def _attributed(measurements: Measurements) -> Iterator[str]:
    """Report series that were not attributed to targets by all of their labels."""
    steps = measurements.attribution.steps
    pushed = [
        scrapes.name for target, scrapes in measurements.scrapes.items() if SOURCE in steps.get(target, {})
    ]
    if pushed:
        named = ", ".join(sorted(pushed)[:MOST_NAMED]) + (" …" if len(pushed) > MOST_NAMED else "")
        yield (
            f"pushed, no scrapes known: {named}. Their samples are their clock, and a new series counts from "
            "zero only with a _created series"
        )
    for target, scrapes in measurements.scrapes.items():
        if OVERRIDDEN in steps.get(target, {}):
            yield f"{scrapes.name}: series were attributed by {OVERRIDDEN}; their other labels differ"
    renamed = {
        origin for origin in measurements.attribution.renamed.values() if origin in measurements.scrapes
    }
    for target in renamed:
        yield f"{measurements.scrapes[target].name}: its labels changed inside the window; it was counted as one target"


MOST_NAMED = 5


def _target(measurements: Measurements, scrapes: Scrapes) -> Iterator[str]:
    name, window = scrapes.name, measurements.window
    if not scrapes.times:
        yield f"{name}: answered no scrape inside the window; what it served is unknown"
        return
    got = [time for time in scrapes.times if window.start <= time <= window.end]
    span = scrapes.span(window)
    if span is None:
        yield f"{name}: {len(got)} scrape(s) inside the window, too few to measure"
        return
    interval = scrapes.interval or measurements.scrape_interval
    yield from _life(name, scrapes, window)
    yield f"{name}: {_answered(scrapes, window)} scrapes, every {show(interval, 'seconds')}, from {utc(span[0])} to {utc(span[1])}"
    failed = sum(1 for time in scrapes.failed if window.start <= time <= window.end)
    if scrapes.tally:
        failed = round(scrapes.tally[1] - scrapes.tally[0])
    if failed:
        yield f"{name}: {failed} scrape(s) failed inside the window"
    if span[0] - window.start > 2 * interval:
        yield f"{name}: no data for the first {show(span[0] - window.start, 'seconds')} of the window"
    if window.end - span[1] > 2 * interval + scrapes.read_seconds:
        yield f"{name}: no data for the last {show(window.end - span[1], 'seconds')} of the window"
    gap = max((later - earlier for earlier, later in itertools.pairwise(got)), default=0.0)
    if gap > 2.5 * interval and not scrapes.cell:
        yield f"{name}: the longest gap between scrapes is {show(gap, 'seconds')}"
    if interval > 1.5 * measurements.scrape_interval:
        stated = show(measurements.scrape_interval, "seconds")
        yield f"{name}: scraped every {show(interval, 'seconds')}, the catalog says {stated}; correct scrape_interval"


def _life(name: str, scrapes: Scrapes, window: Window) -> Iterator[str]:
    """Report an instance that started or left inside the window."""
    every = sorted((*scrapes.times, *scrapes.failed))
    started = scrapes.started(every[0]) if every else None
    if started is not None and window.start < started < window.end:
        yield f"{name}: started at {utc(started)}, inside the window"
    if scrapes.alternates:
        yield f"{name}: several processes answer at this address; each is counted separately, and scraped only now and then"
    interval = scrapes.interval or 0.0
    if every and interval and every[-1] < window.end - 2 * interval:
        yield f"{name}: left at {utc(every[-1])}, inside the window"
