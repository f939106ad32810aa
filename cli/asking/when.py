"""The time of a query: now, a given time, or a range, in parts if it exceeds Prometheus's limit of points."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import click

from leadline.base.errors import UsageError
from leadline.base.units import duration, promql_duration
from leadline.prometheus.client import Prometheus
from leadline.signals.samples import Answer

COLUMNS = 120
"""Maximum points of a range, without --step."""
MOST_POINTS = 11_000
"""Prometheus refuses more points per series; a longer range is queried in parts."""
MOST_PARTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """The end, length and step of a query, in seconds; length and step are 0 unless it is a range."""

    end: float
    length: float = 0.0
    step: float = 0.0

    @property
    def is_range(self) -> bool:
        return self.length > 0

    @property
    def start(self) -> float:
        return self.end - self.length


def read(length: str | None, step: str | None, at: str | None, output: str | None) -> When:
    """Parse --range, --step and --at. Raises UsageError."""
    end = _moment(at)
    if length is None:
        if step or output == "plot":
            raise UsageError("--step and -o plot need --range, for example --range 1h")
        return When(end=end)
    seconds = _seconds("--range", length)
    if seconds > end:
        raise UsageError(f"--range {length} reaches back before 1970")
    given = step and step != "auto"
    pace = _seconds("--step", step) if given and step else max(1.0, math.ceil(seconds / COLUMNS))
    if seconds / pace > MOST_POINTS * MOST_PARTS:
        pace = math.ceil(seconds / (MOST_POINTS * MOST_PARTS))
        click.echo(
            f"leadline: the step is {promql_duration(pace)}; a shorter one has too many points", err=True
        )
    return When(end=end, length=seconds, step=pace)


def _seconds(option: str, text: str) -> float:
    try:
        return float(duration(text))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _moment(at: str | None) -> float:
    now = time.time()
    if not at:
        return now
    from leadline.reports.choose_window import moment

    return moment(at, now, "--at")


def answer(prometheus: Prometheus, text: str, when: When) -> Answer:
    """Query at a time or over a range; print if a range is queried in parts."""
    if not when.is_range:
        return prometheus.ask(text, at=when.end)
    parts = math.ceil(when.length / when.step / MOST_POINTS)
    if parts == 1:
        return prometheus.ask_range(text, start=when.start, end=when.end, step_seconds=when.step)
    from leadline.prometheus.range_parts import joined

    click.echo(f"leadline: {when.length / when.step:.0f} points are queried in {parts} parts", err=True)
    return joined(prometheus, text, when.start, when.end, when.step, MOST_POINTS)
