"""Targets and their scrapes: the clock, the restarts and the life of every process that was measured."""

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
"""A start time that moves by less is the same start, read again."""
CLOCK_SLACK_SECONDS = 1.0
"""The clocks of a process and of Prometheus agree within this much."""

TargetKey = frozenset[tuple[str, str]]
"""All labels that identify a target: those of its `up` series, or, where no scrape is known, those of the series itself."""


def key_of(labels: Mapping[str, str]) -> TargetKey:
    """Return the identity that labels give: all of them but the metric's name and a histogram's or summary's own."""
    return frozenset(item for item in labels.items() if item[0] not in ("__name__", "le", "quantile"))


@dataclass(frozen=True, slots=True)
class Change:
    """A start time that moved between two scrapes, `before` and `after`; the new process runs since `since` at the latest."""

    before: float
    after: float
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrapes:
    """One target's scrapes. Times in seconds since the epoch.

    name          what a report calls the target
    times         the successful scrapes, in order
    failed        those at which the target did not answer
    starts        the process start time that each scrape read, where the target exposes one
    read_seconds  the longest time that a scrape took: it is stamped when it begins
    pushed        whether no scrape is known, and the times are those of the samples themselves
    known_until   the last moment of which the query could know; the times end there even where the target goes on
    cell          of a long window only so many seconds apart is a scrape known, except where something happened
    tally         and then, how many scrapes were answered and how many tried
    usual_interval  the interval of other targets, for one that was scraped once
    existed       whether it was scraped before the time that was asked about
    outage        whether all targets ended together, so that it was rather Prometheus that did
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
    usual_interval: float = 0.0
    existed: bool = False
    outage: bool = False

    def span(self, window: Window) -> tuple[float, float] | None:
        """Return the first and the last scrape that certainly lie inside the window; None where there are not two."""
        first = bisect_left(self.times, window.start)
        last = bisect_right(self.times, window.end - self.read_seconds) - 1
        return (self.times[first], self.times[last]) if first < last else None

    def before(self, time: float) -> float | None:
        """Return the last scrape earlier than a time; None where there is none, or the series is its own clock."""
        index = bisect_left(self.times, time)
        return self.times[index - 1] if index and not self.pushed else None

    def after(self, time: float) -> float | None:
        """Return the first successful scrape later than a time."""
        index = bisect_right(self.times, time)
        return self.times[index] if index < len(self.times) and not self.pushed else None

    def until(self, last: float) -> float:
        """Return until when the target may have lived that was scraped last at `last`: one interval after it was last tried.

        The interval is the longer one of the usual and the last, as it may have been changed.
        """
        if self.outage and math.isfinite(self.known_until):
            return self.known_until
        tried = max([last, *(time for time in self.failed[-1:] if time > last)])
        recent = [time for time in (*self.times[-2:], *self.failed[-2:]) if time <= tried]
        step = tried - sorted(recent)[-2] if len(recent) > 1 and not self.cell else 0.0
        return tried + max(self.interval or self.usual_interval, step)

    def change(self, before: float, after: float) -> Change | None:
        """Return how the start time moved between two scrapes; None where it did not, or is not known."""
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
        """Every move of the start time that the scrapes saw."""
        return tuple(
            change
            for before, now in pairwise(self.starts)
            if (change := self.change(before.time, now.time)) is not None
        )

    def started(self, seen: float) -> float | None:
        """Return when the process that was seen at a time started; None where that is not known, or cannot be true."""
        index = bisect_right(self.starts, seen, key=lambda sample: sample.time) - 1
        if index < 0 or not math.isfinite(self.starts[index].value):
            return None
        start = self.starts[index].value
        return start if 0 < start <= seen + CLOCK_SLACK_SECONDS else None

    @property
    def alternates(self) -> bool:
        """Whether an earlier start time came back: several processes answer at one address."""
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
    """Select what tells when targets were scraped, how long that took, and when their processes started."""
    names = Matcher("__name__", "=~", one_of(metrics))
    return select("", (names, Matcher("job", "=~", one_of(sorted(jobs)))))


def of_up(up: Series, durations: Iterable[Series], starts: Iterable[Series], until: float) -> Scrapes:
    """Read one target's scrapes from its `up`, and from what else was scraped of it."""
    taken = [sample.value for series in durations for sample in series.samples]
    return Scrapes(
        times=tuple(sample.time for sample in up.samples if sample.value == 1),
        failed=tuple(sample.time for sample in up.samples if sample.value != 1),
        starts=tuple(sorted((each for one in starts for each in one.samples), key=lambda each: each.time)),
        read_seconds=max((value for value in taken if math.isfinite(value)), default=0.0),
        known_until=until,
    )


def of_samples(times: Iterable[float], until: float) -> Scrapes:
    """Take the times of a series' own samples for its clock, where no scrape of it is known."""
    return Scrapes(times=tuple(sorted(set(times))), pushed=True, known_until=until)
