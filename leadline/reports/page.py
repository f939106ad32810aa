"""A report as one self-contained HTML file: tables, and charts drawn by the embedded uPlot."""

from __future__ import annotations

import json
import math
import re
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from leadline.base.printable import printable

from . import headline
from .model import Chart, Report, ServiceReport
from .sections import TITLES, Section, sections
from .tiles import tiles

FOLDER = files("leadline.reports")


OPEN = ("targets", "results", "comparison", "cost", "headroom")
"""Sections that are open initially; a click opens the others, and printing opens all."""
MESSAGE = ("head", "next-steps", "highlights")
"""Sections above them, always visible."""
FIGURE = re.compile(r"[<>≤≥~+−-]?\s?\$?\d|–$|exact$|no data$|at (least|most) ")
VERDICTS = {"✓": "met", "✗": "missed", "?": "undecided"}


def write(report: Report) -> str:
    """Return a report as HTML. All external text is escaped, in the markup and in the charts' data."""
    environment = Environment(
        loader=PackageLoader("leadline.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    charts = [
        {"service": printable(service.name), **_chart(chart)}
        for service in report.services
        for chart in service.charts
    ]
    parts = [_laid_out(part) for part in sections(report) if part.name in TITLES]
    services = sorted(report.services, key=headline.urgency)
    return environment.get_template("report.html").render(
        message=headline.of(report),
        tiles=[(printable(service.name), list(tiles(service))) for service in services],
        message_parts=[part for part in parts if part["name"] in MESSAGE[1:]],
        details=[part for part in parts if part["name"] not in MESSAGE],
        charts=_json(charts),
        loads=_json([load for service in services if (load := _load(report, service))]),
        charted=[(chart["service"], chart["name"], chart["title"], chart["note"]) for chart in charts],
        verdicts=VERDICTS,
        **uplot(),
    )


def _laid_out(section: Section) -> dict[str, Any]:
    """Return a section with its numeric columns marked, and the column that names the row."""
    rows = section.rows
    columns = max(map(len, (section.head, *rows)), default=0)
    cells = [[row[column] for row in rows if column < len(row) and row[column]] for column in range(columns)]
    return {
        "name": section.name,
        "title": section.title,
        "service": section.service,
        "lines": section.lines,
        "head": section.head,
        "rows": rows,
        "blocks": section.blocks,
        "figures": [bool(each) and all(map(FIGURE.match, each)) for each in cells],
        "names_row": 1 if rows and rows[0][0] in VERDICTS else 0,
        "is_open": section.name in OPEN or any(row[0] == "✗" for row in rows),
    }


def _load(report: Report, service: ServiceReport) -> dict[str, Any] | None:
    """Return rate, p95 and errors over time as one chart; None without a rate."""
    found = {chart.name: chart for chart in service.charts}
    if "throughput" not in found:
        return None
    wanted = (
        ("throughput", "requests", "requests per second"),
        ("latency", "p95", "95th percentile"),
        ("errors", "errors", "errors"),
    )
    curves = [
        (words, found[name].unit, dict(found[name].curves[curve]))
        for name, curve, words in wanted
        if name in found and found[name].curves.get(curve)
    ]
    xs = sorted({x for _, _, points in curves for x in points})
    window = report.window
    return {
        "service": printable(service.name),
        "xs": xs,
        "curves": [
            {"name": words, "unit": unit, "ys": [_finite(points.get(x)) for x in xs]}
            for words, unit, points in curves
        ],
        "from": window.rate_start if window.is_load else None,
        "to": window.rate_end if window.is_load else None,
        "users": service.users,
    }


def uplot() -> dict[str, str]:
    """Return the chart library: its `script`, its `style` and its `licence`."""
    vendor = FOLDER.joinpath("vendor")
    names = {"script": "uPlot.iife.min.js", "style": "uPlot.min.css", "licence": "uPlot.LICENSE"}
    return {part: vendor.joinpath(name).read_text("utf-8") for part, name in names.items()}


def _json(value: object) -> str:
    """Return JSON that cannot end the script element around it."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _chart(chart: Chart) -> dict[str, Any]:
    """Return a chart in uPlot's layout: one list of x, and one of y per curve, null for missing points."""
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
