"""Convert our values to Grafana's JSON; the only module that imports grafanalib.

grafanalib 0.7 writes a dozen nulls and keys of older Grafana versions into every panel. They are dropped here, so that
diffs stay readable. Its Threshold writes the text "null", so steps are plain tables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from grafanalib import core as grafana
from grafanalib._gen import DashboardEncoder

from leadline.signals import links, series_names
from leadline.signals.promql import Matcher, select

from . import colors, options, text
from .model import Dashboard, Link, Panel, Query

SCHEMA_VERSION = 41
"""The last version of Grafana's first JSON model (Grafana 12); Grafana from 9.0 reads the parts that we use."""
GRID_COLUMNS = 24
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
SHELLS = {
    "timeseries": grafana.TimeSeries,
    "stat": grafana.Stat,
    "gauge": grafana.GaugePanel,
    "bargauge": grafana.BarGauge,
    "table": grafana.Table,
    "heatmap": grafana.Heatmap,
}
KEPT = frozenset({"type", "datasource"})
"""Keys to keep from grafanalib's panels. Its options and fields are those of Grafana 7; ours are in `options`."""
LEGACY = frozenset({
    "cacheTimeout", "editable", "error", "height", "hideTimeOverride", "interval", "links", "maxDataPoints",
    "maxPerRow", "minSpan", "repeat", "repeatDirection", "span", "timeFrom", "timeShift", "transparent",
    "transformations",
})  # fmt: skip
"""Panel keys that are meaningless as grafanalib writes them, or that Grafana dropped."""
LEGACY_TARGET = frozenset(
    {
        "query",
        "target",
        "interval",
        "intervalFactor",
        "metric",
        "step",
        "hide",
        "format",
        "instant",
        "datasource",
    }
)
"""Query keys to drop, including the datasource, which Grafana takes from the panel."""
LEGACY_VARIABLE = frozenset({
    "auto", "auto_min", "auto_count", "useTags", "tagsQuery", "tagValuesQuery", "hide", "options", "regex",
})  # fmt: skip
NOTHING: tuple[Any, ...] = ("", [], {})
LEGACY_DASHBOARD = frozenset({
    "__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style", "timepicker", "version", "links",
})  # fmt: skip


def render(dashboard: Dashboard) -> str:
    """Write a dashboard as JSON with a newline at the end."""
    return text.write(document(dashboard)) + "\n"


def document(dashboard: Dashboard) -> dict[str, Any]:
    """Return a dashboard as Grafana's JSON model, without `id`, which the server assigns."""
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
    plain["templating"] = {"list": [_offered(each) for each in plain["templating"]["list"]]}
    plain["panels"] = _laid_out(dashboard.panels)
    plain["links"] = [_topic_links(dashboard.project), *map(_page_link, dashboard.links)]
    plain["annotations"] = {
        "list": [
            *(_annotation(index, each) for index, each in enumerate(dashboard.annotations)),
            _marks(dashboard.project),
        ]
    }
    return _prune({**plain, "graphTooltip": 1, "id": None}, LEGACY_DASHBOARD - {"links"})


def panel_id(key: str) -> int:
    """Return a panel's id from its key alone, so that inserting panels does not change it."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % 1_000_000_000 + 1


def _laid_out(panels: tuple[Panel, ...]) -> list[dict[str, Any]]:
    """Place panels from left to right, wrapping rows; the last panel of a row fills the rest, up to twice its width."""
    placed, y = [], 0
    for line in _lines(panels):
        x = 0
        for panel in line:
            room = GRID_COLUMNS - x
            width = room if panel is line[-1] and room <= 2 * panel.width else panel.width
            position = {"x": x, "y": y, "w": width, "h": panel.height}
            placed.append({**_panel(panel), "id": panel_id(panel.key), "gridPos": position})
            x += width
        y += max(panel.height for panel in line)
    return placed


def _lines(panels: tuple[Panel, ...]) -> Iterator[list[Panel]]:
    line: list[Panel] = []
    for panel in panels:
        if line and sum(each.width for each in line) + panel.width > GRID_COLUMNS:
            yield line
            line = []
        line.append(panel)
    if line:
        yield line


def _panel(panel: Panel) -> dict[str, Any]:
    if panel.kind == "text":
        built = grafana.Text(title=panel.title, content=panel.description, mode="markdown")
        return _prune({**_plain(built), "fieldConfig": None}, LEGACY)
    if panel.kind == "row":
        return _prune(_plain(grafana.RowPanel(title=panel.title)), LEGACY | {"fieldConfig", "collapsed"})
    return {
        **_shell(panel.kind),
        "targets": [_target(panel, index, query) for index, query in enumerate(panel.queries)],
        **_prune(
            {
                "title": panel.title,
                "description": panel.description,
                "fieldConfig": options.field_config(panel),
                "options": options.options(panel),
                "transformations": options.transformations(panel),
                "links": [] if panel.kind == "table" else [_link(link) for link in panel.links],
            },
            frozenset(),
        ),
    }


@cache
def _shell(kind: str) -> dict[str, Any]:
    """Return the common part of a kind's panels; cached, because grafanalib dominates the time of writing a dashboard."""
    built = _plain(SHELLS[kind](dataSource=DATASOURCE))
    return {key: value for key, value in built.items() if key in KEPT}


