"""The one door to grafanalib: from our values to Grafana's JSON, without what grafanalib leaves behind.

grafanalib 0.7 writes a dozen nulls and keys of older Grafana versions into every panel; they are dropped here, so
that a diff of two dashboards shows what changed. Its Threshold writes the text "null", so steps are plain tables.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from grafanalib import core as grafana
from grafanalib._gen import DashboardEncoder

from dashboards.model import Dashboard, Panel, Query
from signals import links, recorded
from signals.promql import Matcher, select

SCHEMA_VERSION = 39
"""The JSON model of Grafana 10.2; newer ones migrate it, 9.x reads what we use of it."""
GRID_COLUMNS = 24
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TARGET_COLOR = "#D55E00"
"""Vermilion of the Okabe-Ito palette, which the colour-blind can tell from the others."""
LEGACY = frozenset({
    "cacheTimeout", "editable", "error", "height", "hideTimeOverride", "interval", "links", "maxDataPoints",
    "maxPerRow", "minSpan", "repeat", "repeatDirection", "span", "timeFrom", "timeShift", "transparent",
    "transformations",
})  # fmt: skip
"""Keys of a panel that say nothing as grafanalib writes them, or that Grafana dropped."""
LEGACY_TARGET = frozenset(
    {"query", "target", "interval", "intervalFactor", "metric", "step", "hide", "format"}
)
LEGACY_VARIABLE = frozenset({
    "auto", "auto_min", "auto_count", "useTags", "tagsQuery", "tagValuesQuery", "hide", "options", "regex",
})  # fmt: skip
LEGACY_DASHBOARD = frozenset({
    "__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style", "timepicker", "version", "links",
})  # fmt: skip


def render(dashboard: Dashboard) -> str:
    """Write a dashboard as JSON: keys sorted, two spaces, a newline at the end; equal input gives equal bytes."""
    return json.dumps(document(dashboard), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def document(dashboard: Dashboard) -> dict[str, Any]:
    """Give a dashboard as Grafana's JSON model, without `id`: the server gives its own."""
    built = grafana.Dashboard(
        title=dashboard.title,
        uid=dashboard.uid,
        description=dashboard.description,
        tags=["leadline", f"leadline:{dashboard.project}", dashboard.topic],
        editable=False,
        schemaVersion=SCHEMA_VERSION,
        refresh="30s",
        timezone="browser",
        time=grafana.Time("now-1h", "now"),
        sharedCrosshair=True,
        templating=grafana.Templating(list=_variables(dashboard)),
        panels=[],
    )
    plain = _plain(built)
    plain["templating"] = {"list": [_prune(each, LEGACY_VARIABLE) for each in plain["templating"]["list"]]}
    plain["panels"] = _laid_out(dashboard.panels)
    plain["links"] = [_topic_links(dashboard.project)]
    return _prune({**plain, "annotations": None, "graphTooltip": 1, "id": None}, LEGACY_DASHBOARD - {"links"})


