"""Leadline for your own Python: `from leadline import …`; and `python -m leadline` runs the command line.

A catalog gives files (`load`, `generated`); a catalog, a window and a Prometheus give a report (`take`), which
`as_text`, `as_markdown` and `as_json` write. Names that are not here are not promised to stay.
"""

from __future__ import annotations

from cli import __version__
from cli.compose import generated
from live.client import Prometheus
from reports.document import write as as_json
from reports.markdown import write as as_markdown
from reports.model import Reading, Report, ServiceReport
from reports.snapshot import take
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
    "as_json",
    "as_markdown",
    "as_text",
    "generated",
    "load",
    "parse",
    "take",
]

if __name__ == "__main__":
    from cli.main import main

    main()
