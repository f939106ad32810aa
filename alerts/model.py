"""Rules as values: recordings, alerts, groups and files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from leadline.signals.promql import Matcher, select


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording rule."""

    record: str
    expr: str
    labels: Mapping[str, str]

    @property
    def constant(self) -> Decimal | None:
        """The constant that it records; None if it reads series."""
        found = re.fullmatch(r"vector\(([\d.]+)\)", self.expr)
        return Decimal(found[1]) if found else None

    @property
    def series(self) -> str:
        """The selector of its series."""
        return select(self.record, [Matcher(key, "=", value) for key, value in self.labels.items()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alerting rule.

    hold  how long its condition must hold (`for`)
    keep  how long it keeps firing after its condition is gone (`keep_firing_for`); empty if not at all
    """

    name: str
    expr: str
    hold: str
    keep: str = ""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules evaluated in order, so that a rule may read what an earlier one recorded."""

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
    """A file of rules.

    service  owner of the rules; empty for the project
    reads    other files whose series its rules read
    remarks  what was left out, and why
    """

    name: str
    groups: tuple[Group, ...]
    service: str = ""
    reads: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return tuple(alert for group in self.groups for alert in group.alerts)

    @property
    def recordings(self) -> tuple[Recording, ...]:
        return tuple(rule for group in self.groups for rule in group.recordings)
