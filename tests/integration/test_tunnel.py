"""The tunnel: it breaks ten times under a running snapshot, which completes, and nothing is left running."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from leadline.cli.main import run
from leadline.demo.run import Finished
from tests.conftest import ROOT
from tests.integration.test_commands import leftovers

pytestmark = pytest.mark.integration

Capture = pytest.CaptureFixture[str]
CONTEXT = (
    "\ncontexts: {cluster: {prometheus: {service: 'NAME:9090'}, grafana: {service: 'prometheus:3000'}}}\n"
)


@pytest.fixture
def deaths(
    tmp_path: Path, demo: Finished, stand_in: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Put the stand-in on PATH; give the file that says how often it has still to die."""
    stand_in(prometheus=urlsplit(demo.urls["Prometheus"]).port)
    count = tmp_path / "deaths"
    count.write_text("0")
    monkeypatch.setenv("STAND_IN_DEATHS", str(count))
    return count


@pytest.fixture
def catalog(catalog_file: Callable[[str], Path]) -> str:
    text = (ROOT / "leadline/demo/leadline.yaml").read_text("utf-8")
    return str(catalog_file(text + CONTEXT.replace("NAME", "prometheus")))


def test_a_snapshot_survives_ten_breaks(demo: Finished, deaths: Path, catalog: str, capsys: Capture) -> None:
    deaths.write_text("10")
    start, end = (
        datetime.fromtimestamp(t, UTC).isoformat() for t in (demo.report.window.start, demo.report.window.end)
    )
    assert run(["snapshot", "--catalog", catalog, "--start", start, "--end", end, "-o", "json"]) in (0, 1, 4)
    out, error = capsys.readouterr()
    readings = {entry["signal"]: entry for entry in json.loads(out)["services"][0]["readings"]}
    assert readings["requests"]["value"] == demo.summary.recorded
    assert deaths.read_text() == "0"
    assert error.count("broke; opening it again") == 10
    assert leftovers("stand_in_kubectl.py") == []


def test_a_service_that_is_not_there_is_told_in_kubectls_words(
    deaths: Path, catalog_file: Callable[[str], Path], capsys: Capture
) -> None:
    text = (ROOT / "leadline/demo/leadline.yaml").read_text("utf-8") + CONTEXT.replace("NAME", "promtheus")
    assert run(["snapshot", "--catalog", str(catalog_file(text))]) == 3
    assert 'services "promtheus" not found' in capsys.readouterr().err


def test_what_is_not_what_it_claims_is_refused(deaths: Path, catalog: str, capsys: Capture) -> None:
    assert run(["forward", "grafana", "--catalog", catalog]) == 3
    assert "is not grafana" in capsys.readouterr().err
    assert leftovers("stand_in_kubectl.py") == []


def test_a_taken_port_is_told(deaths: Path, catalog: str, capsys: Capture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert (
            run(["forward", "prometheus", "--port", str(taken.getsockname()[1]), "--catalog", catalog]) == 2
        )
    assert "is in use" in capsys.readouterr().err


def test_forward_ends_cleanly_on_ctrl_c(deaths: Path, catalog: str) -> None:
    command = [sys.executable, "-m", "leadline", "forward", "prometheus", "--catalog", catalog]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("prometheus: http://127.0.0.1:")
        assert leftovers("stand_in_kubectl.py")
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
    assert leftovers("stand_in_kubectl.py") == []
