"""A report as CSV: one row a reading, base units, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io

from reports.model import Report
from reports.window import utc

COLUMNS = (
    "project", "service", "start", "end", "signal", "value", "unit", "lower", "upper", "unbounded", "shown_by_promql",
    "target", "verdict", "reason", "note",
)  # fmt: skip


def write(report: Report) -> str:
    """Write a report; what was not measured is an empty cell with its reason."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    start, end = utc(report.window.start), utc(report.window.end)
    for service in report.services:
        for reading in service.readings:
            figures = (
                reading.value,
                reading.unit,
                reading.lower,
                reading.upper,
                reading.unbounded,
                reading.shown,
            )
            judged = (reading.target, reading.verdict, reading.reason, reading.note)
            cells = (report.project, service.name, start, end, reading.signal, *figures, *judged)
            rows.writerow(["" if cell is None else _safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: object) -> object:
    """Keep a text that a spreadsheet would take for a formula a text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell
