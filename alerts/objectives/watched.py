"""An objective of a service with what its events are; and those of a service that can be watched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from alerts.annotations import Annotations
from alerts.examples import Stretch
from alerts.model import Case, Input
from signals import recorded
from signals.alarms import BURNING, SLOW
from signals.burn import PAGE, Arm
from signals.catalog import Catalog, Objective, Service
from signals.promql import Matcher, select


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Of an objective by which stretches of time are good or bad, and not single events: what is read of each, and of a window.

    events, bad  the records of one slice
    over         writes what a window adds up to, of a record's series
    """

    events: str
    bad: str
    over: Callable[[str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An objective of a service with what its events are.

    events, bad  per second over a window, as PromQL: all, and those that use up the budget
    slices       where only slices are read from the metrics themselves, and windows from these
    least        the events, and the bad ones, of the long window below which nobody is told
    describe     the annotations of the page alert, or of the ticket's
    prove        the cases of the page alert, or of the ticket's
    traffic      the series that are counted, for so many steps; None where promtool cannot be given them
    outside      what matches series beside them, each kept out by another matcher
    told         whether nothing bad is 0, also where no series of bad events is there
    meanwhile    the series of so many minutes of which none is bad, for an objective that takes having none for bad
    """

    catalog: Catalog
    service: Service
    objective: Objective
    events: Callable[[str], str]
    bad: Callable[[str], str]
    slices: Slices | None = None
    least: tuple[Decimal, Decimal]
    describe: Callable[[str], dict[str, str]]
    prove: Callable[[str, tuple[Arm, ...], Annotations], tuple[Case, ...]]
    traffic: Callable[[Sequence[Stretch]], tuple[Input, ...]] | None = None
    outside: tuple[Matcher, ...] = ()
    told: bool = False
    meanwhile: Callable[[int], tuple[Input, ...]] = lambda _: ()

    def alert_name(self, severity: str) -> str:
        return BURNING[self.objective.name] + ("" if severity == PAGE else SLOW)

    @property
    def labels(self) -> dict[str, str]:
        """The labels of everything that is recorded of it."""
        return {**self.catalog.labels(self.service), "objective": self.objective.name}

    @property
    def where(self) -> tuple[Matcher, ...]:
        """What matches these labels."""
        return tuple(Matcher(key, "=", value) for key, value in self.labels.items())

    def recorded(self, record: str) -> str:
        """Write a record of it that a rule before has written, without its labels."""
        return f"sum({select(record, self.where)})"

    def is_slice(self, window: str) -> bool:
        """Whether the events of a window are those of a slice itself."""
        return self.slices is not None and self.slices.events == recorded.slo_events(window)

    @property
    def slice(self) -> str:
        """The shortest window, which the present burn rate is reckoned over."""
        return self.catalog.paced(recorded.WINDOW)
