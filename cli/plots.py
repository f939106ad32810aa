"""Time series plots in the terminal."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from string import ascii_lowercase

import plotext

from leadline.base.units import show
from leadline.signals.samples import Sample

from .terminal import has_colour

MOST_SERIES = 8
HEIGHT, DAY = 24, 86400


def plot(
    series: Sequence[tuple[str, Sequence[Sample]]],
    within: tuple[float, float],
    unit: str = "",
    thresholds: Sequence[float] = (),
    step: float = 0.0,
) -> str:
    """Plot named series over a span of time (UTC), sized to the terminal; without colour if that is unwanted.

    within  the queried span, in seconds since 1970; parts without data stay empty
    unit    of the values, one of `leadline.base.units.show`; plain numbers if empty
    step    seconds between samples; a larger gap breaks the line. 0 breaks none
    """
    drawn = sorted(series, key=lambda one: -_last(one[1]))[:MOST_SERIES]
    plotext.clear_figure()
    size = shutil.get_terminal_size((100, 24))
    plotext.plotsize(min(size.columns, 200), max(8, min(HEIGHT, size.lines - 4)))
    plotext.theme("clear")
    for letter, (_, samples) in zip(ascii_lowercase, drawn, strict=False):
        points = [sample for sample in samples if math.isfinite(sample.value)]
        marker = "braille" if len(drawn) == 1 else letter
        for part in list(_unbroken(points, step)) or [[]]:
            plotext.plot([point.time for point in part], [point.value for point in part], marker=marker)
    start, end = within
    ticks = [start + (end - start) * part / 4 for part in range(5)]
    format_ = "%H:%M:%S" if end - start < DAY else "%m-%d %H:%M"
    plotext.xlim(start, end)
    plotext.xticks(ticks, [datetime.fromtimestamp(tick, UTC).strftime(format_) for tick in ticks])
    _values(drawn, unit, thresholds)
    try:
        picture: str = plotext.build()
    except (ValueError, OverflowError):
        return "these values are too large, or too far apart, to plot; -o table shows them"
    if not has_colour():
        picture = plotext.uncolorize(picture)
    return "\n".join((picture.rstrip(), *_legend([name for name, _ in drawn], len(series) - len(drawn))))


def _unbroken(points: Sequence[Sample], step: float) -> Iterator[list[Sample]]:
    """Split points where samples are missing between them."""
    part: list[Sample] = []
    for point in points:
        if part and step and point.time - part[-1].time > 1.5 * step:
            yield part
            part = []
        part.append(point)
    if part:
        yield part


def _values(drawn: Sequence[tuple[str, Sequence[Sample]]], unit: str, thresholds: Sequence[float]) -> None:
    """Label the value axis in its unit, and draw the thresholds."""
    for threshold in thresholds:
        plotext.horizontal_line(threshold)
    values = [sample.value for _, samples in drawn for sample in samples if math.isfinite(sample.value)]
    low, high = min((*values, *thresholds), default=0.0), max((*values, *thresholds), default=0.0)
    if unit and high > low:
        ticks = [low + (high - low) * part / 4 for part in range(5)]
        plotext.yticks(ticks, [show(tick, unit) for tick in ticks])


def _legend(names: Sequence[str], left_out: int) -> Iterator[str]:
    """Name the lines; each is drawn with its own letter, so colour is not needed."""
    if len(names) == 1:
        if names[0] != "{}":
            yield names[0]
        return
    yield from (f"{letter}  {name}" for letter, name in zip(ascii_lowercase, names, strict=False))
    if left_out:
        yield f"{left_out} smaller series are not drawn; narrow the expression, or use -o json"


def _last(samples: Sequence[Sample]) -> float:
    value = samples[-1].value if samples else math.nan
    return value if math.isfinite(value) else -math.inf
