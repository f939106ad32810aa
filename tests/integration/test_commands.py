"""Commands against the real Prometheus of the demo, and against one that goes away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadline.cli.main import run
from leadline.demo.run import Finished
from tests.conftest import ROOT

pytestmark = pytest.mark.integration

Capture = pytest.CaptureFixture[str]
DEMO_CATALOG = str(ROOT / "leadline/demo/leadline.yaml")


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def snapshot(demo: Finished, *options: str, catalog: str = DEMO_CATALOG) -> int:
    window = demo.report.window
    span = () if "--start" in options else ("--start", stamp(window.start), "--end", stamp(window.end))
    return run(["snapshot", "--catalog", catalog, "--url", demo.urls["Prometheus"], *span, *options])


def test_a_snapshot_of_the_same_window_counts_the_same(demo: Finished, capsys: Capture) -> None:
    assert snapshot(demo, "-o", "json") in (0, 1, 4)
    report = json.loads(capsys.readouterr().out)
    readings = {entry["signal"]: entry for entry in report["services"][0]["readings"]}
    assert readings["requests"]["value"] == demo.summary.recorded
    assert readings["throughput"]["verdict"] is None


def test_undecided_can_warn_or_pass(
    demo: Finished, capsys: Capture, catalog_file: Callable[[str], Path]
) -> None:
    text = Path(DEMO_CATALOG).read_text("utf-8").replace("{p95: 400ms, p99: 800ms}", "{p50: 99ms}")
    path = str(catalog_file(text))
    assert snapshot(demo, catalog=path) == 4
    assert "99 ms lies inside the bucket 50 ms to 100 ms; add a bucket at 0.099" in capsys.readouterr().out
    assert snapshot(demo, "--undecided", "warn", catalog=path) == 0
    assert "a target is undecided" in capsys.readouterr().err
    assert snapshot(demo, "--undecided", "pass", catalog=path) == 0
    assert capsys.readouterr().err == ""


def test_a_target_that_is_missed_is_1_even_beside_an_undecided_one(
    demo: Finished, catalog_file: Callable[[str], Path]
) -> None:
    text = (
        Path(DEMO_CATALOG).read_text("utf-8").replace("{p95: 400ms, p99: 800ms}", "{p50: 99ms, p99: 250ms}")
    )
    assert snapshot(demo, catalog=str(catalog_file(text))) == 1


def test_a_window_before_the_data_says_so(demo: Finished, capsys: Capture) -> None:
    early = demo.report.window.start - 86400
    assert snapshot(demo, "--start", stamp(early), "--end", stamp(early + 600)) == 4
    out = capsys.readouterr().out
    assert "does it lie before the data" in out
    assert "  exact" not in out


def test_a_wrong_selector_is_told_from_a_metric_that_is_not_there(
    demo: Finished, capsys: Capture, catalog_file: Callable[[str], Path]
) -> None:
    text = Path(DEMO_CATALOG).read_text("utf-8")
    assert (
        snapshot(demo, catalog=str(catalog_file(text.replace("threads-agent-orchestrator", "orchestrator"))))
        == 4
    )
    assert (
        'http_requests_total exists, but no series of it matches {job="orchestrator"'
        in capsys.readouterr().out
    )
    other = text.replace("profile: threads-agent", "profile: otel-http")
    other = other.replace("    instruments:\n      tokens: {sel", "    x:\n      tokens: {sel").split(
        "    x:"
    )[0]
    assert snapshot(demo, catalog=str(catalog_file(other))) == 4
    assert "there is no metric http_server_request_duration_seconds" in capsys.readouterr().out


def test_a_query_is_answered_rejected_or_empty(demo: Finished, capsys: Capture) -> None:
    address = ["--url", demo.urls["Prometheus"]]
    assert run(["query", "count(up)", *address]) == 0
    assert capsys.readouterr().out == "2\n"
    assert run(["query", "0/0", *address]) == 0
    assert capsys.readouterr().out == "NaN\n"
    assert run(["query", "up{", "--as-is", *address]) == 3
    assert "parse error" in capsys.readouterr().err
    assert run(["query", "no_such_metric", *address]) == 4
    assert run(["query", "up", "--url", demo.urls["orchestrator"]]) == 3
    assert "does not speak Prometheus's API" in capsys.readouterr().err


def leftovers(marker: str) -> list[str]:
    """Return the command lines of running processes that mention a marker."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if marker in text:
            found.append(text)
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
def test_an_interrupted_demo_leaves_nothing_running(tmp_path: Path) -> None:
    """Two at once, for each takes its time: Ctrl-C ends one, a supervisor's SIGTERM the other."""
    signs = (signal.SIGINT, signal.SIGTERM)
    with ThreadPoolExecutor(len(signs)) as pool:
        list(pool.map(lambda sign: interrupted(tmp_path / sign.name, sign), signs))


def interrupted(folder: Path, sign: signal.Signals) -> None:
    folder.mkdir()
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "leadline", "demo", "--out", str(folder / "out")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("k6"):
                break
        time.sleep(2)
        assert len(leftovers(str(folder))) >= 3
        process.send_signal(sign)
        assert process.wait(30) == 130
    assert leftovers(str(folder)) == []
    assert not list(folder.glob("leadline-demo-*"))


def test_without_prometheus_the_demo_says_what_to_install(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "leadline", "demo", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "prometheus is not installed: apt-get install prometheus" in done.stderr


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        (
            'rate(http_requests_total{status="500"}[1m])',
            "; its labels are endpoint, instance, job, method, service, status_code; did you mean status_code?",
        ),
        (
            'http_requests_total{status_code="503"}',
            'no series of http_requests_total has status_code="503"; values of status_code: 200',
        ),
        (
            'http_requests_total{status_code="500", endpoint="/metrics"}',
            'no series of http_requests_total has all of status_code="500", endpoint="/metrics"',
        ),
        ("rate(http_requests_total[1s])", "rate() over 1s holds fewer than two scrapes"),
        (
            "up == 2",
            "every selector in it has series, so a comparison, label matching or a window removes all of them",
        ),
        ("up offset 5d", "offset or @ selects another time; were there samples then?"),
        ("absent(up)", "absent() returns nothing if there are series"),
        ('{job="nobody"}', '{job="nobody"} selects nothing at that time'),
    ],
)
def test_a_query_without_an_answer_says_why(
    demo: Finished, capsys: Capture, expression: str, says: str
) -> None:
    end = stamp(demo.report.window.end)
    assert run(["query", expression, "--at", end, "--url", demo.urls["Prometheus"]]) == 4
    assert says in capsys.readouterr().err


def test_a_query_that_groups_by_a_label_that_is_not_there_is_answered_and_told(
    demo: Finished, capsys: Capture
) -> None:
    url = ["--url", demo.urls["Prometheus"]]
    assert run(["query", "sum by (route) (http_requests_total)", *url]) == 0
    assert "by (route): no series here carries the label route" in capsys.readouterr().err
    assert run(["query", "sum by (endpoint) (http_requests_total)", *url]) == 0
    assert capsys.readouterr().err == ""
    assert run(["query", "sum by (le) (rate(http_request_duration_seconds_bucket[5m]))", *url]) == 0
    assert capsys.readouterr().err == ""


def test_what_is_wrong_with_a_query_is_in_its_explanation(demo: Finished, capsys: Capture) -> None:
    url = ["--url", demo.urls["Prometheus"]]
    assert run(["query", "rate(process_resident_memory_bytes[5m])", "--explain", *url]) == 0
    assert "rate() of process_resident_memory_bytes, which is a gauge" in capsys.readouterr().out
