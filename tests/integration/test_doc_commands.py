"""Every command in the documentation runs, against the Prometheus of a demo; or it needs what is named here."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from leadline.cli.main import run
from leadline.demo.run import Finished
from tests import doc_commands
from tests.conftest import ROOT

pytestmark = pytest.mark.integration

NEEDS = {
    "--to grafana": "a Grafana",
    "--to kubernetes": "a cluster",
    "--context cluster": "a cluster",
    "context check cluster": "a cluster",
    "leadline forward": "a cluster",
    "leadline demo": "minutes; tests/integration/test_demo.py runs it",
}
"""What a command that is not run here needs. Recorded servers stand in for these in tests/k8s."""
VALUES = {
    "SERVICE": "orchestrator",
    "JOB": "threads-agent-orchestrator",
    "PROJECT": "threads-agent",
    "MODEL": "gpt-4o-mini",
}
MORE = {"init": ["--dry-run"], "watch": ["--count", "1"]}
URLS = ("http://127.0.0.1:9090", "https://prometheus.example.com", "…")


@pytest.fixture(scope="module")
def folder(demo: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder: the catalog, the summary of a k6 run, an earlier report, and files of somebody else's."""
    found = tmp_path_factory.mktemp("docs")
    shutil.copy(ROOT / "leadline/demo/leadline.yaml", found / "leadline.yaml")
    return found


def _prepared(folder: Path, out: Path, url: str) -> None:
    for name, source in (("summary.json", "k6.json"), ("main.json", "report.json")):
        shutil.copy(out / source, folder / name)
    shutil.copytree(out / "generated/grafana", folder / "dashboards", dirs_exist_ok=True)
    shutil.copytree(out / "generated/prometheus/rules", folder / "rules", dirs_exist_ok=True)
    shutil.copy(next((out / "generated/grafana").glob("*.json")), folder / "theirs.json")


def _words(command: str, url: str, folder: Path) -> list[str]:
    for name, value in VALUES.items():
        command = command.replace(name, value)
    for name in URLS:
        command = command.replace(name, url)
    words = shlex.split(command)[1:]
    found: list[str] = []
    for word in words:
        found += (
            sorted(str(path.relative_to(folder)) for path in folder.glob(word))
            if "*" in word and "/" in word
            else [word]
        )
    return [*found, *MORE.get(words[0], [])]


def test_every_command_of_the_documentation_runs(
    demo: Finished,
    out: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = demo.urls["Prometheus"]
    _prepared(folder, out, url)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LEADLINE_URL", url)
    failed, done = [], 0
    for command, page in doc_commands.every().items():
        if any(part in command for part in NEEDS):
            continue
        words = _words(command, url, folder)
        code = run(words)
        error = capsys.readouterr().err
        done += 1
        if code not in (0, 1, 4):
            failed.append((page, command, code, error[-300:]))
    assert not failed, "\n".join(map(str, failed))
    assert done > 60
