"""Compare k6, Leadline and plain PromQL on the same run with the truth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from leadline.base.units import show
from leadline.measure.reading import Reading
from leadline.reports.model import ServiceReport
from leadline.reports.sections import certainty

from .k6 import Summary
from .truth import Truth, quantile

HEAD = ("", "truth", "k6 (client)", "Leadline", "bounds", "PromQL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure from four sources, in its base unit; None if a source lacks it."""

    signal: str
    unit: str
    truth: float
    k6: float | None
    reading: Reading

    @property
    def inside(self) -> bool:
        """Whether the truth is within Leadline's bounds."""
        reading = self.reading
        if reading.lower is None:
            return False
        slack = 1e-9 * max(1.0, abs(self.truth))
        above = reading.upper is None or reading.unbounded or self.truth <= reading.upper + slack
        return reading.lower - slack <= self.truth and above


def rows(truth: Truth, summary: Summary, service: ServiceReport) -> Iterator[Row]:
    """Return the figures of the four sources."""
    requests = len(truth.requests)
    figures: dict[str, tuple[float, float | None]] = {
        "requests": (requests, summary.recorded),
        "error_ratio": (truth.errors / requests, summary.errors / summary.recorded),
        "throughput": (requests / summary.seconds, summary.recorded / summary.seconds),
        "latency.mean": (sum(truth.durations) / requests, summary.durations["mean"]),
        **{
            f"latency.{name}": (quantile(truth.durations, rank), summary.durations[name])
            for name, rank in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99))
        },
        "tokens": (sum(each.tokens_in + each.tokens_out for each in truth.requests), None),
        "cost": (sum(each.cost_usd for each in truth.requests), None),
    }
    for signal, (exact, client) in figures.items():
        reading = service.reading(signal)
        if reading is not None:
            yield Row(signal=signal, unit=reading.unit, truth=exact, k6=client, reading=reading)


def table(found: tuple[Row, ...]) -> list[tuple[str, ...]]:
    """Write the rows, with differences from the truth in percent."""
    return [
        (
            row.signal,
            show(row.truth, row.unit),
            _beside(row.k6, row),
            _beside(row.reading.value, row),
            certainty(row.reading) + ("" if row.inside else "  TRUTH OUTSIDE"),
            _beside(row.reading.shown, row),
        )
        for row in found
    ]


def _beside(value: float | None, row: Row) -> str:
    if value is None:
        return "–"
    if math.isclose(value, row.truth, rel_tol=1e-12):
        return f"{show(value, row.unit)} (0)"
    if not row.truth:
        return show(value, row.unit)
    return f"{show(value, row.unit)} ({(value / row.truth - 1) * 100:+.2g} %)"
