"""Grafana options of each kind of panel, without Grafana's defaults.

Grafana applies a panel's options on top of its plugin's defaults (a stat shows the last value, a legend is below), so
repeating defaults is noise in a diff. Every kind except the time series is coloured by thresholds by default.
"""

from __future__ import annotations

from typing import Any

from . import colors
from .model import Panel, Query, Step

NO_DATA = "no data"
DRAWN = ("timeseries", "heatmap")
"""Kinds that show missing data by themselves."""
DASHED = {"dash": [8, 6], "fill": "dash"}


def field_config(panel: Panel) -> dict[str, Any]:
    """Return the defaults and overrides of a panel's fields."""
    defaults: dict[str, Any] = {"unit": panel.unit, **_ends(panel)}
    if panel.kind not in DRAWN:
        defaults["noValue"] = NO_DATA
    if panel.kind == "timeseries":
        defaults["custom"] = _drawn(panel)
    if panel.steps or panel.kind in ("stat", "gauge", "bargauge"):
        steps = panel.steps or (Step(None, colors.PLAIN),)
        defaults["thresholds"] = {"mode": "absolute", "steps": [_step(each) for each in steps]}
    overrides = _columns(panel) if panel.kind == "table" else [*_colored(panel), *_lines(panel)]
    return {"defaults": defaults, "overrides": overrides}


def _ends(panel: Panel) -> dict[str, float]:
    """Return the ends of the axis; tables and heatmaps have none."""
    if panel.kind in ("table", "heatmap"):
        return {}
    ends = {"min": panel.least, "max": panel.most}
    return {name: value for name, value in ends.items() if value is not None}


def _drawn(panel: Panel) -> dict[str, Any]:
    drawn: dict[str, Any] = {"lineWidth": 2, "showPoints": "never"}
    if panel.stacked:
        drawn |= {"fillOpacity": 20, "stacking": {"mode": "normal", "group": "A"}}
    if panel.steps:
        drawn["thresholdsStyle"] = {"mode": "dashed"}
    return drawn


def _step(step: Step) -> dict[str, Any]:
    return {"color": step.color, "value": step.value}


def _colored(panel: Panel) -> list[dict[str, Any]]:
    return [
        {"matcher": {"id": "byRegexp", "options": pattern}, "properties": [_fixed(color)]}
        for pattern, color in panel.colors
    ]


def _lines(panel: Panel) -> list[dict[str, Any]]:
    """Draw marked queries as dashed lines in the colour of targets."""
    properties = [
        {"id": "custom.lineStyle", "value": DASHED},
        {"id": "custom.lineWidth", "value": 1},
        *([{"id": "custom.stacking", "value": {"mode": "none"}}] if panel.stacked else []),
        _fixed(colors.TARGET),
    ]
    return [
        {"matcher": {"id": "byFrameRefID", "options": ref(index)}, "properties": properties}
        for index, query in enumerate(panel.queries)
        if query.line
    ]


def _fixed(color: str) -> dict[str, Any]:
    return {"id": "color", "value": {"fixedColor": color, "mode": "fixed"}}


def _columns(panel: Panel) -> list[dict[str, Any]]:
    found = [_column(query) for query in panel.queries if query.unit or query.steps]
    found += [
        {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "custom.hidden", "value": True}]}
        for name in panel.hidden
    ]
    if panel.links and panel.labels:
        links = [{"title": link.title, "url": link.url} for link in panel.links]
        named = {"id": "byName", "options": panel.labels[0]}
        found.append({"matcher": named, "properties": [{"id": "links", "value": links}]})
    return found


def _column(query: Query) -> dict[str, Any]:
    properties: list[dict[str, Any]] = [{"id": "unit", "value": query.unit}] if query.unit else []
    if query.steps:
        steps = {"mode": "absolute", "steps": [_step(each) for each in query.steps]}
        properties += [
            {"id": "thresholds", "value": steps},
            {"id": "custom.cellOptions", "value": {"type": "color-text"}},
        ]
    return {"matcher": {"id": "byName", "options": query.legend}, "properties": properties}


def options(panel: Panel) -> dict[str, Any]:
    """Return the options of a panel's kind."""
    kinds: dict[str, dict[str, Any]] = {
        "timeseries": {
            "legend": {"calcs": ["mean", "max", "lastNotNull"], "displayMode": "table"},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "bargauge": {"displayMode": "basic", "orientation": "horizontal"},
        "table": {"sortBy": _sorted_by(panel)},
        "heatmap": {"color": {"scheme": "Blues"}, "yAxis": {"unit": panel.unit}},
    }
    return kinds.get(panel.kind, {})


def _sorted_by(panel: Panel) -> list[dict[str, Any]]:
    if not panel.sort:
        return []
    return [{"desc": not panel.sort.startswith("-"), "displayName": panel.sort.removeprefix("-")}]


def transformations(panel: Panel) -> list[dict[str, Any]]:
    """Merge several queries into one table: a row per label set, a column per query."""
    if panel.kind != "table":
        return []
    values = {f"Value #{ref(index)}": query.legend for index, query in enumerate(panel.queries)}
    if len(panel.queries) == 1:
        values = {"Value": panel.queries[0].legend, **values}
    order = {name: index for index, name in enumerate((*panel.labels, *values))}
    return [
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": values},
        },
    ]


def ref(index: int) -> str:
    """Name a query by its place: A to Z."""
    return chr(ord("A") + index)
