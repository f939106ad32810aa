"""Leadline for your own Python: `from leadline import …`; and `python -m leadline` runs the command line.

    from leadline import load, snapshot

    report = snapshot(load("leadline.yaml"), window="15m", url="http://127.0.0.1:9090")
    print(report)

`snapshot` gives a report that writes itself (`to_dict()`, `to_frame()`, `to_html()`, a page in a notebook); `compared`
compares it with an earlier one. `generated` returns the files of a catalog. `take`, `Window`, `Prometheus` and `as_text`
and its like are the parts that `snapshot` is made of.
Files that the catalog names under `dashboards` build dashboards of `panel`, `signal_panel`, `row` and `text`. Names that
are not here are not promised to stay.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from leadline.base.version import __version__

if TYPE_CHECKING:
    from leadline.api import Snapshot, snapshot
    from leadline.base.errors import CatalogError, LeadlineError
    from leadline.catalog.endpoints import Endpoint
    from leadline.catalog.loader import load, parse
    from leadline.catalog.model import Catalog, Service
    from leadline.compose.generate import generated
    from leadline.dashboards.custom import dashboard, panel, row, signal, signal_panel, target, text
    from leadline.dashboards.model import Dashboard, Link, Panel, Query, Step
    from leadline.measure.reading import Reading
    from leadline.measure.window import Window
    from leadline.prometheus.client import Prometheus
    from leadline.reports.changes import compared
    from leadline.reports.document import read as read_json
    from leadline.reports.document import write as as_json
    from leadline.reports.junit import write as as_junit
    from leadline.reports.markdown import write as as_markdown
    from leadline.reports.model import Report, ServiceReport
    from leadline.reports.page import write as as_html
    from leadline.reports.snapshot import take
    from leadline.reports.spreadsheet import write as as_csv
    from leadline.reports.text import write as as_text

_DEFINED_IN = {
    "Catalog": ("leadline.catalog.model", "Catalog"),
    "CatalogError": ("leadline.base.errors", "CatalogError"),
    "Dashboard": ("leadline.dashboards.model", "Dashboard"),
    "Endpoint": ("leadline.catalog.endpoints", "Endpoint"),
    "LeadlineError": ("leadline.base.errors", "LeadlineError"),
    "Link": ("leadline.dashboards.model", "Link"),
    "Panel": ("leadline.dashboards.model", "Panel"),
    "Prometheus": ("leadline.prometheus.client", "Prometheus"),
    "Query": ("leadline.dashboards.model", "Query"),
    "Reading": ("leadline.reports.model", "Reading"),
    "Report": ("leadline.reports.model", "Report"),
    "Service": ("leadline.catalog.model", "Service"),
    "ServiceReport": ("leadline.reports.model", "ServiceReport"),
    "Snapshot": ("leadline.api", "Snapshot"),
    "Step": ("leadline.dashboards.model", "Step"),
    "Window": ("leadline.measure.window", "Window"),
    "as_csv": ("leadline.reports.spreadsheet", "write"),
    "as_html": ("leadline.reports.page", "write"),
    "as_json": ("leadline.reports.document", "write"),
    "as_junit": ("leadline.reports.junit", "write"),
    "as_markdown": ("leadline.reports.markdown", "write"),
    "as_text": ("leadline.reports.text", "write"),
    "compared": ("leadline.reports.changes", "compared"),
    "dashboard": ("leadline.dashboards.custom", "dashboard"),
    "generated": ("leadline.compose.generate", "generated"),
    "load": ("leadline.catalog.loader", "load"),
    "panel": ("leadline.dashboards.custom", "panel"),
    "parse": ("leadline.catalog.loader", "parse"),
    "read_json": ("leadline.reports.document", "read"),
    "row": ("leadline.dashboards.custom", "row"),
    "signal": ("leadline.dashboards.custom", "signal"),
    "signal_panel": ("leadline.dashboards.custom", "signal_panel"),
    "snapshot": ("leadline.api", "snapshot"),
    "take": ("leadline.reports.snapshot", "take"),
    "target": ("leadline.dashboards.custom", "target"),
    "text": ("leadline.dashboards.custom", "text"),
}
"""The module that defines each name, loaded when the name is first used."""


if not TYPE_CHECKING:  # a type checker that saw it would accept any name

    def __getattr__(name: str) -> Any:
        if name not in _DEFINED_IN:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, attribute = _DEFINED_IN[name]
        return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *_DEFINED_IN})


__all__ = [
    "Catalog",
    "CatalogError",
    "Dashboard",
    "Endpoint",
    "LeadlineError",
    "Link",
    "Panel",
    "Prometheus",
    "Query",
    "Reading",
    "Report",
    "Service",
    "ServiceReport",
    "Snapshot",
    "Step",
    "Window",
    "__version__",
    "as_csv",
    "as_html",
    "as_json",
    "as_junit",
    "as_markdown",
    "as_text",
    "compared",
    "dashboard",
    "generated",
    "load",
    "panel",
    "parse",
    "read_json",
    "row",
    "signal",
    "signal_panel",
    "snapshot",
    "take",
    "target",
    "text",
]
