"""Combine a dashboard's JSON and query results into the values that the page draws."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from markdown_it import MarkdownIt

from leadline.signals.samples import Answer, Series

from .. import colors
from ..options import NO_DATA
from . import tables
from .fields import Fields
from .queries import Question, Told, marked, others, panels, question, targets
from .scope import Scope, variables
from .unsupported import unread

PALETTE = (
    colors.BLUE, colors.ORANGE, colors.GREEN, colors.PURPLE, colors.SKY, colors.VERMILION, colors.GREY, colors.YELLOW,
)  # fmt: skip
"""Colours of series without an override, in order; Grafana's own palette differs."""
MOST_SERIES = 100
"""Maximum curves of a panel, so that the page stays readable and loads."""
DIGITS = 6
"""Significant digits of drawn values: more than a screen can resolve."""

Drawn = dict[str, Any]


def dashboard(document: Mapping[str, Any], results: Told, scope: Scope) -> Drawn:
    """Return the page's values of a dashboard."""
    return {
        "uid": str(document.get("uid", "")),
        "title": str(document.get("title", "")),
        "description": str(document.get("description", "")),
        "variables": [
            {
                "label": str(each.get("label") or each.get("name")),
                "value": scope.chosen(str(each.get("name"))),
            }
            for each in variables(document)
            if each.get("type") != "datasource"
        ],
        "marks": list(_marks(document, results, scope)),
        "panels": [panel(each, results, scope) for each in panels(document)],
    }


def panel(found: Mapping[str, Any], results: Told, scope: Scope) -> Drawn:
    """Return the page's values of a panel: position, texts and data. `errors` holds failed queries."""
    kind = str(found.get("type") or "")
    common = {
        "kind": kind,
        "title": scope.in_text(str(found.get("title") or "")),
        "about": scope.in_text(str(found.get("description") or "")),
        "place": _place(found.get("gridPos")),
    }
    options = found.get("options")
    if kind == "row":
        return common
    if kind == "text":
        content = (
            (options.get("content") if isinstance(options, dict) else None) or found.get("content") or ""
        )
        return {**common, "html": _html(scope.in_text(str(content)))}
    if kind not in KINDS:
        return {**common, "kind": "other", "errors": [f"a panel of type {kind!r} is not drawn here"]}
    asked = [(target, results.of(question(found, target, scope))) for target in targets(found)]
    errors = [f"{name} is not supported here" for name in others(found)]
    errors += [answer for _, answer in asked if isinstance(answer, str)]
    had = [(target, answer) for target, answer in asked if isinstance(answer, Answer)]
    remarks = [warning for _, answer in had for warning in answer.warnings]
    ignored = list(unread(found))
    if ignored:
        remarks.append(f"not drawn here: {', '.join(ignored)}")
    fields = Fields(found)
    empty = not any(answer.series for _, answer in had)
    return {
        **common,
        **KINDS[kind](found, had, fields, results),
        "errors": list(dict.fromkeys(errors)),
        "remarks": list(dict.fromkeys(remarks)),
        **({"empty": fields.no_value or NO_DATA} if empty else {}),
    }


def _place(found: object) -> list[int]:
    """Return column, row, width and height, with Grafana's defaults for invalid values."""
    place = found if isinstance(found, dict) else {}
    defaults = {"x": 0, "y": 0, "w": 12, "h": 8}
    x, y, w, h = (
        value if isinstance(value := place.get(key), int) and not isinstance(value, bool) else default
        for key, default in defaults.items()
    )
    width = min(max(1, w), 24)
    return [min(max(0, x), 24 - width), max(0, y), width, max(1, h)]


Had = Sequence[tuple[Mapping[str, Any], Answer]]


def _named(had: Had) -> Iterator[tuple[str, str, Series]]:
    """Yield each series with its query's letter and its legend."""
    for target, answer in had:
        for series in answer.series:
            yield (
                str(target.get("refId", "A")),
                legend(str(target.get("legendFormat") or ""), series.labels),
                series,
            )


def legend(pattern: str, labels: Mapping[str, str]) -> str:
    """Write the legend of a series; without a pattern, its name and labels in Prometheus's notation."""
    if pattern and pattern != "__auto":
        return re.sub(r"\{\{\s*([^}]+?)\s*\}\}", lambda found: labels.get(found[1], ""), pattern).strip()
    inside = ", ".join(f'{key}="{value}"' for key, value in sorted(labels.items()) if key != "__name__")
    return f"{labels.get('__name__', '')}{{{inside}}}" if inside else labels.get("__name__", "value")


def _curves(found: Mapping[str, Any], had: Had, fields: Fields, results: Told) -> Drawn:
    every = list(_named(had))
    curves = [
        {
            "name": name,
            "color": fields.color(ref, name) or PALETTE[index % len(PALETTE)],
            **fields.line(ref, name),
            "ys": _on_grid(series, results),
        }
        for index, (ref, name, series) in enumerate(every[:MOST_SERIES])
    ]
    options = found.get("options")
    options = options if isinstance(options, dict) else {}
    return {
        **fields.scale(),
        "series": curves,
        "stacked": fields.stacked,
        "lines": fields.steps[1:] if fields.draws_thresholds else [],
        "calcs": list((options.get("legend") or {}).get("calcs") or ()),
        **({"left_out": len(every) - MOST_SERIES} if len(every) > MOST_SERIES else {}),
    }


