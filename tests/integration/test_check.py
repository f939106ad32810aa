"""`leadline check` and `leadline init` against the demo's Prometheus: each mistake in a catalog is found, a right one is left alone."""

from __future__ import annotations

import json
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from leadline.cli.main import run
from leadline.demo.run import Finished

pytestmark = pytest.mark.integration

CATALOG = files("leadline.demo").joinpath("leadline.yaml").read_text("utf-8")
Capture = pytest.CaptureFixture[str]


def found(
    demo: Finished, folder: Path, capsys: Capture, text: str = CATALOG, *options: str
) -> tuple[int, list[dict[str, Any]]]:
    (folder / "leadline.yaml").write_text(text)
    command = ["check", "--catalog", str(folder / "leadline.yaml"), "--url", demo.urls["Prometheus"]]
    capsys.readouterr()
    code = run([*command, "-o", "json", *options])
    return code, json.loads(capsys.readouterr().out)["findings"]


def test_the_demos_catalog_has_no_error(demo: Finished, tmp_path: Path, capsys: Capture) -> None:
    code, findings = found(demo, tmp_path, capsys)
    assert code == 0
    assert {each["code"] for each in findings if each["severity"] == "error"} == set()
    assert "target-off-edge" in {each["code"] for each in findings}
    assert "rules-cost" in {each["code"] for each in findings}
    assert "rules-not-loaded" not in {each["code"] for each in findings}


