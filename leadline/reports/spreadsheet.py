"""A report as CSV: one row per reading, in base units, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io

from leadline.base.printable import cell
from leadline.measure.window import utc

from .model import Report

COLUMNS = (
    "project", "service", "start", "end", "signal", "value", "unit", "lower", "upper", "unbounded", "shown_by_promql",
    "target", "verdict", "reason", "note",
)  # fmt: skip


def write(report: Report) -> str:
    """Return a report as CSV; a missing figure is an empty cell with its reason."""
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
            rows.writerow(
                ["" if each is None else cell(each) if isinstance(each, str) else each for each in cells]
            )
    return out.getvalue()
