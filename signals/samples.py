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


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One time series: its labels and its samples in order of time.

    `native` is true where the server sent native histograms, which are not read as floats.
    """

    labels: Mapping[str, str]
    samples: tuple[Sample, ...]
    native: bool = False


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
