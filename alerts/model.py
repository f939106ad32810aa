"""Rules as values: recordings, alerts with the cases that test them, groups and files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from signals.promql import Matcher, select


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
    """One series of a test: its selector, and its values in promtool's notation, or by how much it grows in a minute."""

    selector: str
    per_minute: Decimal = Decimal(0)
    values: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """That after `minutes` an alert fires with `annotations`, or is silent (None)."""

    minutes: int
    annotations: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What an alert does under some traffic: after `minutes` it fires with `annotations`, or stays silent (None).

    labels   those that the firing alert has beside its own
    fires    that it fires, where what it says then is not foretold
    step     minutes between evaluations; long windows are tested in longer steps, which takes less time
    sampled  minutes between samples; 0 where there is one at each evaluation
    earlier  what it does before
    """

    name: str
    inputs: tuple[Input, ...]
    minutes: int
    annotations: Mapping[str, str] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    fires: bool = False
    step: int = 1
    sampled: int = 0
    earlier: tuple[Check, ...] = ()

    @property
    def is_firing(self) -> bool:
        """Whether it is seen to fire."""
        return self.fires or any(
            each.annotations is not None
            for each in (*self.earlier, Check(minutes=0, annotations=self.annotations))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is recorded under some traffic: after `minutes` each expression has its value, within a thousandth.

    step     minutes between evaluations
    sampled  minutes between samples
    """

    name: str
    inputs: tuple[Input, ...]
    minutes: int
    expects: tuple[tuple[str, Decimal], ...]
    step: int = 1
    sampled: int = 1


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
    cases: tuple[Case, ...] = field(default=())


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
    proofs         tests of what is recorded, beside those of its alerts
    """

    name: str
    groups: tuple[Group, ...]
    reads: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return tuple(alert for group in self.groups for alert in group.alerts)

    @property
    def recordings(self) -> tuple[Recording, ...]:
        return tuple(rule for group in self.groups for rule in group.recordings)
