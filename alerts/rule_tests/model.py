"""Rule tests as values: input series, and the expected alerts and recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

STEP = 2
"""Minutes between evaluations and samples in most tests; promtool evaluates every rule at each step."""
IDLE_STEP = 30
"""The same for tests without series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An input series: its selector, and its values in promtool's notation."""

    selector: str
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The expectation that an alert fires after so many minutes, with `annotations` if predictable, or that it is silent."""

    minutes: int
    fires: bool = False
    annotations: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTest:
    """The behaviour of an alert with these input series.

    labels   labels of the firing alert beyond the rule's own
    step     minutes between evaluations and samples; long steps keep tests of long windows fast
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
        """The duration of the test in minutes."""
        return max(each.minutes for each in self.checks)

    @property
    def is_firing(self) -> bool:
        """Whether the test expects the alert to fire."""
        return any(each.fires for each in self.checks)


NOTHING_MEASURED = AlertTest(
    name="nothing is measured", inputs=(), checks=(Check(minutes=60),), step=IDLE_STEP
)
"""The test of every alert except those on absence: silent without series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingTest:
    """The recordings from these input series: after `minutes`, each expression has its value to within a thousandth.

    step     minutes between evaluations
    sampled  minutes between samples, if not at each evaluation
    """

    name: str
    inputs: tuple[Input, ...]
    minutes: int
    expects: tuple[tuple[str, Decimal], ...]
    step: int = STEP
    sampled: int = 0
