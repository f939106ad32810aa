"""How well a service was measured: scrapes expected and got, restarts, and the span that they cover."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from reports.questions import Soundings
from reports.scrapes import Scrapes, TargetKey
from reports.window import Window, utc
from signals.units import show

WHOLE = 0.95
"""From this share of the expected scrapes on, none is called missing: a window's edges cost one or two."""


def grade(soundings: Soundings) -> str:
    """Say in a few words how far the figures can be trusted: full, partial or none, and why."""
    window, faults = soundings.window, []
    expected = got = 0
    for scrapes in soundings.scrapes.values():
        found = [time for time in scrapes.times if window.start <= time <= window.end]
        interval = scrapes.interval or soundings.scrape_interval
        expected += max(len(found), round(window.seconds / interval))
        got += len(found)
    if not got:
        return "none: no scrape inside the window"
    if got < expected * WHOLE:
        faults.append(f"{expected - got} of {expected} scrapes are missing")
    resets = max((measured.resets for measured in soundings.measured.values()), default=0)
    if resets:
        faults.append(f"{resets} restart(s)")
    if any(measured.warnings for measured in soundings.measured.values()):
        faults.append("Prometheus or the samples give warnings")
    kind = "partial: " + ", ".join(faults) if faults else "full"
    return f"{kind} ({got} scrapes of {len(soundings.scrapes)} target(s))"


def lines(soundings: Soundings) -> Iterator[str]:
    """Give a line for each target, and one for each thing that a reader must know before trusting a figure."""
    for target, scrapes in sorted(soundings.scrapes.items()):
        yield from _target(soundings, target, scrapes)
    for name, measured in soundings.measured.items():
        if measured.resets:
            yield (
                f"{name}: {measured.resets} restart(s) inside the window; "
                "what was counted between the last scrape and a restart is lost"
            )
        for warning in measured.warnings:
            yield f"{name}: {warning}"


def _target(soundings: Soundings, target: TargetKey, scrapes: Scrapes) -> Iterator[str]:
    name = " ".join(part for part in target if part) or "series without job and instance"
    window = soundings.window
    got = [time for time in scrapes.times if window.start <= time <= window.end]
    span = scrapes.span(window)
    if span is None:
        yield f"{name}: {len(got)} scrape(s) inside the window, too few to measure"
        return
    interval = scrapes.interval or soundings.scrape_interval
    yield from _life(name, scrapes, window)
    yield f"{name}: {len(got)} scrapes, every {show(interval, 'seconds')}, from {utc(span[0])} to {utc(span[1])}"
    failed = sum(1 for time in scrapes.failed if window.start <= time <= window.end)
    if failed:
        yield f"{name}: {failed} scrape(s) failed inside the window"
    if span[0] - window.start > 2 * interval:
        yield f"{name}: nothing is known of the first {show(span[0] - window.start, 'seconds')} of the window"
    if window.end - span[1] > 2 * interval + scrapes.read_seconds:
        yield f"{name}: nothing is known of the last {show(window.end - span[1], 'seconds')} of the window"
    hole = max((later - earlier for earlier, later in itertools.pairwise(got)), default=0.0)
    if hole > 2.5 * interval:
        yield f"{name}: the longest gap between scrapes is {show(hole, 'seconds')}"
    if interval > 1.5 * soundings.scrape_interval:
        said = show(soundings.scrape_interval, "seconds")
        yield f"{name}: scraped every {show(interval, 'seconds')}, the catalog says {said}; correct scrape_interval"


def _life(name: str, scrapes: Scrapes, window: Window) -> Iterator[str]:
    """Tell of an instance that came or went inside the window."""
    every = sorted((*scrapes.times, *scrapes.failed))
    if scrapes.born is not None and window.start < scrapes.born < window.end:
        yield f"{name}: started at {utc(scrapes.born)}, inside the window"
    interval = scrapes.interval or 0.0
    if every and interval and every[-1] < window.end - 2 * interval:
        yield f"{name}: went at {utc(every[-1])}, inside the window"
