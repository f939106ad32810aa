"""Series as a table: labels that differ are columns, labels that all series share stand above."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from leadline.base.printable import printable, shortened
from leadline.base.text_table import width
from leadline.base.units import show
from leadline.signals.samples import Answer, Series

BARS = "▁▂▃▄▅▆▇█"
SPARKS = 24
WIDEST = 48
"""Maximum characters of a label's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a table is laid out.

    columns  labels to show as columns; if empty, those that differ
    unit     of the values, if known
    sort     a label, or value; a "-" before it puts the largest first; if empty, the order of the answer
    most     maximum rows; 0 for all
    """

    columns: tuple[str, ...] = ()
    unit: str = ""
    sort: str = ""
    most: int = 0


LEAST_SHOWN = 12
"""Minimum characters of a label's value, however narrow the terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A head, rows, how many columns are labels, the labels that all rows share, and how many rows are omitted."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: int
    equal: str
    left_out: int


def table(answer: Answer, layout: Layout) -> Table:
    """Lay out an answer, one row per series; for a range, with its curve."""
    series = ordered(answer.series, layout.sort)
    kept = series[: layout.most] if layout.most else series
    columns = layout.columns or _differing(series)
    equal = {} if layout.columns else _equal(series, columns)
    many = any(len(each.samples) > 1 for each in series)
    head = (*map(printable, columns), *_head(many=many, unit=layout.unit))
    rows = tuple(
        (*(_cut(each.labels.get(name, "")) for name in columns), *_cells(each, layout.unit, many=many))
        for each in kept
    )
    return Table(
        head=head,
        rows=rows,
        labels=len(columns),
        equal=written(equal) if equal else "",
        left_out=len(series) - len(kept),
    )


def fitted(found: Table, room: int) -> Table:
    """Shorten the middle of the widest labels until a row fits into `room` cells, or all are short."""
    every = (found.head, *found.rows)
    sizes = [max(width(row[column]) for row in every) for column in range(len(found.head))]
    while sum(sizes) + 2 * (len(sizes) - 1) > room and max(sizes[: found.labels], default=0) > LEAST_SHOWN:
        widest = sizes.index(max(sizes[: found.labels]))
        sizes[widest] -= 1

    def short(row: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_middle(cell, size) for cell, size in zip(row, sizes, strict=True))

    return replace(found, head=short(found.head), rows=tuple(map(short, found.rows)))


def _middle(text: str, size: int) -> str:
    """Cut out the middle: names with a common start, such as pods, differ at the end."""
    if width(text) <= size:
        return text
    end = (size - 1) // 2
    return f"{text[: size - 1 - end]}…{text[len(text) - end :]}"


def folded(series: Sequence[Series]) -> tuple[str, list[str]]:
    """Return the labels that all series share (may be empty), and each series' name by the labels that differ."""
    columns = _differing(series)
    if not columns:
        return "", [name(each) for each in series]
    equal = _equal(series, columns)
    return written(equal) if equal else "", [
        written({key: each.labels[key] for key in columns if key in each.labels}) for each in series
    ]


def ordered(series: Sequence[Series], sort: str) -> list[Series]:
    """Sort series by last value or by a label; series without a value come last."""
    if not sort:
        return list(series)
    name, falling = sort.removeprefix("-"), sort.startswith("-")
    if name != "value":
        return sorted(series, key=lambda each: each.labels.get(name, ""), reverse=falling)
    having = [each for each in series if each.samples and not math.isnan(each.samples[-1].value)]
    lacking = [each for each in series if not (each.samples and not math.isnan(each.samples[-1].value))]
    return [*sorted(having, key=lambda each: each.samples[-1].value, reverse=falling), *lacking]


def _differing(series: Sequence[Series]) -> tuple[str, ...]:
    """Return the labels whose values differ, the metric's name first."""
    if len(series) < 2:
        return ()
    names = {name for each in series for name in each.labels}
    apart = {name for name in names if len({each.labels.get(name) for each in series}) > 1}
    return tuple(sorted(apart, key=lambda name: (name != "__name__", name)))


def _equal(series: Sequence[Series], columns: Sequence[str]) -> dict[str, str]:
    first = series[0].labels if series else {}
    return {name: value for name, value in first.items() if name not in columns}


def _head(*, many: bool, unit: str) -> tuple[str, ...]:
    if many:
        return ("last", "min", "mean", "max", "over time")
    return ("value", "") if unit else ("value",)


def _cells(series: Series, unit: str, *, many: bool) -> tuple[str, ...]:
    values = [sample.value for sample in series.samples]
    if not values:
        placeholder = (
            "a native histogram; use histogram_quantile() or histogram_count()" if series.histograms else "–"
        )
        return (
            series.labels.get("value", placeholder)
            if "value" in series.labels and not series.histograms
            else placeholder,
        )
    if not many:
        shown = show(values[-1], unit) if unit and not math.isnan(values[-1]) else ""
        return (number(values[-1]), shown) if unit else (number(values[-1]),)
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return (number(values[-1]), "–", "–", "–", "")
    figures = (values[-1], min(finite), sum(finite) / len(finite), max(finite))
    return (*(_figure(value, unit) for value in figures), spark(values))


def _figure(value: float, unit: str) -> str:
    if math.isnan(value):
        return "NaN"
    return show(value, unit) if unit else (number(value) if abs(value) >= 1e15 else f"{value:.6g}")


def spark(values: Sequence[float], most: int = SPARKS, *, from_zero: bool = False) -> str:
    """Draw values as small bars, from their minimum, or from 0, to their maximum; leave gaps for missing numbers."""
    points = [
        values[round(index * (len(values) - 1) / max(1, min(most, len(values)) - 1))]
        for index in range(min(most, len(values)))
    ]
    finite = [value for value in points if math.isfinite(value)]
    if not finite:
        return ""
    low, high = 0.0 if from_zero else min(finite), max(finite)
    steps = len(BARS) - 1
    return "".join(
        BARS[round((value - low) / (high - low) * steps) if high > low else 0]
        if math.isfinite(value)
        else " "
        for value in points
    )


def number(value: float) -> str:
    """Return a value as Prometheus writes it: whole numbers plain, NaN and +Inf by name."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def samples(answer: Answer) -> Iterator[tuple[str, ...]]:
    """Yield one row per sample of a range selector: series, time, value."""
    for series in answer.series:
        for sample in series.samples:
            yield name(series), moment(sample.time), number(sample.value)


def name(series: Series) -> str:
    """Return a series as Prometheus writes it, safe for a terminal."""
    return written(series.labels)


def written(labels: Mapping[str, str]) -> str:
    """Return labels as Prometheus writes them, after the metric's name."""
    inside = ", ".join(
        f'{printable(key)}="{_cut(value)}"' for key, value in sorted(labels.items()) if key != "__name__"
    )
    return _cut(labels.get("__name__", "")) + (f"{{{inside}}}" if inside or "__name__" not in labels else "")


def moment(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _cut(text: str) -> str:
    return shortened(text, WIDEST)
