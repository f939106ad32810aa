"""Label values are other people's: in no format do they move the cursor, break out of a table or command a CI runner."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from leadline.catalog.model import Catalog
from leadline.reports import document, junit, markdown, page, snapshot, spreadsheet, text
from leadline.reports.model import Alert, Report
from tests.reports.test_snapshot import WINDOW, history

VALUES = (
    "\x1b[2J\x1b[31mred",
    "\x1b]8;;http://evil.example/\x07click\x1b]8;;\x07",
    "\u202egnp.exe",
    "a\r\n::error file=x::pwned",
    "::error::pwned",
    "  ##[error]pwned",
    "a\nb | c | d\n| --- |",
    "\\| x",
    "```\n# heading\n```",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\t=1+1",
    "\x00\x01\x0b\x0c\x85\u2028",
    "\ud800lone",
    "[x](javascript:alert(1)) @everyone",
)
FORMATS: dict[str, Callable[[Report], str]] = {
    "text": lambda report: text.write(report, columns=80, provenance=True),
    "wide text": lambda report: text.write(report, provenance=True),
    "markdown": lambda report: markdown.write(report, provenance=True),
    "html": page.write,
    "csv": spreadsheet.write,
    "junit": junit.write,
    "json": document.write,
}


def hostile(value: str, minimal: Catalog) -> Report:
    """Return a report in which a value stands wherever something comes from outside."""
    past = history()
    for labels, _ in past.series:
        labels["instance"] = value
        if "route" in labels:
            labels["route"] = value
    past.add(
        "http_requests_total",
        [(time, 5.0) for time in range(50, 251, 10)],
        instance=value,
        code="200",
        route="/b",
    )
    report = snapshot.take(minimal, minimal.services, WINDOW, past.ask, source=value)
    service = report.services[0]
    alert = Alert(name=value, state="firing", severity=value, service=value, start=1, end=2)
    readings = tuple(
        each if each.verdict is None else replace(each, reason=value, note=value) for each in service.readings
    )
    service = replace(service, alerts=(alert,), in_place=(value,), highlights=(value,), readings=readings)
    return replace(report, services=(service,), again=(f"leadline snapshot\n{value}",), links={value: value})


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_a_hostile_value_is_harmless_in_every_format(value: str, kind: str, minimal: Catalog) -> None:
    written = FORMATS[kind](hostile(value, minimal))
    written.encode("utf-8")
    outside = re.sub(r"(?s)<script.*?</script>|<style.*?</style>", "", written) if kind == "html" else written
    allowed = (
        "\n\u202f\u200b" if kind == "markdown" else "\n\u202f"
    )  # thousands separators, and what keeps an @name from notifying anyone
    assert all(each.isprintable() or each in allowed for each in outside), kind
    for line in written.split("\n"):
        assert not line.lstrip().startswith(("::", "##[")), line


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_documents_stay_well_formed(value: str, minimal: Catalog) -> None:
    report = hostile(value, minimal)
    cases = ET.fromstring(junit.write(report)).iter("testcase")
    assert len(list(cases)) == 2
    rows = list(csv.reader(io.StringIO(spreadsheet.write(report))))
    assert len(rows) == 1 + len(report.readings)
    assert not any(each.lstrip().startswith(("=", "+", "@")) for row in rows for each in row)
    assert json.loads(document.write(report))["schema"] == document.SCHEMA
    tables = re.findall(r"(?m)(?:^\|.*\n)+", markdown.write(report))
    for table in tables:
        columns = {len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in table.splitlines()}
        assert len(columns) == 1, table
    assert "<img" not in page.write(report)
    assert "onerror=alert(1)>" not in re.sub(
        r"\\u003[ce]", "", markdown.write(report)
    ) or "\\<img" in markdown.write(report)