def panel_id(key: str) -> int:
    """Give a panel's id from its key alone, so that it survives whatever is inserted before it."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % 1_000_000_000 + 1


def _laid_out(panels: tuple[Panel, ...]) -> list[dict[str, Any]]:
    """Place panels from left to right, a new row where one does not fit."""
    placed, x, y, row_height = [], 0, 0, 0
    for panel in panels:
        if x + panel.width > GRID_COLUMNS:
            x, y, row_height = 0, y + row_height, 0
        position = {"x": x, "y": y, "w": panel.width, "h": panel.height}
        placed.append({**_panel(panel), "id": panel_id(panel.key), "gridPos": position})
        x, row_height = x + panel.width, max(row_height, panel.height)
    return placed


def _panel(panel: Panel) -> dict[str, Any]:
    if panel.kind == "text":
        text = grafana.Text(title=panel.title, content=panel.description, mode="markdown")
        return _prune({**_plain(text), "fieldConfig": None}, LEGACY)
    built = _plain(_stat(panel) if panel.kind == "stat" else _timeseries(panel))
    built["targets"] = [_prune(target, LEGACY_TARGET) for target in built["targets"]]
    defaults = built["fieldConfig"]["defaults"]
    defaults["noValue"] = "no data"
    if panel.kind == "stat":
        defaults["thresholds"] = {"mode": "absolute", "steps": [{"color": "text", "value": None}]}
    else:
        defaults.pop("thresholds", None)
    return _prune(built, LEGACY)


def _timeseries(panel: Panel) -> grafana.TimeSeries:
    return grafana.TimeSeries(
        title=panel.title,
        description=panel.description,
        dataSource=DATASOURCE,
        targets=_targets(panel.queries),
        unit=panel.unit,
        lineWidth=2,
        fillOpacity=20 if panel.stacked else 0,
        stacking={"mode": "normal", "group": "A"} if panel.stacked else {},
        showPoints="never",
        valueMin=0,
        legendDisplayMode="table",
        legendPlacement="bottom",
        legendCalcs=["mean", "max", "lastNotNull"],
        tooltipMode="multi",
        tooltipSort="desc",
        overrides=[_as_target(_ref(index)) for index, query in enumerate(panel.queries) if query.line],
    )


def _stat(panel: Panel) -> grafana.Stat:
    return grafana.Stat(
        title=panel.title,
        description=panel.description,
        dataSource=DATASOURCE,
        targets=_targets(panel.queries),
        format=panel.unit,
        reduceCalc="lastNotNull",
        textMode="auto",
        colorMode="value",
        graphMode="area",
    )


def _targets(queries: tuple[Query, ...]) -> list[grafana.Target]:
    return [
        grafana.Target(expr=query.expr, legendFormat=query.legend, refId=_ref(index), datasource=DATASOURCE)
        for index, query in enumerate(queries)
    ]


def _ref(index: int) -> str:
    return chr(ord("A") + index)


def _as_target(ref: str) -> dict[str, Any]:
    """Draw what one query returns as a dashed line in the colour that targets have everywhere."""
    return {
        "matcher": {"id": "byFrameRefID", "options": ref},
        "properties": [
            {"id": "custom.lineStyle", "value": {"dash": [8, 6], "fill": "dash"}},
            {"id": "custom.lineWidth", "value": 1},
            {"id": "custom.stacking", "value": {"mode": "none"}},
            {"id": "color", "value": {"fixedColor": TARGET_COLOR, "mode": "fixed"}},
        ],
    }


def _variables(dashboard: Dashboard) -> list[grafana.Template]:
    datasource = grafana.Template(
        name="datasource", label="Data source", type="datasource", query="prometheus"
    )
    project = Matcher("project", "=", dashboard.project)
    chosen = Matcher("service", "=~", "$service")
    queries = {
        "service": f"label_values({select(recorded.ROUTE_REQUESTS, (project,))}, service)",
        "route": f"label_values({select(recorded.ROUTE_REQUESTS, (project, chosen))}, route)",
    }
    asked = [_variable(name, queries[name]) for name in dashboard.variables]
    return [datasource, *asked]


def _variable(name: str, query: str) -> grafana.Template:
    """Offer the values of a label: several at once, All at first, asked anew when the time range changes."""
    variable = grafana.Template(
        name=name,
        label=name.title(),
        type="query",
        query=query,
        dataSource=DATASOURCE,
        multi=True,
        includeAll=True,
        allValue=".+",
        refresh=grafana.REFRESH_ON_TIME_RANGE_CHANGE,
    )
    variable._current = {"selected": True, "text": ["All"], "value": ["$__all"]}  # noqa: SLF001 - it offers no other way
    return variable


def _topic_links(project: str) -> dict[str, Any]:
    """Link to the project's other dashboards, keeping service and time range."""
    return {
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "tags": [f"leadline:{project}"],
        "targetBlank": False,
        "title": links.TOPICS[0].title(),
        "type": "dashboards",
    }


def _plain(built: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(built.to_json_data(), cls=DashboardEncoder))
    return plain


def _prune(value: dict[str, Any], legacy: frozenset[str]) -> dict[str, Any]:
    """Drop legacy keys here, and what is null or empty at every depth; a threshold's null is its meaning."""
    return {
        key: _without_nothing(part, key)
        for key, part in value.items()
        if key not in legacy and not _is_nothing(_without_nothing(part, key))
    }


def _without_nothing(value: Any, key: str = "") -> Any:
    if key == "steps":
        return value
    if isinstance(value, dict):
        pruned = {name: _without_nothing(part, name) for name, part in value.items()}
        return {name: part for name, part in pruned.items() if not _is_nothing(part)}
    if isinstance(value, list):
        return [_without_nothing(part) for part in value]
    return value


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", [], {})
