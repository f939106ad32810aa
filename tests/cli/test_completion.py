"""Completion, as real shells ask for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from leadline.cli.main import run
from tests.conftest import ROOT
from tests.doubles import Api, Reply, Request, success

LEADLINE = Path(sys.executable).parent
CATALOG = """
project: shop
contexts: {prod: {prometheus: {url: "http://127.0.0.1:1"}}, stage: {prometheus: {service: "prometheus:9090"}}}
services:
  web: {profile: generic-http, selector: {job: web}}
  worker: {profile: generic-http, selector: {job: worker}}
"""
Complete = Callable[[str], list[str]]


@pytest.fixture
def complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """Press the key at the end of a line in bash; give what bash would offer."""
    (tmp_path / "leadline.yaml").write_text(CATALOG, "utf-8")
    monkeypatch.setenv("PATH", f"{LEADLINE}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    script = tmp_path / "leadline.bash"
    script.write_bytes(subprocess.check_output([LEADLINE / "leadline", "completion", "bash"]))

    def press(line: str) -> list[str]:
        code = (
            f'source {script}; compopt() {{ :; }}; COMP_LINE="$1"; COMP_POINT=${{#1}}; '
            '_leadline_completion leadline; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(
            ["bash", "--norc", "-c", code, "bash", line],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        assert done.stderr == ""
        return [word for word in done.stdout.splitlines() if word]

    return press


def test_what_is_written_down_is_offered(complete: Complete) -> None:
    assert complete("leadline sna") == ["snapshot"]
    assert {"query", "watch"} <= set(complete("leadline "))
    assert complete("leadline watch w") == ["web", "worker"]
    assert complete("leadline snapshot --context ") == ["prod", "stage"]
    assert complete("leadline context use st") == ["stage"]
    assert "latency.p95" in complete("leadline signal latency.p")
    assert complete("leadline query --expl") == ["--explain"]
    assert "markdown" in complete("leadline query -o ")


def test_metrics_of_the_server_are_offered_inside_an_expression(complete: Complete, api: Api) -> None:
    api.answer = lambda _: success(["http_requests_total", "http_request_seconds_sum", "up", "job:up:sum"])
    asked = f"leadline query --url {api.url} "
    assert complete(f"{asked}ht") == ["http_requests_total", "http_request_seconds_sum"]
    assert complete(f"{asked}'sum(rate(http_requests") == [
        "sum(rate(http_requests_total",
        "sum(rate(http_requests_total{",
    ]
    assert complete(f'{asked}"sum(u')[0] == "sum(up"
    assert complete(f"{asked}'histogram_q") == ["histogram_quantile("]
    assert complete(f"{asked}job:u") == ["up:sum"], "bash takes what follows a colon for a word of its own"
    assert len(api.requests) == 1, "asked once, then kept"


def test_a_server_that_does_not_answer_is_silent_and_not_asked_again(
    complete: Complete, tmp_path: Path
) -> None:
    assert complete("leadline query --url http://127.0.0.1:1 u") == []
    assert len(list((tmp_path / "cache/leadline/completion").glob("metrics-*.json"))) == 1
    (tmp_path / "leadline.yaml").write_text("services: [", "utf-8")
    assert complete("leadline watch w") == []
    assert complete("leadline query u") == []


def test_what_metrics_saw_is_kept_for_a_server_behind_a_tunnel(complete: Complete, tmp_path: Path) -> None:
    from leadline.cli.completing import cache

    assert complete("leadline query --context stage u") == []
    cache.remember(tmp_path / "leadline.yaml", None, "stage", ["up", "upper"])
    assert complete("leadline query --context stage u") == ["up", "upper"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_reads(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"_LEADLINE_COMPLETE={shell}_complete" in script
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not here")
    subprocess.run([program, "-n"], input=script, text=True, check=True, capture_output=True)


def test_the_shell_is_guessed_or_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert run(["completion"]) == 0
    assert "fish_complete" in capsys.readouterr().out
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert run(["completion"]) == 2
    assert "$SHELL is tcsh; name the shell: bash, zsh, fish" in capsys.readouterr().err


def told(request: Request) -> Reply:
    if request.path.endswith("/labels"):
        return success(["__name__", "job", "status", "status_class"])
    if request.path.endswith("/label/status/values"):
        assert "http_requests_total" in request.url_query
        return success(["200", "500", "5'0", 'a"b'])
    return success(["http_requests_total", "up"])


def test_labels_and_their_values_are_offered_where_they_stand(complete: Complete, api: Api) -> None:
    api.answer = told
    asked = f"leadline query --url {api.url} "
    metric = f"{asked}'sum(http_requests_total"
    done = metric.removeprefix(f"{asked}'")
    assert complete(metric + "{sta") == [done + '{status="', done + '{status_class="']
    assert complete(metric + '{job="x", j') == [done + '{job="x", job="', done + '{job="x", job=""']
    assert complete(metric + '{status="5') == [done + '{status="500"', done + '{status="500"}']
    assert complete(metric + '{status=~"') == [done + '{status=~"200"', done + '{status=~"500"']
    assert complete(f"{asked}'sum by (jo") == ["sum by (job", "sum by (job)"]
    assert complete(f"{asked}'sum by (job, status_") == [
        "sum by (job, status_class",
        "sum by (job, status_class)",
    ]
    assert complete(metric + '{status="500"}') == []
    assert complete(metric + '{status="a,j') == []


def test_a_server_that_is_gone_offers_no_labels_and_says_nothing(complete: Complete) -> None:
    assert complete("leadline query --url http://127.0.0.1:1 'up{jo") == []


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh here")
def test_zsh_completes_at_the_second_press_too_where_the_script_is_autoloaded(tmp_path: Path) -> None:
    script = tmp_path / "_leadline"
    script.write_bytes(subprocess.check_output([LEADLINE / "leadline", "completion", "zsh"]))
    code = (
        f"fpath=({tmp_path} $fpath); _describe() {{ print -r -- ${{completions_with_descriptions%%:*}}; }}; compdef() {{ print registered; }}; "
        "autoload -Uz _leadline; words=(leadline sna); CURRENT=2; _leadline; _leadline"
    )
    environment = {**os.environ, "PATH": f"{LEADLINE}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["zsh", "-f", "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert done.stdout.split() == ["snapshot", "snapshot"]


def test_only_an_expression_may_go_on_inside_its_quote(complete: Complete) -> None:
    assert complete("leadline signal 'latency.p50") == ["latency.p50"]
    assert complete("leadline query -o 'mark") == ["markdown"]
    assert complete("leadline 'targ") == ["targets"]