MISTAKES = {
    "metric": (
        "cpu_limit: {value: 1}",
        "requests: {metric: http_request_total}",
        "metric-missing",
        "http_requests_total",
    ),
    "selector": ("{job: threads-agent-orchestrator}", "{job: thread-agent-orchestrator}", "value-missing", "did you mean"),
    "label": ("cpu_limit: {value: 1}", "requests: {labels: {status: code}}", "label-missing", "errors cannot be identified"),
    "gauge": ("cost: {selector: {job: threads-agent-persona-runtime}}", "cost: {metric: process_open_fds, selector: {job: threads-agent-orchestrator}}", "not-a-counter", "is a gauge"),
    "target": ("p99: 800ms", "p99: 20s", "target-above-buckets", "add a bucket at 20"),
    "interval": ("scrape_interval: 2s", "scrape_interval: 15s", "interval-differs", "write scrape_interval: 2s"),
    "edges": ("cpu_limit: {value: 1}", "latency: {buckets: [0.1, 0.5, 1]}", "edges-differ", "instruments.latency.buckets"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_catalog_is_found_with_its_remedy(
    mistake: str, demo: Finished, tmp_path: Path, capsys: Capture
) -> None:
    before, after, code, says = MISTAKES[mistake]
    assert before in CATALOG
    _, findings = found(demo, tmp_path, capsys, CATALOG.replace(before, after))
    mine = [each for each in findings if each["code"] == code]
    assert mine, [each["code"] for each in findings]
    assert any(says in each["what"] + each["remedy"] for each in mine)
    assert all(each["file"].endswith("leadline.yaml") and each["line"] > 0 for each in mine)


def test_a_threshold_whose_bucket_no_instance_has_is_found(
    demo: Finished, tmp_path: Path, capsys: Capture
) -> None:
    text = CATALOG.replace("within: 500ms", "within: 300ms").replace(
        "cpu_limit: {value: 1}", "cpu_limit: {value: 1}\n      latency: {buckets: [0.1, 0.3, 1]}"
    )
    _, findings = found(demo, tmp_path, capsys, text)
    (missing,) = (each for each in findings if each["code"] == "objective-edge-missing")
    assert "have no bucket at 0.3 s" in missing["what"]
    assert "bring the bucket at 0.3 back" in missing["remedy"]


def test_what_the_catalog_ignores_is_kept_apart_with_its_reason(
    demo: Finished, tmp_path: Path, capsys: Capture
) -> None:
    ignoring = CATALOG + "ignore: [{code: target-off-edge, subject: orchestrator, reason: soon}]\n"
    code, findings = found(demo, tmp_path, capsys, ignoring, "--fail-on", "warning")
    assert {each["ignored"] for each in findings if each["code"] == "target-off-edge"} == {"soon"}
    assert code == 0


@pytest.mark.parametrize("output", ["text", "junit", "sarif", "github"])
def test_findings_are_written_in_every_format(
    output: str, demo: Finished, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "leadline.yaml").write_text(CATALOG)
    capsys.readouterr()
    run(["check", "-c", str(tmp_path / "leadline.yaml"), "--url", demo.urls["Prometheus"], "-o", output])
    out = capsys.readouterr().out
    assert "target-off-edge" in out
    if output == "junit":
        assert ET.fromstring(out).get("tests") == "2"  # p95 and p99
    if output == "sarif":
        assert json.loads(out)["version"] == "2.1.0"
    if output == "github":
        assert out.startswith(("::warning file=", "::notice file="))


def test_what_is_generated_has_no_finding_as_files(
    demo: Finished, out: Path, tmp_path: Path, capsys: Capture
) -> None:
    generated = [
        *map(str, (out / "generated/grafana").glob("*.json")),
        *map(str, (out / "generated/prometheus/rules").glob("*.yaml")),
    ]
    capsys.readouterr()
    code = run(
        [
            "check",
            *generated,
            "--url",
            demo.urls["Prometheus"],
            "-c",
            str(tmp_path / "none.yaml"),
            "-o",
            "json",
        ]
    )
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert findings == []
    assert code == 0


def test_without_a_server_files_are_parsed_and_targets_are_held_against_stated_edges(
    tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "leadline.yaml").write_text(CATALOG.replace("retention: 40d", "retention: 1d"))
    assert run(["check", "--offline", "-c", str(tmp_path / "leadline.yaml")]) == 1
    out = capsys.readouterr().out
    assert "target-off-edge" in out
    assert "window-beyond-retention" in out
    rules = tmp_path / "r.yaml"
    rules.write_text("groups: [{name: a, rules: [{alert: A, expr: 'sum(rate(x[5m]'}]}]\n")
    assert run(["check", str(rules), "--offline", "-c", str(tmp_path / "none.yaml")]) == 1
    assert "promql-syntax" in capsys.readouterr().out


def test_init_writes_a_catalog_that_works_and_never_overwrites_one(
    demo: Finished, tmp_path: Path, capsys: Capture
) -> None:
    path, url = tmp_path / "leadline.yaml", demo.urls["Prometheus"]
    assert run(["init", "--url", url, "-c", str(path), "--project", "shop"]) == 0
    written = path.read_text("utf-8")
    assert "PROPOSED" in written
    for command in (
        ["generate", "--out", str(tmp_path / "generated")],
        ["check"],
        ["snapshot", "--window", "1m"],
    ):
        assert run([*command, "-c", str(path)]) in (0, 1, 4), command
    capsys.readouterr()
    assert run(["init", "--url", url, "-c", str(path)]) == 2
    assert "never overwritten" in capsys.readouterr().err
    assert path.read_text("utf-8") == written


def test_init_shows_as_a_diff_what_a_catalog_lacks(
    demo: Finished, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = demo.urls["Prometheus"]
    path = tmp_path / "leadline.yaml"
    path.write_text(
        "project: shop\nscrape_interval: 2s\nservices:\n  web:\n    profile: threads-agent\n"
        f"    selector: {{job: threads-agent-orchestrator}}\ncontexts: {{local: {{prometheus: {{url: '{url}'}}}}}}\n"
    )
    capsys.readouterr()
    assert run(["init", "--update", "-c", "leadline.yaml"]) == 1
    diff = capsys.readouterr().out
    assert "+  threads-agent-persona-runtime:" in diff
    assert "+  threads-agent-orchestrator:" not in diff
    done = subprocess.run(
        ["git", "apply", "--unsafe-paths", "-p0"], input=diff, text=True, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert run(["init", "--update", "-c", "leadline.yaml"]) == 0
    assert run(["check", "-c", "leadline.yaml"]) in (0, 1)


def test_a_users_own_dashboard_is_held_against_what_is_there(
    demo: Finished, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "mine.py").write_text(
        "from leadline import dashboard, panel\n\n\n"
        "def dashboards(catalog):\n"
        "    return dashboard(catalog, 'mine', 'Mine', 'about', panel('Gone', 'Normal is none.', 'nosuch_metric_total'))\n",
        "utf-8",
    )
    _, findings = found(demo, tmp_path, capsys, CATALOG + "dashboards: [mine.py]\n")
    mine = [each for each in findings if each["code"] == "metric-missing"]
    assert ["nosuch_metric_total" in each["what"] for each in mine] == [True]
    assert mine[0]["file"] == "grafana/threads-agent-mine.json"
