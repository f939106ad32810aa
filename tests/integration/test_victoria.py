"""The terminal on a real VictoriaMetrics that scrapes the demo's service; skipped where there is none (Debian: victoria-metrics)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline.base.errors import LeadlineError
from leadline.catalog.endpoints import Endpoint
from leadline.cli.main import run
from leadline.demo.processes import free_port, running, wait_for
from leadline.demo.run import Finished
from leadline.prometheus.client import Prometheus

pytestmark = pytest.mark.integration
Capture = pytest.CaptureFixture[str]
PROGRAM = shutil.which("victoria-metrics")


@pytest.fixture(scope="module")
def victoria(demo: Finished, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if PROGRAM is None:
        pytest.skip("there is no victoria-metrics here")
    folder: Path = tmp_path_factory.mktemp("victoria")
    target, port = demo.urls["orchestrator"].removeprefix("http://"), free_port()
    jobs = "".join(
        f"  - {{job_name: {job}, static_configs: [{{targets: ['{address}']}}]}}\n"
        for job, address in (("threads-agent-orchestrator", target), ("gone", "127.0.0.1:1"))
    )
    (folder / "scrape.yml").write_text(f"global: {{scrape_interval: 1s}}\nscrape_configs:\n{jobs}", "utf-8")
    command = [
        PROGRAM, f"-promscrape.config={folder / 'scrape.yml'}", f"-storageDataPath={folder / 'data'}",
        f"-httpListenAddr=127.0.0.1:{port}", "-search.latencyOffset=0s",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with (
        running("victoria-metrics", command, folder / "log") as program,
        Prometheus(Endpoint(url=url)) as client,
    ):
        wait_for("a scrape", lambda: _scraped(client), program)
        yield url


def _scraped(client: Prometheus) -> bool:
    try:
        return bool(client.ask("http_requests_total").series)
    except LeadlineError:
        return False


def test_what_is_asked_is_answered(victoria: str, capsys: Capture) -> None:
    url = ["--url", victoria]
    assert run(["query", "count(up)", *url]) == 0
    assert capsys.readouterr().out == "2\n"
    assert run(["query", "http_requests_total", "--explain", *url]) == 0
    explained = capsys.readouterr().out
    assert "status_code  200" in explained
    assert "samples   not reported by this server" in explained
    assert run(["query", "median_over_time(up[1m])", "--as-is", *url]) == 0
    assert "threads-agent-orchestrator" in capsys.readouterr().out
    assert run(["query", "http_request_total", *url]) == 4
    assert "there is no metric http_request_total; there is http_requests_total" in capsys.readouterr().err
    assert run(["query", "up", "--range", "30s", "--step", "1s", "-o", "csv", *url]) == 0
    assert capsys.readouterr().out.count("\n") > 2


def test_what_there_is_is_listed(victoria: str, capsys: Capture) -> None:
    url = ["--url", victoria]
    assert run(["targets", *url]) == 1
    listed = capsys.readouterr().out
    assert "✗ down  gone" in listed
    assert "✓ up    threads-agent-orchestrator" in listed
    assert run(["metrics", "^http_requests_total$", "-o", "json", *url]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["series"] >= 1
    assert run(["alerts", *url]) == 0
    assert "has no alerting rules, so nothing can be pending or firing" in capsys.readouterr().out


def test_services_are_watched_and_signals_asked(victoria: str, capsys: Capture) -> None:
    assert run(["watch", "--count", "1", "--over", "1m", "--url", victoria]) == 0
    assert "orchestrator over 1m: traffic=" in capsys.readouterr().out
    assert run(["signal", "throughput", "--over", "1m", "--url", victoria]) == 0
    assert "req/s" in capsys.readouterr().out


def test_each_step_to_it_is_checked(victoria: str, capsys: Capture, tmp_path: Path) -> None:
    own = tmp_path / "config/leadline/config.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(f"contexts: {{vm: {{prometheus: {{url: '{victoria}'}}}}}}\n", "utf-8")
    assert run(["context", "check", "vm"]) == 0
    checked = capsys.readouterr().out
    assert "✓ connection" in checked
    assert "✓ API        VictoriaMetrics " in checked
    assert "? retention" in checked
