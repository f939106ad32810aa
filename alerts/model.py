"""Rules as values: recordings, alerts with the cases that test them, groups and files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import overload

from leadline.signals.promql import Matcher, select

STEP = 2
"""Minutes between evaluations, and samples, of most tests: promtool evaluates every rule at each."""
IDLE_STEP = 30
"""The same of tests in which nothing is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording rule."""

    record: str
    expr: str
    labels: Mapping[str, str]

    @property
    def constant(self) -> Decimal | None:
        """The number that it records whatever happens; None where it reads series."""
        found = re.fullmatch(r"vector\(([\d.]+)\)", self.expr)
        return Decimal(found[1]) if found else None

    @property
    def series(self) -> str:
        """The selector of what it records."""
        return select(self.record, [Matcher(key, "=", value) for key, value in self.labels.items()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One series of a test: its selector, and its values in promtool's notation."""

    selector: str
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """That an alert fires after so many minutes, with `annotations` if these are foretold, or that it is silent."""

    minutes: int
    fires: bool = False
    annotations: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What an alert does while series have these values.

    labels   those that the firing alert has beside its own
    step     minutes between evaluations and between samples; long windows are tested in long steps, which takes less time
    sampled  minutes between samples, if not at each evaluation
    """

    name: str
    inputs: tuple[Input, ...]
    checks: tuple[Check, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    step: int = STEP
    sampled: int = 0

    @property
    def minutes(self) -> int:
        """How long it takes."""
        return max(each.minutes for each in self.checks)

    @property
    def is_firing(self) -> bool:
        """Whether it is seen to fire."""
        return any(each.fires for each in self.checks)


class Cases(Sequence[Case]):
    """The cases of an alert, written when they are first read: most services share the tests of another."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._source: Iterable[Case] | None = cases
        self._written: tuple[Case, ...] = ()

    def _all(self) -> tuple[Case, ...]:
        if self._source is not None:
            self._written, self._source = tuple(self._source), None
        return self._written

    def __iter__(self) -> Iterator[Case]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, index: int) -> Case: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Case, ...]: ...

    def __getitem__(self, index: int | slice) -> Case | tuple[Case, ...]:
        return self._all()[index]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is recorded while series have these values: after `minutes` each expression has its value, within a thousandth.

    step     minutes between evaluations
    sampled  minutes between samples, if not at each evaluation
    """

    name: str
    inputs: tuple[Input, ...]
    minutes: int
    expects: tuple[tuple[str, Decimal], ...]
    step: int = STEP
    sampled: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alerting rule and the cases that prove it.

    hold  for how long its condition must hold (`for`)
    keep  for how long it stays firing after its condition is gone (`keep_firing_for`); empty where it does not
    """

    name: str
    expr: str
    hold: str
    keep: str = ""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    cases: Sequence[Case] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules evaluated one after another, so that a rule may read what an earlier one recorded."""

    name: str
    interval_seconds: Decimal
    rules: tuple[Recording | Alert, ...]

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return tuple(rule for rule in self.rules if isinstance(rule, Alert))

    @property
    def recordings(self) -> tuple[Recording, ...]:
        return tuple(rule for rule in self.rules if isinstance(rule, Recording))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """One file of rules.

    remarks        what was left out, and why
    reads          the other files whose series its tests need
    prove          writes tests of what is recorded, beside those of its alerts
    """

    name: str
    groups: tuple[Group, ...]
    reads: tuple[str, ...] = ()
    prove: Callable[[], tuple[Proof, ...]] = tuple
    remarks: tuple[str, ...] = ()

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """The tests of what is recorded."""
        return self.prove()

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return tuple(alert for group in self.groups for alert in group.alerts)

    @property
    def recordings(self) -> tuple[Recording, ...]:
        return tuple(rule for group in self.groups for rule in group.recordings)
