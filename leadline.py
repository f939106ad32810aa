"""Leadline for your own Python: `from leadline import …`; and `python -m leadline` runs the command line.

A catalog gives files (`load`, `generated`); a catalog, a window and a Prometheus give a report (`take`), which
`as_text`, `as_markdown`, `as_html`, `as_csv`, `as_junit` and `as_json` write, and `compared` sets beside an earlier one.
Files that the catalog names under `dashboards` build dashboards of `panel`, `signal_panel`, `row` and `text`. Names that
are not here are not promised to stay.
"""

from __future__ import annotations

from cli import __version__
from cli.compose import generated
from dashboards.model import Dashboard, Link, Panel, Query, Step
from dashboards.own import dashboard, panel, row, signal, signal_panel, target, text
from live.client import Prometheus
from reports.changes import compared
from reports.document import read as read_json
from reports.document import write as as_json
from reports.junit import write as as_junit
from reports.markdown import write as as_markdown
from reports.model import Reading, Report, ServiceReport
from reports.page import write as as_html
from reports.snapshot import take
from reports.spreadsheet import write as as_csv
from reports.text import write as as_text
from reports.window import Window
from signals.catalog import Catalog, Service
from signals.endpoints import Endpoint
from signals.errors import CatalogError, LeadlineError
from signals.reading import load, parse

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
    "take",
    "target",
    "text",
]

if __name__ == "__main__":
    from cli.main import main

    main()
