"""Query results, and the protocols for asking Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sample:
    """A value at a time (seconds since the epoch)."""

    time: float
    value: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """A native histogram at a time: count, sum, and buckets as (upper edge, lower edge, count)."""

    time: float
    count: float
    sum: float
    buckets: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A time series: labels, and samples or native histograms, in order of time.

    restarts  times of known restarts, even if the values did not drop
    """

    labels: Mapping[str, str]
    samples: tuple[Sample, ...]
    histograms: tuple[Histogram, ...] = ()
    restarts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A query result: series, warnings (incomplete or suspect data) and infos."""

    kind: str
    series: tuple[Series, ...]
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = field(default=())


class Ask(Protocol):
    """Ask an instant query. A range selector returns raw samples with their own scrape times.

    Raise a LeadlineError if the query fails.
    """

    def __call__(self, query: str, *, at: float | None = None) -> Answer: ...


class AskRange(Protocol):
    """Ask a range query: one sample per step, start and end included.

    Raise a LeadlineError if the query fails.
    """

    def __call__(self, query: str, *, start: float, end: float, step_seconds: float) -> Answer: ...
