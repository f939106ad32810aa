"""What a question to Prometheus gives back, and the protocol of whoever answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sample:
    """One value at one time (seconds since the epoch)."""

    time: float
    value: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """One native histogram at one time: its count, its sum, and its buckets as (upper edge, lower edge, count)."""

    time: float
    count: float
    sum: float
    buckets: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One time series: its labels and its samples, or its native histograms, in order of time.

    restarts  times at which it is known to have started again, though its values may not have fallen
    """

    labels: Mapping[str, str]
    samples: tuple[Sample, ...]
    histograms: tuple[Histogram, ...] = ()
    restarts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: series, and what the server remarked (warnings mean incomplete or suspect data)."""

    kind: str
    series: tuple[Series, ...]
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = field(default=())


class Ask(Protocol):
    """Ask one instant query. A range selector gives raw samples with their own scrape times.

    Raises a LeadlineError where no answer can be had.
    """

    def __call__(self, query: str, *, at: float | None = None) -> Answer: ...


class AskRange(Protocol):
    """Ask a range query: one sample a step, from start to end, both included.

    Raises a LeadlineError where no answer can be had.
    """

    def __call__(self, query: str, *, start: float, end: float, step_seconds: float) -> Answer: ...
