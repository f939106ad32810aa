"""When a target may have counted events that no scrape saw, from its scrapes alone."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator

from leadline.signals.promql import Matcher

from .counters import Gap
from .scrapes import Scrapes, TargetKey
from .window import Window


def gaps(scrapes: Scrapes, window: Window, refuted: Collection[float], *, drained: bool) -> Iterator[Gap]:
    """Yield the gaps in which a target may have counted unseen: before its first scrape, around restarts, after its last scrape.

    refuted  scrapes before which it cannot have restarted, although its start time moved
    drained  whether it had been drained before it ended
    """
    if scrapes.pushed or scrapes.alternates:
        return
    yield from (Gap(change.before, change.since) for change in scrapes.changes if change.after not in refuted)
    if not scrapes.times:
        if scrapes.failed:
            yield Gap(_since(scrapes, scrapes.failed[0]), scrapes.until(scrapes.failed[0]), restart=False)
        return
    first, last = scrapes.times[0], scrapes.times[-1]
    silent = bool(scrapes.failed) and scrapes.failed[0] < first
    if first > window.start and (scrapes.existed or silent):
        started = scrapes.started(first)
        if started is None or started > window.start:
            yield Gap(_since(scrapes, window.start), min(started or first, first))
    if last < min(window.end, scrapes.known_until) and not drained:
        yield Gap(last, scrapes.until(last), restart=False)


def _since(scrapes: Scrapes, time: float) -> float:
    return -math.inf if scrapes.existed else time - (scrapes.interval or scrapes.typical_interval)


def belongs(target: TargetKey, matchers: Iterable[Matcher], jobs: Collection[str]) -> bool:
    """Return whether matchers could select a target's series, judging by the labels of its `up`."""
    labels = dict(target)
    if labels.get("job", "") not in jobs and not any(matcher.label == "job" for matcher in matchers):
        return False
    return all(matcher.holds(labels[matcher.label]) for matcher in matchers if matcher.label in labels)
