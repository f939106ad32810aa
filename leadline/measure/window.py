"""The time that a report is about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `start` to `end`, in seconds since the epoch. Totals are taken over it.

    `load_start` and `load_end` are the load's own span, where it is known: rates are taken over that, because
    dividing a total by a window with idle edges understates them. `whole_load` says that nothing was asked just before
    and after that span; it is not so where the span is a part of the load, its steady state.
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
        """Whether a load was run: then throughput is capacity shown, not demand."""
        return self.load_start is not None

    @property
    def rate_start(self) -> float:
        return self.start if self.load_start is None else self.load_start

    @property
    def rate_end(self) -> float:
        return self.end if self.load_end is None else self.load_end

    def earlier(self, seconds: float) -> Window:
        """Return the same window so many seconds ago; a load's span is moved with it."""
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
