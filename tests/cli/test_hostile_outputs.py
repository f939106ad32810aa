"""What a Prometheus says is other people's: no command's output, in any format, lets it command a terminal, a CI runner, a table."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from leadline.base.units import significant
from leadline.cli.main import run
from tests.conftest import MINIMAL
from tests.doubles import Api, Reply, Request
from tests.reports.test_hostile_labels import VALUES

Capture = pytest.CaptureFixture[str]
NOW = time.time()


def prometheus(value: str) -> Any:
    """Answer with a value in every place that an answer has for one."""
    labels = {
        "__name__": "http_requests_total",
        "job": value,
        "instance": value,
        "service": value,
        "route": value,
    }
    other = {**labels, "route": "plain"}
    samples = [[NOW - 60 + 15 * step, str(step)] for step in range(4)]
    target = {
        "labels": labels,
        "discoveredLabels": labels,
        "health": "down",
        "lastError": value,
        "scrapeUrl": value,
        "scrapePool": value,
        "lastScrape": "2026-11-30T00:00:00Z",
        "lastScrapeDuration": 0.01,
        "scrapeInterval": "15s",
    }
    alert = {
        "labels": {"alertname": value, "severity": value, "service": value},
        "annotations": {"runbook_url": value, "summary": value},
        "state": "firing",
        "activeAt": "2026-11-30T00:00:00Z",
        "value": "1",
    }
    rule = {
        "type": "alerting",
        "name": value,
        "query": value,
        "health": "err",
        "lastError": value,
        "alerts": [alert],
    }
    data: dict[str, Any] = {
        "/targets": {"activeTargets": [target], "droppedTargets": []},
        "/alerts": {"alerts": [alert]},
        "/rules": {"groups": [{"name": value, "file": value, "rules": [rule]}]},
        "/metadata": {"http_requests_total": [{"type": "counter", "help": value, "unit": value}]},
        "__name__/values": ["http_requests_total"],
        "/values": [value, "plain"],
        "/labels": ["__name__", "job", "instance", "route"],
        "/series": [labels, other],
        "/query_range": {
            "resultType": "matrix",
            "result": [{"metric": each, "values": samples} for each in (labels, other)],
        },
        "/buildinfo": {"version": value},
        "/runtimeinfo": {"storageRetention": value, "CWD": value},
        "/config": {"yaml": value},
    }

    def answer(request: Request) -> Reply:
        for end, found in data.items():
            if request.path.endswith(end):
                return reply(found)
        if "[" in request.form.get("query", ""):
            return reply({"resultType": "matrix", "result": [{"metric": labels, "values": samples}]})
        result = [{"metric": each, "value": [NOW, "3"]} for each in (labels, other)]
        return reply({"resultType": "vector", "result": result})

    def reply(found: object) -> Reply:
        body = {"status": "success", "data": found, "warnings": [value], "infos": [value]}
        return 200, "application/json", json.dumps(body)

    return answer


COMMANDS: dict[str, list[str]] = {
    "query": ["query", "http_requests_total"],
    "query, plot": ["query", "http_requests_total", "--range", "1m"],
    "query, range table": ["query", "http_requests_total", "--range", "1m", "-o", "table"],
    "query, samples": ["query", "http_requests_total[1m]", "-o", "samples"],
    "query, json": ["query", "http_requests_total", "-o", "json"],
    "query, csv": ["query", "http_requests_total", "-o", "csv"],
    "query, markdown": ["query", "http_requests_total", "-o", "markdown"],
    "query, explain": ["query", "http_requests_total", "--explain"],
    "query, nothing": ["query", "nothing_here"],
    "alerts": ["alerts"],
    "alerts, json": ["alerts", "-o", "json"],
    "targets": ["targets"],
    "targets, json": ["targets", "-o", "json"],
    "metrics": ["metrics", "http", "--labels"],
    "metrics, json": ["metrics", "http", "-o", "json"],
    "signal": ["signal", "throughput"],
    "signal, json": ["signal", "throughput", "-o", "json"],
    "watch": ["watch", "--count", "1"],
    "check": ["check"],
    "check, json": ["check", "-o", "json"],
    "check, junit": ["check", "-o", "junit"],
    "check, sarif": ["check", "-o", "sarif"],
    "check, github": ["check", "-o", "github"],
    "snapshot": ["snapshot"],
    "context check": ["context", "check"],
}


HALF = "\ud800lone"
"""Half a character: an answer that holds one is no JSON, and refused."""
ENDS: dict[str, tuple[int, ...]] = {"query, nothing": (0, 3)}
HALF_ENDS = {"watch": (3,)}


@pytest.mark.parametrize("name", COMMANDS)
def test_hostile_answers_are_harmless_in_every_command(
    name: str, api: Api, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leadline.yaml").write_text(MINIMAL, "utf-8")
    told: list[object] = []
    for value in VALUES:
        api.answer = prometheus(value)
        code = run([*COMMANDS[name], "--url", api.url])
        out, error = capsys.readouterr()
        expected = HALF_ENDS.get(name, (3,)) if value == HALF else ENDS.get(name, (0, 1, 4))
        if code not in expected or "internal error" in error:
            told.append((value, code, error[-300:]))
        told += [(value, each) for stream in (out, error) for each in _steers(name, stream)]
        if code in (0, 1):
            told += [(value, each) for each in _malformed(name, out)]
    assert told == []


def test_thousands_are_no_command() -> None:
    assert list(_steers("query, explain", f"answered in {significant(1234)} s")) == []
    assert list(_steers("query, explain", "\x1b[2J\u202e")) != []


def _steers(name: str, text: str) -> Iterator[object]:
    """Return what in a text would command a terminal or a CI runner.

    Leadline's own separator of thousands is none, though Python calls it unprintable: on a busy
    machine `query --explain` prints "1\\u202f234 s".
    """
    allowed = "\n\u202f\u200b" if "markdown" in name else "\n\u202f"
    yield from {each for each in text if not (each.isprintable() or each in allowed)}
    for line in text.splitlines():
        if line.lstrip().startswith(("::", "##[")) and not ("github" in name and OURS.match(line)):
            yield line


OURS = re.compile(r"::(error|warning|notice)( (file|line|title)=[^:]*)?::(?!pwned)")


def _malformed(name: str, out: str) -> Iterator[object]:
    """Return what in an output for programs is not as its format wants it."""
    if "csv" in name:
        yield from (
            each for row in csv.reader(io.StringIO(out)) for each in row if each[:1] in tuple("=@\t\r")
        )
    if "json" in name or "sarif" in name:
        json.loads(out)
    if "junit" in name:
        ET.fromstring(out)