def _link(link: Link) -> dict[str, Any]:
    return {"title": link.title, "url": link.url}


def _target(panel: Panel, index: int, query: Query) -> dict[str, Any]:
    target = grafana.Target(expr=query.expr, legendFormat=query.legend, refId=options.ref(index))
    plain = _prune(_plain(target), LEGACY_TARGET)
    if panel.kind == "table":
        return {**plain, "format": "table", "instant": True}
    return {**plain, "format": "heatmap"} if panel.kind == "heatmap" else plain


def _variables(dashboard: Dashboard) -> list[grafana.Template]:
    datasource = grafana.Template(
        name="datasource", label="Data source", type="datasource", query="prometheus"
    )
    project = Matcher("project", "=", dashboard.project)
    chosen = Matcher("service", "=~", "$service")
    queries = {
        "service": f"label_values({select(series_names.ROUTE_REQUESTS, (project,))}, service)",
        "route": f"label_values({select(series_names.ROUTE_REQUESTS, (project, chosen))}, route)",
    }
    asked = [_variable(name, queries[name]) for name in dashboard.variables]
    return [datasource, *asked]


def _offered(variable: dict[str, Any]) -> dict[str, Any]:
    """Drop a variable's default settings."""
    chosen = {key: value for key, value in variable["current"].items() if key != "selected"}
    kept = {key: value for key, value in variable.items() if value is not False}
    return _prune({**kept, "current": chosen}, LEGACY_VARIABLE)


def _variable(name: str, query: str) -> grafana.Template:
    """Return a multi-value variable of label values, initially All, refreshed when the time range changes."""
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
    variable._current = {"text": ["All"], "value": ["$__all"]}  # noqa: SLF001 - there is no other way
    return variable


def _topic_links(project: str) -> dict[str, Any]:
    """Return a link to the project's other dashboards, keeping service and time range."""
    return {
        "includeVars": True,
        "keepTime": True,
        "tags": [f"leadline:{project}"],
        "title": links.TOPICS[0].title(),
        "type": "dashboards",
    }


def _page_link(link: Link) -> dict[str, Any]:
    return {"targetBlank": True, "title": link.title, "type": "link", "url": link.url}


def _annotation(index: int, query: Query) -> dict[str, Any]:
    """Return an annotation that marks when a query has a result; the first one, alerts, in the colour for bad."""
    return {
        "datasource": DATASOURCE,
        "enable": True,
        "expr": query.expr,
        "iconColor": colors.BAD if index == 0 else colors.GREY,
        "name": "Alerts firing" if index == 0 else "Restarts",
        "titleFormat": query.legend,
    }


def _marks(project: str) -> dict[str, Any]:
    """Return an annotation for Grafana's own marks with the project's tag: pushes and snapshot verdicts."""
    return {
        "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        "enable": True,
        "iconColor": colors.SKY,
        "name": "Pushes and snapshots",
        "target": {"limit": 100, "matchAny": False, "tags": [f"leadline:{project}"], "type": "tags"},
    }


def _plain(built: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(built.to_json_data(), cls=DashboardEncoder))
    return plain


def _prune(value: dict[str, Any], legacy: frozenset[str]) -> dict[str, Any]:
    """Drop legacy keys at the top, and nulls and empty values at every depth, except a threshold's null."""
    return _filled({key: part for key, part in value.items() if key not in legacy})


def _filled(value: dict[str, Any]) -> dict[str, Any]:
    pruned = {
        name: part if name == "steps" else _without_nothing(part)
        for name, part in value.items()
        if part is not None
    }
    return {name: part for name, part in pruned.items() if part not in NOTHING}


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        return _filled(value)
    if isinstance(value, list):
        return [_without_nothing(part) for part in value]
    return value
