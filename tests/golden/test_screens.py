"""What commands print on terminals of 80 and 200 columns, reviewed as output. `make golden` rewrites it.

The answers were recorded from the Prometheus of a demo run; LEADLINE_RECORD=URL of one records them again.
"""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from leadline.catalog.endpoints import Endpoint
from leadline.cli.main import run
from leadline.cli.watch.frame import KEPT, History, lines
from leadline.cli.watch.poll import look, past
from leadline.demo.run import catalog as demo_catalog
from leadline.prometheus.client import Prometheus
from tests.conftest import ROOT
from tests.doubles import Api, Reply, Request
from tests.golden.test_golden import FOLDER, WRITE

SCREENS, ANSWERS = FOLDER / "screens", FOLDER / "screens.json"
RECORDED_FROM = os.environ.get("LEADLINE_RECORD", "")
CATALOG = str(ROOT / "leadline/demo/leadline.yaml")
RATE = "sum by (status_code) (rate(http_requests_total[1m]))"
COMMANDS = {
    "query": "query http_requests_total",
    "query-unit": "query process_resident_memory_bytes",
    "query-range-table": f"query '{RATE}' --range 5m --step 10s -o table",
    "query-plot": f"query '{RATE}' --range 5m",
    "query-plot-one": "query 'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))' --range 5m --threshold 0.4",
    "query-explain": "query 'rate(process_resident_memory_bytes[1m])' --explain",
    "query-mistake": "query 'sum by (rate(http_requests_total[1m])'",
    "query-no-metric": "query http_request_total",
    "query-no-label": "query 'sum(rate(http_requests_total{status=~\"5..\"}[5m]))'",
    "query-no-group": "query 'sum by (route) (rate(http_requests_total[1m]))'",
    "targets": "targets",
    "alerts": f"alerts --catalog {CATALOG}",
    "metrics": "metrics '^http_requests' --labels",
    "signals": f"signals --catalog {CATALOG}",
    "signal": f"signal throughput --by route,status_class --catalog {CATALOG}",
}
WITHOUT_SERVER = ("signals",)


@pytest.fixture(scope="module")
def recorded() -> Iterator[dict[str, Any]]:
    """Return the answers; where they are recorded again, keep them."""
    told = {"at": time.time(), "answers": {}} if RECORDED_FROM else json.loads(ANSWERS.read_text("utf-8"))
    yield told
    if RECORDED_FROM:
        ANSWERS.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", "utf-8")


@pytest.fixture
def url(recorded: dict[str, Any], api: Api, monkeypatch: pytest.MonkeyPatch) -> str:
    """Serve the answers at the time of their recording."""

    def answer(request: Request) -> Reply:
        key = (
            f"{request.method} {request.path}?{request.url_query} {json.dumps(request.form, sort_keys=True)}"
        )
        if RECORDED_FROM and key not in recorded["answers"]:
            recorded["answers"][key] = _forwarded(request)
        status, kind, body = recorded["answers"][key]
        return status, kind, body if isinstance(body, str) else json.dumps(body)

    api.answer = answer
    monkeypatch.setattr("time.time", lambda: recorded["at"])
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    return api.url


def _forwarded(request: Request) -> tuple[int, str, Any]:
    told = requests.request(
        request.method,
        f"{RECORDED_FROM}{request.path}?{request.url_query}",
        data=request.form or None,
        timeout=10,
    )
    kind = told.headers.get("Content-Type", "")
    if "json" not in kind:
        return told.status_code, kind, told.text
    body = told.json()
    if request.path.endswith("/rules"):
        body["data"]["groups"] = [
            {**group, "rules": [rule for rule in group["rules"] if rule["type"] == "alerting"][:2]}
            for group in body["data"]["groups"]
            if any(rule["type"] == "alerting" for rule in group["rules"])
        ][:1]
        for group in body["data"]["groups"]:
            group["file"] = f"/etc/prometheus/rules/{Path(group['file']).name}"
    if request.path.endswith("/runtimeinfo"):
        body["data"] = {name: said for name, said in body["data"].items() if "etention" in name}
    if request.path.endswith("/metadata"):
        body["data"] = {
            name: said for name, said in body["data"].items() if name.startswith(("http_", "process_"))
        }
    if request.path.endswith("/flags"):
        body["data"] = {name: said for name, said in body["data"].items() if "retention" in name}
    return told.status_code, kind, body


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_screen_is_as_was_reviewed(
    name: str, columns: int, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", "24")
    there = [] if name in WITHOUT_SERVER else ["--url", url]
    code = run([*shlex.split(COMMANDS[name]), *there])
    out, error = capsys.readouterr()
    shown = (out + error).replace(url, "http://127.0.0.1:9090")
    lines = [
        line for line in shown.splitlines() if not line.startswith("  time      ")
    ]  # how long it took just now
    _compare(
        f"{name}.{columns}.txt",
        "\n".join((f"$ leadline {COMMANDS[name]}".replace(CATALOG, "leadline.yaml"), *lines, f"exit {code}")),
    )


@pytest.mark.parametrize("columns", [80, 200])
def test_the_watch_is_as_was_reviewed(columns: int, url: str) -> None:
    catalog = demo_catalog()
    with Prometheus(Endpoint(url=url)) as prometheus:
        history = History(5)
        history.begin(past(prometheus, catalog.services, "5m", KEPT, 5))
        seen = look(prometheus, catalog.services, catalog, "5m")
    assert not seen.lost
    history.add(seen)
    _compare(f"watch.{columns}.txt", "\n".join(lines(seen, history, "5m", columns, 20)))


def _compare(name: str, shown: str) -> None:
    path: Path = SCREENS / name
    if WRITE or RECORDED_FROM:
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown + "\n", "utf-8")
    assert path.read_text("utf-8") == shown + "\n"