def _figures(found: Mapping[str, Any], had: Had, fields: Fields, results: Told) -> Drawn:
    """Return the last value of each series, for stats, gauges and bar gauges."""
    figures = []
    for ref, name, series in list(_named(had))[:MOST_SERIES]:
        values = [sample.value for sample in series.samples if not math.isnan(sample.value)]
        figures.append(
            {"name": name, "value": _shown(values[-1]) if values else None, "color": fields.color(ref, name)}
        )
    drawn: Drawn = {**fields.scale(), "steps": fields.steps, "figures": figures}
    if found.get("type") == "stat" and (found.get("options") or {}).get("graphMode") != "none":
        drawn["sparks"] = [_on_grid(series, results) for _, _, series in list(_named(had))[:1]]
    return drawn


def _bars(found: Mapping[str, Any], had: Had, fields: Fields, results: Told) -> Drawn:
    """Return figures; sort them by edge if they are buckets."""
    drawn = _figures(found, had, fields, results)
    edges = [_edge(series.labels) for _, _, series in _named(had)][:MOST_SERIES]
    if edges and all(edge is not None for edge in edges):
        pairs = sorted(zip(edges, drawn["figures"], strict=True), key=lambda pair: pair[0] or 0.0)
        drawn["figures"] = [figure for _, figure in pairs]
    return drawn


def _edge(labels: Mapping[str, str]) -> float | None:
    try:
        return float(labels["le"])
    except (KeyError, ValueError):
        return None


def _heat(found: Mapping[str, Any], had: Had, fields: Fields, results: Told) -> Drawn:
    """Return the count of each bucket at each step, from native or classic histograms."""
    every = [series for _, _, series in _named(had)]
    native = [series for series in every if series.histograms]
    edges, cells = _native_cells(native, results) if native else _classic_cells(every, results)
    axis = (found.get("options") or {}).get("yAxis") or {}
    return {
        "unit": axis.get("unit") or fields.unit,
        "edges": [_finite(edge) for edge in edges],
        "cells": cells,
    }


Cells = tuple[list[float], list[list[float | None]]]


def _classic_cells(every: Sequence[Series], results: Told) -> Cells:
    """Return upper edges and counts: cumulative counts minus those of the bucket below."""
    by_edge = {
        edge: _on_grid(series, results) for series in every if (edge := _edge(series.labels)) is not None
    }
    edges = sorted(by_edge)
    cells = []
    below: list[float | None] = [0.0] * len(results.span.times)
    for edge in edges:
        now = by_edge[edge]
        cells.append([_less(high, low) for high, low in zip(now, below, strict=True)])
        below = now
    return edges, cells


def _native_cells(native: Sequence[Series], results: Told) -> Cells:
    """Return upper edges and counts of native histograms; missing buckets are empty."""
    edges = sorted({upper for series in native for each in series.histograms for upper, _, _ in each.buckets})
    rows = {edge: row for row, edge in enumerate(edges)}
    cells: list[list[float | None]] = [[None] * len(results.span.times) for _ in edges]
    for series in native:
        for each in series.histograms:
            at = results.span.index(each.time)
            for upper, _, count in each.buckets if 0 <= at < len(results.span.times) else ():
                cells[rows[upper]][at] = _rounded((cells[rows[upper]][at] or 0.0) + count)
    return edges, cells


def _less(high: float | None, low: float | None) -> float | None:
    if high is None or low is None:
        return None
    return _rounded(max(0.0, high - low))


def _on_grid(series: Series, results: Told) -> list[float | None]:
    values: list[float | None] = [None] * len(results.span.times)
    for sample in series.samples:
        at = results.span.index(sample.time)
        if 0 <= at < len(values):
            values[at] = _finite(sample.value)
    return values


def _finite(value: float) -> float | None:
    return _rounded(value) if math.isfinite(value) else None


def _shown(value: float) -> float | str:
    """Return a figure; infinity as text, because JSON has none."""
    return _rounded(value) if math.isfinite(value) else "+Inf" if value > 0 else "-Inf"


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _html(markdown: str) -> str:
    """Render Markdown; show HTML and links to anything but pages as text."""
    return str(MarkdownIt("commonmark", {"html": False}).render(markdown))


def _marks(document: Mapping[str, Any], results: Told, scope: Scope) -> Iterator[Drawn]:
    """Yield the spans in which an annotation's query had a result."""
    for each in marked(document):
        answer = results.of(Question(scope.in_query(str(each["expr"]))))
        if isinstance(answer, str):
            continue
        for series in answer.series:
            for start, end in _stretches([sample.time for sample in series.samples], results.span.step):
                yield {
                    "from": start,
                    "to": end,
                    "name": str(each.get("name", "")),
                    "text": legend(str(each.get("titleFormat") or ""), series.labels),
                    "color": str(each.get("iconColor") or colors.GREY),
                }


def _stretches(times: Sequence[float], step: float) -> Iterator[tuple[float, float]]:
    """Yield first and last of each run of times one step apart."""
    begun: float | None = None
    last = 0.0
    for time in times:
        if begun is not None and time - last > 1.5 * step:
            yield begun, last
            begun = None
        begun = time if begun is None else begun
        last = time
    if begun is not None:
        yield begun, last


KINDS: Mapping[str, Callable[[Mapping[str, Any], Had, Fields, Told], Drawn]] = {
    "timeseries": _curves,
    "stat": _figures,
    "gauge": _figures,
    "bargauge": _bars,
    "table": lambda found, had, fields, _: tables.table(found, had, fields),
    "heatmap": _heat,
}
