"""The GitHub Action as far as it runs without GitHub: its file, and the script that it runs, against a Grafana."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from leadline.cli.main import run
from tests.conftest import MINIMAL, ROOT
from tests.doubles import Api, Request
from tests.grafana_double import GrafanaDouble

ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a catalog and what is generated from it, and the variables of a step."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leadline.yaml").write_text(MINIMAL, "utf-8")
    assert run(["generate"]) == 0
    return tmp_path


def step(repository: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the step as the action declares it, with the defaults of its inputs."""
    (_, declared) = ACTION["runs"]["steps"]
    given = {name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()} | inputs
    environment = {
        name: next(given[each] for each in given if text == f"${{{{ inputs.{each} }}}}")
        for name, text in declared["env"].items()
    }
    files = {
        "GITHUB_STEP_SUMMARY": str(repository / "summary.md"),
        "GITHUB_OUTPUT": str(repository / "output"),
    }
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", str(ROOT / ".ci/action")],
        env={**os.environ, **environment, **files, "PATH": path, "LEADLINE_GRAFANA_TOKEN": "s3cret-token"},
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_input_is_described_and_used() -> None:
    assert all(each["description"] for each in ACTION["inputs"].values())
    used = str(ACTION["runs"]["steps"])
    assert all(f"inputs.{name} " in used for name in ACTION["inputs"])


def test_without_a_destination_it_holds_what_is_generated(repository: Path) -> None:
    done = step(repository)
    assert done.returncode == 0, done.stderr
    assert "is up to date" in done.stdout
    (repository / "leadline.yaml").write_text(MINIMAL.replace("250ms", "500ms"), "utf-8")
    assert step(repository).returncode == 1


def test_a_pull_request_runs_the_tests_of_the_services_that_it_touches(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = MINIMAL + MINIMAL.partition("services:\n")[2].replace("web", "api")
    (repository / "leadline.yaml").write_text(two, "utf-8")
    assert run(["generate"]) == 0
    tests = repository / "generated/prometheus/tests"
    assert {path.name.partition(".")[0] for path in tests.iterdir()} == {"shop-web"}
    for command in (
        "init -q",
        "add -A",
        "-c user.name=a -c user.email=a@b commit -qm a",
        "update-ref refs/remotes/origin/main HEAD",
    ):
        subprocess.run(["git", *command.split()], cwd=repository, check=True)
    (repository / "leadline.yaml").write_text(two + "    alerts: {restarts: 4}\n", "utf-8")
    assert run(["generate"]) == 0
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    done = step(repository)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = [line.rpartition("/")[2] for line in done.stdout.splitlines() if line.startswith("Unit Testing")]
    assert {name.partition(".")[0] for name in ran} == {"shop-web", "shop-api"}


def test_the_base_that_is_committed_is_the_one_that_is_held(repository: Path) -> None:
    assert step(repository, base="plain").returncode == 1
    assert run(["generate", "--base", "plain"]) == 0
    assert step(repository, base="plain").returncode == 0


def test_a_plan_goes_into_the_summary_and_a_push_does_it(repository: Path, api: Api) -> None:
    double = GrafanaDouble()
    double.tokens = {"s3cret-token": "Editor"}
    api.answer = double.answer
    done = step(repository, to="grafana", url=api.url)
    assert done.returncode == 0, done.stderr
    assert (repository / "output").read_text() == "changes=true\n"
    assert "- `+` **create** dashboard shop / Overview" in (repository / "summary.md").read_text("utf-8")
    assert double.writes == 0
    done = step(repository, to="grafana", url=api.url, push="true")
    assert done.returncode == 0, done.stderr
    assert len(double.dashboards) == 7
    assert step(repository, to="grafana", url=api.url, push="true").returncode == 0
    assert (repository / "output").read_text().splitlines()[-1] == "changes=false"
    for text in (done.stdout, done.stderr, (repository / "summary.md").read_text("utf-8")):
        assert "s3cret-token" not in text


def test_a_grafana_that_cannot_be_asked_fails_the_step(repository: Path) -> None:
    done = step(repository, to="grafana", url="http://127.0.0.1:9")
    assert done.returncode == 3
    assert "connection refused" in done.stderr


def test_the_hooks_of_pre_commit_are_commands_that_there_are(repository: Path) -> None:
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")):
        program, *arguments = hook["entry"].split()
        assert program == "leadline"
        assert run(arguments) == 0, hook["id"]


def test_a_plan_that_would_be_refused_fails_the_step(repository: Path, api: Api) -> None:
    double = GrafanaDouble()
    api.answer = double.answer
    body = {"dashboard": {"uid": "shop-cost", "title": "theirs", "tags": [], "panels": []}, "message": ""}
    double.answer(Request("POST", "/api/dashboards/db", {}, json.dumps(body)))
    done = step(repository, to="grafana", url=api.url)
    assert done.returncode == 1
    assert "a push would be refused" in done.stdout
    assert "is not ours" in (repository / "summary.md").read_text("utf-8")
