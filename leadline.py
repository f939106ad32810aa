"""Leadline for your own Python: `from leadline import …`; and `python -m leadline` runs the command line.

A catalog gives files (`load`, `generated`); a catalog, a window and a Prometheus give a report (`take`), which
`as_text`, `as_markdown`, `as_html`, `as_csv`, `as_junit` and `as_json` write, and `compared` sets beside an earlier one. Names that are not here are not promised to stay.
"""

from __future__ import annotations

from cli import __version__
from cli.compose import generated
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
from signals.catalog import Catalog
from signals.endpoints import Endpoint
from signals.errors import CatalogError, LeadlineError
from signals.reading import load, parse

__all__ = [
    "Catalog",
    "CatalogError",
    "Endpoint",
    "LeadlineError",
    "Prometheus",
    "Reading",
    "Report",
    "ServiceReport",
    "Window",
    "__version__",
    "as_csv",
    "as_html",
    "as_json",
    "as_junit",
    "as_markdown",
    "as_text",
    "compared",
    "generated",
    "load",
    "parse",
    "read_json",
    "take",
]

if __name__ == "__main__":
    from cli.main import main

    main()
