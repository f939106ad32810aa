"""A report as one HTML file that asks nothing from outside: tables, and charts drawn by uPlot, which is inside."""

from __future__ import annotations

import json
import math
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from .model import Chart, Report
from .sections import TITLES, sections

FOLDER = files("leadline.reports")


def write(report: Report) -> str:
    """Write a report. Everything that comes from outside is escaped, in the markup and in the charts' data."""
    environment = Environment(
        loader=PackageLoader("leadline.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    charts = [
        {"service": service.name, **_chart(chart)} for service in report.services for chart in service.charts
    ]
    parts = [part for part in sections(report) if part.name in TITLES]
    return environment.get_template("report.html").render(
        title=f"{report.project}: snapshot",
        sections=parts,
        services=[service.name for service in report.services],
        charts=_json(charts),
        charted=[(chart["service"], chart["name"], chart["title"], chart["note"]) for chart in charts],
        **uplot(),
    )


def uplot() -> dict[str, str]:
    """Return the library that draws charts: its `script`, its `style` and its `licence`."""
    vendor = FOLDER.joinpath("vendor")
    names = {"script": "uPlot.iife.min.js", "style": "uPlot.min.css", "licence": "uPlot.LICENSE"}
    return {part: vendor.joinpath(name).read_text("utf-8") for part, name in names.items()}


def _json(value: object) -> str:
    """Write JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _chart(chart: Chart) -> dict[str, Any]:
    """Lay curves over one axis, as uPlot wants them: one list of x, and one of y a curve, null where it has none."""
    xs = sorted({x for points in chart.curves.values() for x, _ in points})
    curves = {name: dict(points) for name, points in chart.curves.items()}
    return {
        "name": chart.name,
        "title": chart.title,
        "note": chart.note,
        "x": chart.x,
        "unit": chart.unit,
        "xs": xs,
        "curves": [
            {"name": name, "ys": [_finite(found.get(x)) for x in xs]} for name, found in curves.items()
        ],
        "targets": [{"name": name, "value": value} for name, value in chart.targets.items()],
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
