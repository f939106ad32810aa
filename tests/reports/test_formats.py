"""Every format says the same of a report, whatever was measured and however things are called."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from leadline.base.errors import NoDataError, UsageError
from leadline.base.text_table import width
from leadline.catalog import loader
from leadline.measure.window import Window
from leadline.reports import changes, document, junit, markdown, page, recording, snapshot, spreadsheet, text
from leadline.reports.model import Report
from leadline.reports.recording import Recorder, Recording
from leadline.reports.sections import TITLES
from leadline.reports.words import in_words
from tests.conftest import MINIMAL, ROOT
from tests.measure.history import History
from tests.reports.test_changes import report as lognormal
from tests.reports.test_snapshot import WINDOW, history

SCHEMA = json.loads((ROOT / "leadline/reports/schema/report.schema.json").read_text("utf-8"))
EVIL = "</script><script>alert(1)</script>|`*<b>&\"'"


def reports() -> dict[str, Report]:
    catalog = loader.parse(MINIMAL, "leadline.yaml")
    evil = loader.parse(
        MINIMAL.replace("project: shop", "project: shop\nlinks: {grafana: 'https://g.example.com'}"), "f"
    )
    past = history()
    past.add("http_requests_total", [(time, time) for time in range(50, 251, 10)], code="200", route=EVIL)
    renamed = snapshot.take(evil, evil.services, WINDOW, past.ask, EVIL, draw=True)
    return {
        "steady": snapshot.take(catalog, catalog.services, WINDOW, history().ask, draw=True),
        "nothing": snapshot.take(catalog, catalog.services, WINDOW, History().ask),
        "evil": replace(renamed, project=EVIL, against=EVIL, again=(EVIL,)),
        "compared": changes.compared(lognormal(0.12), lognormal(0.06), "before"),
        "two services": replace(
            renamed, services=(*renamed.services, replace(renamed.services[0], name="other"))
        ),
    }


REPORTS = reports()
every_report = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)


@every_report
def test_json_follows_the_schema_that_ships(report: Report) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(document.write(report)))


def test_the_schema_refuses_a_missing_figure_without_a_reason() -> None:
    found = json.loads(document.write(REPORTS["nothing"]))
    found["services"][0]["readings"][0]["reason"] = None
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(found)


class Page(HTMLParser):
    """Collects what an HTML page asks for, its scripts and its text."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.asked: list[str] = []
        self.text = ""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.asked += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]

    def handle_data(self, data: str) -> None:
        self.text += data


@every_report
def test_html_asks_nothing_from_outside_and_escapes_everything(report: Report) -> None:
    content = page.write(report)
    found = Page(content)
    assert found.asked == []
    assert found.tags.count("script") == 3
    assert "alert(1)</script>" not in content
    for reading_ in report.readings:
        assert in_words(reading_.signal) in found.text


@every_report
def test_csv_has_a_row_for_each_reading(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(spreadsheet.write(report))))
    assert [row["signal"] for row in rows] == [each.signal for each in report.readings]
    assert all(row["value"] or row["reason"] for row in rows)
    assert not any((value or "").startswith(("=", "@")) for row in rows for value in row.values())


@every_report
def test_junit_has_a_case_for_each_verdict(report: Report) -> None:
    tree = ET.fromstring(junit.write(report))
    cases = list(tree.iter("testcase"))
    assert len(cases) == len(report.verdicts)
    assert len(list(tree.iter("failure"))) == report.verdicts.count("missed")
    assert len(list(tree.iter("error"))) == report.verdicts.count("undecided")


@every_report
@pytest.mark.parametrize("columns", [72, 80, 120, 200])
def test_text_fits_the_terminal(report: Report, columns: int) -> None:
    """Only what cannot be broken (a URL, a snippet to paste, a query) may be longer."""
    for line in text.write(report, columns=columns, provenance=True).splitlines():
        whole = line.startswith("    ") or "://" in line or "alert" in line
        assert width(line) <= columns or whole, line


@every_report
def test_sections_can_be_chosen_in_text_and_markdown(report: Report) -> None:
    chosen = text.write(report, only=("targets",))
    assert "Targets" in chosen
    assert "Evidence" not in chosen
    assert "## Evidence" not in markdown.write(report, only=("targets",))
    whole = text.write(report, provenance=True)
    for name in ("targets", "cost", "headroom", "in-place", "next-steps", "highlights", "evidence"):
        assert TITLES[name] in whole


def freeze(past: History, window: Window = WINDOW) -> tuple[Report, str]:
    catalog = loader.parse(MINIMAL, "leadline.yaml")
    recorder = Recorder(past.ask)
    report = snapshot.take(catalog, catalog.services, window, recorder.ask, "a source", draw=True)
    kept = Recording(
        catalog=MINIMAL, file="leadline.yaml", services=("web",), window=window, source="a source"
    )
    return report, recording.write(replace(kept, answers=recorder.answers))


def test_a_frozen_snapshot_gives_the_same_bytes_in_every_format() -> None:
    live, kept = freeze(history())
    thawed = recording.read(kept, "f.json")
    catalog = loader.parse(thawed.catalog, thawed.file)
    again = snapshot.take(catalog, catalog.services, thawed.window, thawed.ask, thawed.source, draw=True)
    for write in (document.write, text.write, markdown.write, page.write, spreadsheet.write, junit.write):
        assert write(again) == write(live)
    assert recording.write(thawed) == kept


def test_a_frozen_snapshot_is_judged_by_other_targets() -> None:
    thawed = recording.read(freeze(history())[1], "f.json")
    strict = loader.parse(MINIMAL.replace("p95: 250ms", "p95: 100ms"), "leadline.yaml")
    service = snapshot.take(strict, strict.services, thawed.window, thawed.ask).services[0]
    p95 = service.reading("latency.p95")
    assert p95 is not None
    assert p95.verdict == "missed"
    other = loader.parse(MINIMAL.replace("{job: web}", "{job: api}"), "leadline.yaml")
    with pytest.raises(NoDataError, match="taken with another catalog"):
        snapshot.take(other, other.services, thawed.window, thawed.ask)


@pytest.mark.parametrize("content", ["", "{}", '{"schema": "leadline.report/1"}', "[1]"])
def test_what_is_not_frozen_is_refused(content: str) -> None:
    with pytest.raises(UsageError, match=r"f\.json is not a frozen snapshot"):
        recording.read(content, "f.json")
