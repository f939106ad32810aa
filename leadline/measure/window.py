"""The time window of a report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `start` to `end`, in seconds since the epoch. Totals cover this window.

    `load_start` and `load_end` are the span of the load, if known. Rates cover that span, because dividing a total by a window
    with idle edges understates them. `whole_load` is true if there was no traffic right before and after that span, and false
    if the span is only part of the load, its steady state.
    """

    start: float
    end: float
    load_start: float | None = None
    load_end: float | None = None
    whole_load: bool = True
    chosen: str = ""

    @property
    def seconds(self) -> float:
        return self.end - self.start

    @property
    def is_load(self) -> bool:
        """Whether a load was run: throughput then shows capacity, not demand."""
        return self.load_start is not None

    @property
    def rate_start(self) -> float:
        return self.start if self.load_start is None else self.load_start

    @property
    def rate_end(self) -> float:
        return self.end if self.load_end is None else self.load_end

    def earlier(self, seconds: float) -> Window:
        """Return the same window so many seconds earlier, including the load's span."""
        return replace(
            self,
            start=self.start - seconds,
            end=self.end - seconds,
            load_start=None if self.load_start is None else self.load_start - seconds,
            load_end=None if self.load_end is None else self.load_end - seconds,
        )

    @property
    def rate_seconds(self) -> float:
        return self.rate_end - self.rate_start


def utc(time: float) -> str:
    """Write a time as RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
