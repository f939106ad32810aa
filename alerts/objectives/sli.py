"""An SLI: an objective of a service with the PromQL of its events."""

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
"""Significant digits of factors and limits in rules; a millionth of a limit does not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSlices:
    """The recordings of an objective that judges slices of time instead of single events.

    events, bad  record names of one slice
    over         writes the rate over a window, from a record's series
    """

    events: str
    bad: str
    over: Callable[[str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SLI:
    """An objective of a service with its events.

    instrument   counts the events
    events, bad  all and bad events per second over a window, as PromQL
    slices       set if only slices read the metrics, and windows read the slices
    least        minimum events and bad events in the long window for an alert; 0 for no minimum
    sampled      whether events are independent, so that a few bad ones may be chance
    describe     annotations of the page or ticket alert
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
        """Return the window pairs of its page or ticket that can be met."""
        usable = burn.usable(self.objective, self.scope.retention_seconds)
        return tuple(each for each in usable if each.severity == severity)

    def alert_name(self, severity: str) -> str:
        return BURNING[self.objective.name] + ("" if severity == PAGE else SLOW)

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its recordings."""
        return {**self.scope.labels(), "objective": self.objective.name}

    @property
    def where(self) -> tuple[Matcher, ...]:
        """Matchers for these labels."""
        return tuple(Matcher(key, "=", value) for key, value in self.labels.items())

    def recorded(self, record: str) -> str:
        """Write the value of one of its records, without labels."""
        return f"sum({select(record, self.where)})"

    def is_slice(self, window: str) -> bool:
        """Return whether a window is a single slice."""
        return self.slices is not None and self.slices.events == series_names.slo_events(window)

    def events_in(self, window: str, times: Decimal = Decimal(1)) -> str:
        """Write the recorded events in a window of a pair, multiplied by `times`."""
        return self._sum_of(series_names.slo_events, series_names.SLO_EVENTS_COUNTED, window, times)

    def bad_in(self, window: str) -> str:
        """Write the recorded bad events in a window of a pair."""
        return self._sum_of(
            series_names.slo_bad_events, series_names.SLO_BAD_EVENTS_COUNTED, window, Decimal(1)
        )

    def share_in(self, window: str) -> str:
        """Write the share of a window's events that are bad; NaN without events, which no comparison keeps."""
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
        """The shortest window, for the current burn rate."""
        return self.scope.window(series_names.WINDOW)
