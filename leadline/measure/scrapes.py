"""Targets and their scrapes: times, restarts and lifetime of each measured process."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from leadline.signals.promql import Matcher, one_of, select
from leadline.signals.samples import Sample, Series

from .window import Window

UP, DURATION, STARTED = "up", "scrape_duration_seconds", "process_start_time_seconds"
MOVED_SECONDS = 1.0
"""A start time that moves by less is the same start."""
CLOCK_SLACK_SECONDS = 1.0
"""Maximum difference between the clocks of a process and of Prometheus."""

TargetKey = frozenset[tuple[str, str]]
"""The labels that identify a target: those of its `up` series, or of the series itself if no scrape is known."""


def key_of(labels: Mapping[str, str]) -> TargetKey:
    """Return all labels except the metric name, `le` and `quantile`."""
    return frozenset(item for item in labels.items() if item[0] not in ("__name__", "le", "quantile"))


@dataclass(frozen=True, slots=True)
class Change:
    """A start time that moved between two scrapes, `before` and `after`; the new process started by `since`."""

    before: float
    after: float
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrapes:
    """One target's scrapes. Times in seconds since the epoch.

    name          the target's name in reports
    times         successful scrapes, in order
    failed        failed scrapes
    starts        process start time at each scrape, if the target exposes it
    read_seconds  longest scrape duration; scrapes are stamped when they begin
    pushed        whether no scrape is known, and the times are those of the samples
    known_until   end of the queried range; times end there even if the target lives on
    cell          seconds between known scrapes of a long window, except where something happened
    tally         number of successful and attempted scrapes of a long window
    typical_interval  interval of other targets, for a target that was scraped once
    existed       whether it was scraped before the queried range
    outage        whether all targets ended together, so that Prometheus itself was probably down
    """

    name: str = ""
    times: tuple[float, ...] = ()
    failed: tuple[float, ...] = ()
    starts: tuple[Sample, ...] = ()
    read_seconds: float = 0.0
    pushed: bool = False
    known_until: float = math.inf
    cell: float = 0.0
    tally: tuple[float, float] | None = None
    typical_interval: float = 0.0
    existed: bool = False
    outage: bool = False

    def span(self, window: Window) -> tuple[float, float] | None:
        """Return the first and the last scrape that lie entirely inside the window; None if there are fewer than two."""
        first = bisect_left(self.times, window.start)
        last = bisect_right(self.times, window.end - self.read_seconds) - 1
        return (self.times[first], self.times[last]) if first < last else None

    def before(self, time: float) -> float | None:
        """Return the last scrape before a time; None if there is none or the series is its own clock."""
        index = bisect_left(self.times, time)
        return self.times[index - 1] if index and not self.pushed else None

    def after(self, time: float) -> float | None:
        """Return the first successful scrape after a time."""
        index = bisect_right(self.times, time)
        return self.times[index] if index < len(self.times) and not self.pushed else None

    def until(self, last: float) -> float:
        """Return until when a target last scraped at `last` may have lived: one interval after the last attempt.

        Use the longer of the typical and the last interval, because the setting may have changed.
        """
        if self.outage and math.isfinite(self.known_until):
            return self.known_until
        tried = max([last, *(time for time in self.failed[-1:] if time > last)])
        recent = [time for time in (*self.times[-2:], *self.failed[-2:]) if time <= tried]
        step = tried - sorted(recent)[-2] if len(recent) > 1 and not self.cell else 0.0
        return tried + max(self.interval or self.typical_interval, step)

    def change(self, before: float, after: float) -> Change | None:
        """Return how the start time moved between two scrapes; None if it did not or is unknown."""
        index = bisect_right(self.starts, before, key=lambda sample: sample.time)
        earlier, moved = self.starts[max(0, index - 1)] if self.starts else None, None
        for now in self.starts[index:]:
            if now.time > after:
                break
            if earlier is not None and abs(now.value - earlier.value) >= MOVED_SECONDS:
                moved = now
            earlier = now
        if moved is None:
            return None
        inside = before < moved.value < after
        return Change(before=before, after=after, since=moved.value if inside else after)

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes of the start time."""
        return tuple(
            change
            for before, now in pairwise(self.starts)
            if (change := self.change(before.time, now.time)) is not None
        )

    def started(self, seen: float) -> float | None:
        """Return the start time of the process seen at a time; None if unknown or impossible."""
        index = bisect_right(self.starts, seen, key=lambda sample: sample.time) - 1
        if index < 0 or not math.isfinite(self.starts[index].value):
            return None
        start = self.starts[index].value
        return start if 0 < start <= seen + CLOCK_SLACK_SECONDS else None

    @property
    def alternates(self) -> bool:
        """Whether an earlier start time reappeared: several processes share the address."""
        values = [round(sample.value, 1) for sample in self.starts]
        runs = [value for index, value in enumerate(values) if index == 0 or value != values[index - 1]]
        return len(runs) > len(set(runs))

    @property
    def interval(self) -> float | None:
        """The median distance between scrapes, in seconds."""
        every = sorted((*self.times, *self.failed))
        gaps = [later - earlier for earlier, later in pairwise(every)]
        near = [gap for gap in gaps if not self.cell or gap < self.cell / 2]
        return median(near) if near else None


def scrapes_of(jobs: Iterable[str], metrics: Sequence[str] = (UP, DURATION, STARTED)) -> str:
    """Select `up`, scrape durations and process start times of jobs."""
    names = Matcher("__name__", "=~", one_of(metrics))
    return select("", (names, Matcher("job", "=~", one_of(sorted(jobs)))))


def of_up(up: Series, durations: Iterable[Series], starts: Iterable[Series], until: float) -> Scrapes:
    """Read a target's scrapes from its `up`, scrape durations and start times."""
    durations_seconds = [sample.value for series in durations for sample in series.samples]
    return Scrapes(
        times=tuple(sample.time for sample in up.samples if sample.value == 1),
        failed=tuple(sample.time for sample in up.samples if sample.value != 1),
        starts=tuple(sorted((each for one in starts for each in one.samples), key=lambda each: each.time)),
        read_seconds=max((value for value in durations_seconds if math.isfinite(value)), default=0.0),
        known_until=until,
    )


def of_samples(times: Iterable[float], until: float) -> Scrapes:
    """Use a series' own sample times as its clock, because no scrape is known."""
    return Scrapes(times=tuple(sorted(set(times))), pushed=True, known_until=until)
