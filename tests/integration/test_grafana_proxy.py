"""The terminal through Grafana's data source proxy to the demo's real Prometheus.

The proxy is a stand-in: below its path it passes on what Grafana passes on to a Prometheus (GET, and POST of queries alone), wants a
service account's token, and answers as Grafana does: the recording has its 401 and its 502.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from leadline.cli.main import run
from leadline.demo.run import Finished
from tests.conftest import ROOT
from tests.doubles import Api, Reply, Request

pytestmark = pytest.mark.integration
Capture = pytest.CaptureFixture[str]
PATH, TOKEN = "/api/datasources/proxy/uid/prometheus", "glsa_secret"
POSTED = ("/api/v1/query", "/api/v1/query_range", "/api/v1/series", "/api/v1/labels")
CATALOG = ["--catalog", str(ROOT / "leadline/demo/leadline.yaml")]


@pytest.fixture
def grafana(demo: Finished) -> Iterator[Api]:
    def answer(request: Request) -> Reply:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, "application/json", json.dumps({"message": "Unauthorized"})
        if not request.path.startswith(PATH):
            return 404, "application/json", json.dumps({"message": "Not found"})
        inside = request.path.removeprefix(PATH)
        if request.method == "POST" and inside not in POSTED:
            return (
                403,
                "application/json",
                json.dumps(
                    {"message": "non allow-listed POSTs not allowed on proxied Prometheus datasource"}
                ),
            )
        try:
            told = requests.request(
                request.method,
                f"{demo.urls['Prometheus']}{inside}?{request.url_query}",
                data=request.form or None,
                timeout=10,
            )
        except requests.ConnectionError:
            return 502, "", ""
        return told.status_code, told.headers.get("Content-Type", ""), told.text

    with Api() as api:
        api.answer = answer
        yield api


@pytest.fixture
def through(grafana: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Describe it as a context of one's own; give the option that chooses it."""
    (tmp_path / "token").write_text(TOKEN, "utf-8")
    file = tmp_path / "leadline/config.yaml"
    file.parent.mkdir()
    file.write_text(
        f"contexts: {{grafana: {{prometheus: {{url: '{grafana.url}{PATH}', authorization: {{credentials_file: {tmp_path / 'token'}}}}}}}}}\n",
        "utf-8",
    )
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return ["--context", "grafana"]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["query", "count(up)"], "2"),
        (["query", "up", "--range", "30s", "--step", "1s", "-o", "csv"], "threads-agent-orchestrator"),
        (["query", "http_requests_total", "--explain"], "type      counter"),
        (["targets"], "✓ up"),
        (["alerts"], "alert"),
        (["metrics", "^http_requests_total$"], "counter"),
        (["signal", "throughput", *CATALOG], "req/s"),
        (["watch", "--count", "1", *CATALOG], "orchestrator over 5m: traffic="),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_each_command_asks_through_it(
    through: list[str], capsys: Capture, command: list[str], says: str
) -> None:
    assert run([*command, *through]) in (0, 1)
    out, error = capsys.readouterr()
    assert says in out
    assert TOKEN not in out + error


def test_each_step_to_it_is_checked(through: list[str], capsys: Capture) -> None:
    assert run(["context", "check", "grafana"]) == 0
    assert "✓ API        Prometheus " in capsys.readouterr().out


def test_a_missing_token_is_told(grafana: Api, capsys: Capture) -> None:
    assert run(["query", "up", "--url", grafana.url + PATH]) == 3
    assert "credentials are missing or wrong" in capsys.readouterr().err
