"""The preview page: one self-contained HTML file with all dashboards, their data and scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from . import render
from .queries import Told
from .scope import Scope

FOLDER = files("leadline.dashboards.preview")


def write(
    documents: Iterable[tuple[Mapping[str, Any], Scope]],
    results: Told,
    library: Mapping[str, str],
    *,
    frozen: bool = False,
) -> str:
    """Write the page of dashboards with their scopes.

    library  uPlot's `script`, `style` and `licence`

    Everything from outside is data, or escaped.
    """
    dashboards = [render.dashboard(document, results, scope) for document, scope in documents]
    environment = Environment(
        loader=PackageLoader("leadline.dashboards.preview", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    span = results.span
    return environment.get_template("preview.html").render(
        title=dashboards[0]["title"] if len(dashboards) == 1 else "Dashboards",
        source=f"{'frozen answers of ' if frozen else ''}{results.source}",
        start=_moment(span.start),
        end=_moment(span.end),
        data=_json(
            {"start": span.start, "step": span.step, "count": len(span.times), "dashboards": dashboards}
        ),
        draw=FOLDER.joinpath("preview.js").read_text("utf-8"),
        own_style=FOLDER.joinpath("preview.css").read_text("utf-8"),
        **library,
    )


def faults(documents: Iterable[tuple[Mapping[str, Any], Scope]], results: Told) -> list[str]:
    """Return the errors of panels, one per line."""
    return [
        f"{dashboard['title']}, panel {panel['title']!r}: {error}"
        for dashboard in (render.dashboard(document, results, scope) for document, scope in documents)
        for panel in dashboard["panels"]
        for error in panel.get("errors", ())
    ]


def _moment(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S}"


def _json(value: object) -> str:
    """Write JSON that cannot end its script element."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
