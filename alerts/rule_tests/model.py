"""Rule tests as values: input series, what is expected of an alert, and what is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

STEP = 2
"""Minutes between evaluations, and samples, of most tests: promtool evaluates every rule at each."""
IDLE_STEP = 30
"""The same of tests in which nothing is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One series of a test: its selector, and its values in promtool's notation."""

    selector: str
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """That an alert fires after so many minutes, with `annotations` if these can be foretold, or that it is silent."""

    minutes: int
    fires: bool = False
    annotations: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTest:
    """What an alert does while series have these values.

    labels   those that the firing alert has besides its own
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
        """Whether it expects the alert to fire."""
        return any(each.fires for each in self.checks)


NOTHING_MEASURED = AlertTest(
    name="nothing is measured", inputs=(), checks=(Check(minutes=60),), step=IDLE_STEP
)
"""The test of every alert but those on absence: without series it is silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingTest:
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
