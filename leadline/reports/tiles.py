"""The figures of a report as tiles: value, target, verdict, bounds and sparkline."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leadline.base.printable import printable
from leadline.base.units import goal, show
from leadline.measure.reading import Reading

from .headline import FIGURES, INSTEAD
from .model import Chart, ServiceReport
from .sections import certainty
from .words import in_words

WIDTH, HEIGHT, PADDING = 120.0, 28.0, 2.0
"""The size of a sparkline, in its own units."""
LEAST_WIDTH = 0.01
"""Bounds narrower than this share of the axis get no bar."""
CURVES = {"throughput": ("throughput", "requests"), "error_ratio": ("errors", "errors")}
"""The chart and curve of a signal; the curves of quantiles have their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Bounds on an axis from 0 to 100: their start, width, and the target's place; None without a target."""

    begin: float
    width: float
    target: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure of a service.

    spark  the points of a line in a box of WIDTH by HEIGHT; empty without a curve
    """

    label: str
    value: str
    target: str
    verdict: str
    bounds: str
    bar: Bar | None
    spark: str


def tiles(service: ServiceReport) -> Iterator[Tile]:
    """Yield a tile for each figure of the headline, then for each other judged figure."""
    found = {each.signal: each for each in service.readings}
    names = [
        name if name in found and found[name].value is not None else INSTEAD.get(name, name)
        for name in FIGURES
    ]
    judged = [each.signal for each in service.readings if each.verdict]
    for signal in dict.fromkeys((*names, *judged)):
        reading = found.get(signal)
        if reading and (reading.value is not None or reading.verdict):
            yield _tile(reading, service.charts)


def _tile(reading: Reading, charts: Sequence[Chart]) -> Tile:
    relation = "≥" if reading.floor else "≤"
    return Tile(
        label=printable(in_words(reading.signal)),
        value="no figure" if reading.value is None else show(reading.value, reading.unit),
        target="" if reading.target is None else f"target {relation} {goal(reading.target, reading.unit)}",
        verdict=reading.verdict or "",
        bounds=_bounds(reading),
        bar=_bar(reading),
        spark=_spark(reading.signal, charts),
    )


def _bounds(reading: Reading) -> str:
    """Return a value's bounds, marked as those of an estimate for a quantile."""
    bounds = certainty(reading)
    if reading.signal == "cost.budget_share":
        return reading.note.partition(",")[0]
    return (
        f"estimate, between {bounds.replace(' to ', ' and ')}"
        if reading.signal.count(".p") and " to " in bounds
        else bounds
    )


def _bar(reading: Reading) -> Bar | None:
    """Return the bounds as a bar; None if they (nearly) meet, or one is missing."""
    low, high = reading.lower, reading.upper
    if low is None or high is None or not low < high < math.inf:
        return None
    most = max(high, reading.target or 0) * 1.15
    if (high - low) / most < LEAST_WIDTH:
        return None
    at = None if reading.target is None else 100 * reading.target / most
    return Bar(begin=100 * low / most, width=100 * (high - low) / most, target=at)


def _spark(signal: str, charts: Sequence[Chart]) -> str:
    name, curve = CURVES.get(signal, ("latency", signal.removeprefix("latency.")))
    chart = next((each for each in charts if each.name == name), None)
    points = [point for point in (chart.curves.get(curve, ()) if chart else ()) if math.isfinite(point[1])]
    if len(points) < 3:
        return ""
    (first, _), (last, _) = points[0], points[-1]
    most = max(y for _, y in points) or 1.0
    inner = HEIGHT - 2 * PADDING
    return " ".join(
        f"{WIDTH * (x - first) / (last - first):.1f},{PADDING + inner * (1 - y / most):.1f}"
        for x, y in points
    )
