"""What is there now: alerts, targets, metrics, and services watched."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadline.cli.main import run
from tests.conftest import MINIMAL, ROOT
from tests.doubles import Api, Reply, Request, failure, success, vector

Capture = pytest.CaptureFixture[str]
EVIL = "\x1b[2J\u202e"


def ok(data: object) -> Reply:
    return 200, "application/json", json.dumps({"status": "success", "data": data})


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat().replace("+00:00", "Z")


def alert(name: str, state: str, severity: str, service: str, **span: float) -> dict[str, Any]:
    labels = {"alertname": name, "severity": severity, "service": service, "project": "shop"}
    annotations = {"runbook_url": f"https://runbooks.example.com/#{name.lower()}"}
    return {
        "labels": labels,
        "annotations": annotations,
        "state": state,
        "activeAt": ago(**span),
        "value": "1.5e+00",
    }


ALERTS = [
    alert("Slow", "pending", "critical", "web", minutes=3),
    alert("Dear", "firing", "warning", "web", hours=2),
    alert("Down", "firing", "critical", f"old{EVIL}", days=3),
]
RULES = {"groups": [{"name": "g", "rules": [{"type": "alerting", "name": "Down", "query": "max(x) > 1.25"}]}]}


def prometheus(request: Request) -> Reply:
    query = request.form.get("query", "")
    for end, data in PATHS.items():
        if request.path.endswith(end):
            return ok(data() if callable(data) else data)
    if "== 0" in query:
        return success(vector(({"__name__": "never_set"}, "0")))
    if "__name__" in query:
        return success(vector(({"__name__": "http_requests_total"}, "3"), ({"__name__": "never_set"}, "1")))
    return success(vector(({}, "0.2")))


PATHS: dict[str, Any] = {
    "/alerts": {"alerts": ALERTS},
    "/rules": RULES,
    "/targets": lambda: {"activeTargets": TARGETS},
    "/metadata": {"http_requests_total": [{"type": "counter", "help": f"Requests{EVIL}"}]},
    "__name__/values": ["http_requests_total", "never_set", "up"],
    "/labels": ["__name__", "job"],
}


def target(health: str, instance: str, error: str = "") -> dict[str, Any]:
    return {
        "labels": {"job": "web", "instance": instance},
        "health": health,
        "lastError": error,
        "lastScrape": ago(seconds=4),
        "lastScrapeDuration": 0.012,
        "scrapeInterval": "15s",
    }


TARGETS: list[dict[str, Any]] = [
    target("up", "a:80"),
    target("down", "b:80", f"connection refused{EVIL}\nmore"),
]


@pytest.fixture
def ask(api: Api) -> Callable[..., int]:
    api.answer = prometheus
    return lambda command, *arguments: run([command, "--url", api.url, *arguments])


def test_alerts_are_listed_the_gravest_first_with_value_limit_and_runbook(
    ask: Callable[..., int], capsys: Capture
) -> None:
    assert ask("alerts") == 1
    out = capsys.readouterr().out
    rows = out.split("\n\n")[0].splitlines()
    assert [row.split()[2] for row in rows[1:]] == ["Down", "Dear", "Slow"]
    assert "1.5 > 1.25" in rows[1]
    assert "3.0 d" in rows[1]
    assert "https://runbooks.example.com/#down" in out
    assert not {"\x1b", "\u202e"} & set(out)
    assert ask("alerts", "--service", "web", "--severity", "critical") == 0
    assert "Slow" in capsys.readouterr().out
    assert ask("alerts", "--service", "none") == 0
    assert "no matching alert is pending or firing; 1 alerting rule in " in capsys.readouterr().out
    assert ask("alerts", "-o", "json") == 1
    assert len(json.loads(capsys.readouterr().out)) == 3


def test_that_nothing_fires_is_said_of_so_many_rules(
    ask: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setitem(PATHS, "/alerts", {"alerts": []})
    assert ask("alerts") == 0
    assert "nothing is pending or firing; 1 alerting rule in http" in capsys.readouterr().out
    monkeypatch.setitem(PATHS, "/rules", {"groups": [{"rules": [{"type": "recording", "name": "r"}]}]})
    assert ask("alerts") == 0
    assert "has no alerting rules, so nothing can be pending or firing" in capsys.readouterr().out


def test_targets_that_are_down_come_first_with_their_error(ask: Callable[..., int], capsys: Capture) -> None:
    assert ask("targets") == 1
    out = capsys.readouterr().out
    rows = out.splitlines()
    assert rows[1].startswith("✗ down  web  b:80")
    assert rows[2].startswith("        connection refused")
    assert len(rows) == 4
    assert not {"\x1b", "\u202e"} & set(out)
    assert ask("targets", "--down") == 1
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert ask("targets", "--job", "other") == 0
    assert "scrapes no job other; its jobs are web" in capsys.readouterr().out
    assert ask("targets", "-o", "json") == 1
    assert json.loads(capsys.readouterr().out)[0]["health"] == "down"


def test_metrics_are_listed_with_type_help_and_series(ask: Callable[..., int], capsys: Capture) -> None:
    assert ask("metrics", "--labels") == 0
    out = capsys.readouterr().out
    rows = [line.split() for line in out.splitlines()]
    assert rows[1][:4] == ["http_requests_total", "counter", "3", "job"]
    assert rows[2][:5] == ["never_set", "–", "1", "all", "0"]
    assert rows[3][:4] == ["up", "–", "none", "now"]
    assert not {"\x1b", "\u202e"} & set(out)
    assert ask("metrics", "--zero") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == ["never_set"]
    assert ask("metrics", "^http", "-o", "json") == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)] == ["http_requests_total"]
    assert ask("metrics", "nothing") == 4
    assert ask("metrics", "(") == 2
    assert ask("metrics", "--limit", "1") == 0
    assert "2 more" in capsys.readouterr().err


@pytest.fixture
def catalog(tmp_path: Path) -> str:
    path = tmp_path / "leadline.yaml"
    path.write_text(MINIMAL, "utf-8")
    return str(path)


def test_a_look_is_a_line_where_there_is_no_terminal(
    ask: Callable[..., int], catalog: str, capsys: Capture
) -> None:
    assert ask("watch", "--catalog", catalog, "--count", "2", "--every", "0.2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "web over 5m: traffic=0.200 req/s" in lines[0]
    assert "p95=✓ 200 ms (100 ms…250 ms)" in lines[0]
    assert "alerts=Dear" in lines[0]


def test_a_prometheus_that_goes_away_is_said_and_asked_again(
    ask: Callable[..., int], api: Api, catalog: str, capsys: Capture
) -> None:
    asked = 0

    def answer(request: Request) -> Reply:
        nonlocal asked
        asked += 1
        return prometheus(request) if asked > 8 else failure(503, "unavailable", f"starting{EVIL}")

    api.answer = answer
    assert ask("watch", "--catalog", catalog, "--count", "4", "--every", "0.2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert " lost: " in lines[0]
    assert "\x1b" not in lines[0]
    assert "traffic=0.200 req/s" in lines[-1]


def read_until(descriptor: int, wanted: str, seconds: float = 15) -> str:
    text = ""
    deadline = time.monotonic() + seconds
    while wanted not in text and time.monotonic() < deadline:
        ready, _, _ = select.select([descriptor], [], [], 0.2)
        if ready:
            try:
                text += os.read(descriptor, 65536).decode("utf-8", "replace")
            except OSError:  # the program has ended
                break
    return text


def test_on_a_terminal_it_is_drawn_in_place_and_keys_are_obeyed(api: Api, catalog: str) -> None:
    api.answer = prometheus
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "leadline",
        "watch",
        "--catalog",
        catalog,
        "--url",
        api.url,
        "--every",
        "0.3",
    ]
    environment = {**os.environ, "COLUMNS": "100", "LINES": "24", "TERM": "xterm"}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment
    ) as program:
        os.close(theirs)
        text = read_until(ours, f"waiting for {api.url}")
        assert "\x1b[?1049h" in text, "the screen was not put aside"
        assert f"waiting for {api.url}" in text, "the first screen is black"
        assert "rates over 5m, worst first" in read_until(ours, "worst first")
        os.write(ours, b"s")
        assert "by name" in read_until(ours, "by name")
        os.write(ours, b"?")
        assert "press any key to go back" in read_until(ours, "press any key to go back")
        os.write(ours, b"+")
        assert "rates over 15m" in read_until(ours, "rates over 15m")
        os.write(ours, b"p")
        assert "paused" in read_until(ours, "paused")
        os.write(ours, b"q")
        left = read_until(ours, "the program's end").partition("\x1b[?1049l")[2]
        assert "rates over 15m" in left, "no picture is left behind"
        assert program.wait(10) == 0
    os.close(ours)
