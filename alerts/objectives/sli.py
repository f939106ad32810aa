"""An objective of a service with what its events are; and those of a service that can be sli."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from leadline.base.units import duration, plain, rounded
from leadline.catalog.model import Service
from leadline.signals import burn, series_names
from leadline.signals.alert_names import BURNING, SLOW
from leadline.signals.burn import PAGE, BurnRateWindows
from leadline.signals.instruments import Instrument
from leadline.signals.objective import Objective
from leadline.signals.promql import Matcher, select
from leadline.signals.scope import Scope

DIGITS = 8
"""Significant digits of what a rule multiplies with and compares to: a millionth of a limit decides nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSlices:
    """Of an objective by which stretches of time are good or bad, and not single events: what is read of each, and of a window.

    events, bad  the records of one slice
    over         writes what a window adds up to, of a record's series
    """

    events: str
    bad: str
    over: Callable[[str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SLI:
    """An objective of a service with what its events are.

    instrument   what its events are counted by
    events, bad  per second over a window, as PromQL: all, and those that use up the budget
    slices       where only slices are read from the metrics themselves, and windows from these
    least        the events, and the bad ones, of the long window below which no alert fires; 0 where there is no such minimum
    sampled      whether events are independent of one another, so that a few bad ones may be chance
    describe     the annotations of the page alert, or of the ticket's
    """

    scope: Scope
    service: Service
    objective: Objective
    instrument: Instrument
    events: Callable[[str], str]
    bad: Callable[[str], str]
    slices: TimeSlices | None = None
    least: tuple[Decimal, Decimal]
    sampled: bool = True
    describe: Callable[[str], dict[str, str]]

    @property
    def is_watched(self) -> bool:
        """Whether any of its alerts can fire."""
        return bool(burn.usable(self.objective, self.scope.retention_seconds))

    def pairs(self, severity: str) -> tuple[BurnRateWindows, ...]:
        """Return the pairs of windows of its page, or of its ticket, that can be met."""
        usable = burn.usable(self.objective, self.scope.retention_seconds)
        return tuple(each for each in usable if each.severity == severity)

    def alert_name(self, severity: str) -> str:
        return BURNING[self.objective.name] + ("" if severity == PAGE else SLOW)

    @property
    def labels(self) -> dict[str, str]:
        """The labels of everything that is recorded of it."""
        return {**self.scope.labels(), "objective": self.objective.name}

    @property
    def where(self) -> tuple[Matcher, ...]:
        """What matches these labels."""
        return tuple(Matcher(key, "=", value) for key, value in self.labels.items())

    def recorded(self, record: str) -> str:
        """Write a record of it that a rule before has written, without its labels."""
        return f"sum({select(record, self.where)})"

    def is_slice(self, window: str) -> bool:
        """Whether the events of a window are those of a slice itself."""
        return self.slices is not None and self.slices.events == series_names.slo_events(window)

    def events_in(self, window: str, times: Decimal = Decimal(1)) -> str:
        """Write how many events a window of a pair had, so many times, as recorded."""
        return self._sum_of(series_names.slo_events, series_names.SLO_EVENTS_COUNTED, window, times)

    def bad_in(self, window: str) -> str:
        """Write how many bad events a window of a pair had, as recorded."""
        return self._sum_of(
            series_names.slo_bad_events, series_names.SLO_BAD_EVENTS_COUNTED, window, Decimal(1)
        )

    def share_in(self, window: str) -> str:
        """Write the share of a window's events that are bad; NaN where there are none, which no comparison keeps."""
        if window in burn.RECORDED:
            paced = self.scope.window(window)
            bad, events = (
                select(each(paced), self.where)
                for each in (series_names.slo_bad_events, series_names.slo_events)
            )
        else:
            bad, events = self.bad_in(window), self.events_in(window)
        return f"{bad}\n/ {events}"

    def _sum_of(self, record: Callable[[str], str], counted: str, window: str, times: Decimal) -> str:
        paced = self.scope.window(window)
        if window in burn.RECORDED:
            return f"{select(record(paced), self.where)} * {plain(rounded(duration(paced) * times, DIGITS))}"
        total = f"sum_over_time({select(counted, self.where)}[{paced}])"
        return total if times == 1 else f"{total} * {plain(rounded(times, DIGITS))}"

    @property
    def slice(self) -> str:
        """The shortest window, which the present burn rate is computed over."""
        return self.scope.window(series_names.WINDOW)
