"""Answers as JSON, CSV and Markdown."""

from __future__ import annotations

import csv
import io
import json

from leadline.base.printable import cell, markdown
from leadline.signals.samples import Answer

from .table import Table, moment, number


def as_json(answer: Answer) -> str:
    """Return samples as JSON, as Prometheus does: values are text, because JSON has no NaN."""
    document = {
        "kind": answer.kind,
        "series": [
            {"labels": dict(series.labels), "samples": [[s.time, number(s.value)] for s in series.samples]}
            for series in answer.series
        ],
        "warnings": list(answer.warnings),
        "infos": list(answer.infos),
    }
    return json.dumps(document, indent=2)


def as_csv(answer: Answer) -> str:
    """Return one row per sample: time, one column per label, value. Quote what a spreadsheet would run as a formula."""
    labels = sorted({name for series in answer.series for name in series.labels})
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(["time", *map(cell, labels), "value"])
    for series in answer.series:
        for sample in series.samples:
            values = [cell(series.labels.get(name, "")) for name in labels]
            rows.writerow([moment(sample.time), *values, number(sample.value)])
    return written.getvalue()


def as_markdown(found: Table) -> str:
    """Return a Markdown table; its cells are escaped."""
    lines = [f"{markdown(found.equal)}\n"] if found.equal else []
    lines.append("| " + " | ".join(markdown(each) for each in found.head) + " |")
    lines.append("|" + " --- |" * len(found.head))
    lines += ["| " + " | ".join(markdown(each) for each in row) + " |" for row in found.rows]
    if found.left_out:
        lines.append(f"\n{found.left_out} more.")
    return "\n".join(lines)
