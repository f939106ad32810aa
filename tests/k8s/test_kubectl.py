"""Into a cluster: what kubectl is told, and what its failures mean. A stand-in plays kubectl."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.main import run
from tests.conftest import ROOT

Capture = pytest.CaptureFixture[str]
Script = Callable[[str], Path]
CATALOG = ["--catalog", str(ROOT / "leadline.yaml")]


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Put a kubectl on PATH that writes down its arguments and the files it is given, then does as told."""

    def install(behaviour: str) -> Path:
        log = tmp_path / "log.jsonl"
        script = tmp_path / "bin" / "kubectl"
        script.parent.mkdir(exist_ok=True)
        script.write_text(
            "#!/usr/bin/env python3\nimport json, os, sys\n"
            "given = sorted(os.listdir(sys.argv[-1]))\n"
            f"open({str(log)!r}, 'a').write(json.dumps([sys.argv[1:-1], given]) + '\\n')\n"
            "verb = next(each for each in sys.argv[1:] if not each.startswith('-'))\n" + behaviour
        )
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
        return log

    return install


def calls(log: Path) -> list[list[list[str]]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


DIFFERS = "print(verb, 'output')\nsys.exit(1 if verb == 'diff' else 0)\n"


def test_a_plan_is_kubectls_diff_and_writes_nothing(kubectl: Script, capsys: Capture) -> None:
    log = kubectl(DIFFERS)
    assert run(["plan", "--to", "kubernetes", "--context", "cluster", *CATALOG]) == 1
    assert "diff output" in capsys.readouterr().out
    ((arguments, given),) = calls(log)
    assert arguments[:3] == ["--context=prod", "--namespace=monitoring", "diff"]
    assert {"--server-side", "--field-manager=leadline"} <= set(arguments)
    assert "kustomization.yaml" in given
    assert "rules-threads-agent-orchestrator.yaml" in given


def test_a_push_applies_server_side_as_leadline(kubectl: Script, capsys: Capture) -> None:
    log = kubectl(DIFFERS)
    assert run(["push", "--to", "kubernetes", "--base", "plain", "--yes", *CATALOG]) == 0
    assert "apply output" in capsys.readouterr().out
    arguments, given = calls(log)[-1]
    assert arguments[-4:] == ["apply", "--server-side", "--field-manager=leadline", "-k"]
    assert "prometheus-rules.yaml" in given


def test_a_push_of_nothing_new_applies_nothing(kubectl: Script) -> None:
    log = kubectl("sys.exit(0)\n")
    assert run(["push", "--to", "kubernetes", "--yes", *CATALOG]) == 0
    assert [arguments[0] for arguments, _ in calls(log)] == ["diff"]


@pytest.mark.parametrize(
    ("behaviour", "code", "says"),
    [
        pytest.param(
            "print('error: context \"prod\" does not exist', file=sys.stderr); sys.exit(1)",
            3,
            "does not exist",
            id="context",
        ),
        pytest.param(
            "print('Error from server (Forbidden): no', file=sys.stderr); sys.exit(1)",
            3,
            "Forbidden",
            id="forbidden",
        ),
        pytest.param(
            "if verb == 'diff': print('x'); sys.exit(1)\n"
            "print('error: Apply failed with 1 conflict: conflict with \"helm\"', file=sys.stderr); sys.exit(1)",
            1,
            "another manager owns",
            id="conflict",
        ),
    ],
)
def test_kubectls_failures_are_told(
    behaviour: str, code: int, says: str, kubectl: Script, capsys: Capture
) -> None:
    kubectl(behaviour + "\n")
    assert run(["push", "--to", "kubernetes", "--yes", *CATALOG]) == code
    assert says in capsys.readouterr().err


def test_without_kubectl_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(["plan", "--to", "kubernetes", *CATALOG]) == 3
    assert "kubectl is not installed" in capsys.readouterr().err


CONFIG = os.environ.get("LEADLINE_TEST_KUBECONFIG", "")


@pytest.mark.skipif(not CONFIG, reason="LEADLINE_TEST_KUBECONFIG names no kubeconfig")
def test_a_real_api_server_takes_a_push_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Plain ConfigMaps need no custom resource, so any API server takes them."""
    monkeypatch.setenv("KUBECONFIG", CONFIG)
    catalog = tmp_path / "leadline.yaml"
    text = (ROOT / "leadline.yaml").read_text("utf-8").split("\ncontexts:")[0]
    catalog.write_text(text + "\nkubernetes: {namespace: default}\n", "utf-8")
    where = ["--to", "kubernetes", "--base", "plain", "--catalog", str(catalog)]
    try:
        assert run(["push", *where, "--yes"]) == 0, capsys.readouterr().err
        assert run(["plan", *where]) == 0, capsys.readouterr().out
    finally:
        label = "app.kubernetes.io/part-of=threads-agent"
        subprocess.run(["kubectl", "delete", "configmap", "-n", "default", "-l", label], check=False)
