"""When each target was scraped: the clock of every exact measurement."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from reports.window import Window
from signals.promql import Matcher, one_of, select
from signals.samples import Answer, Series

UP, DURATION, STARTED = "up", "scrape_duration_seconds", "process_start_time_seconds"

TargetKey = tuple[str, str]
"""The job and instance of a target; empty where series carry none."""


def target_of(labels: Mapping[str, str]) -> TargetKey:
    return labels.get("job", ""), labels.get("instance", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrapes:
    """One target's scrapes.

    times         the successful ones, in order
    failed        those at which the target did not answer
    restarts      the scrapes that first saw another process
    born          when the first process known started, where the target tells
    read_seconds  the longest time that a scrape took: it is stamped when it begins
    """

    times: tuple[float, ...]
    failed: tuple[float, ...] = ()
    restarts: tuple[float, ...] = ()
    born: float | None = None
    read_seconds: float = 0.0

    def span(self, window: Window) -> tuple[float, float] | None:
        """Give the first and the last scrape that certainly lie inside the window; None where there are not two."""
        first = bisect_left(self.times, window.start)
        last = bisect_right(self.times, window.end - self.read_seconds) - 1
        return (self.times[first], self.times[last]) if first < last else None

    def before(self, time: float) -> float | None:
        """Give the last scrape earlier than a time."""
        index = bisect_left(self.times, time)
        return self.times[index - 1] if index else None

    def after(self, time: float) -> float:
        """Give the first scrape later than a time, whether it succeeded or not; infinite where there is none."""
        return min(
            (
                each[index]
                for each in (self.times, self.failed)
                if (index := bisect_right(each, time)) < len(each)
            ),
            default=math.inf,
        )

    @property
    def interval(self) -> float | None:
        """The usual distance between scrapes, in seconds."""
        every = sorted((*self.times, *self.failed))
        gaps = [later - earlier for earlier, later in pairwise(every)]
        return median(gaps) if gaps else None


def question(targets: Iterable[TargetKey], duration: str) -> str:
    """Ask when targets were scraped, how long that took, and when their processes started."""
    jobs = sorted({job for job, _ in targets})
    names = Matcher("__name__", "=~", one_of((UP, DURATION, STARTED)))
    return f"{select('', (names, Matcher('job', '=~', one_of(jobs))))}[{duration}]"


def by_target(answer: Answer, seen: Mapping[TargetKey, Iterable[float]]) -> dict[TargetKey, Scrapes]:
    """Read the answer to `question`; `seen` are the times of each target's own samples, used where `up` is absent."""
    known: dict[TargetKey, dict[str, Series]] = {}
    for series in answer.series:
        known.setdefault(target_of(series.labels), {})[series.labels.get("__name__", "")] = series
    return {target: _scrapes(known.get(target, {}), times) for target, times in seen.items()}


def _scrapes(series: Mapping[str, Series], seen: Iterable[float]) -> Scrapes:
    up = series[UP].samples if UP in series else ()
    starts = series[STARTED].samples if STARTED in series else ()
    durations = [sample.value for sample in series[DURATION].samples] if DURATION in series else []
    return Scrapes(
        times=tuple(sample.time for sample in up if sample.value == 1) if up else tuple(sorted(set(seen))),
        failed=tuple(sample.time for sample in up if sample.value != 1),
        restarts=tuple(now.time for before, now in pairwise(starts) if abs(now.value - before.value) >= 1),
        born=starts[0].value if starts else None,
        read_seconds=max(durations, default=0.0),
    )
