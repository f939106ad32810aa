"""Tunnels as the commands use them: which Service is taken, and what goes through. A stand-in plays kubectl."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from leadline.catalog.context_file import user_file
from leadline.cli.main import run
from leadline.k8s import services
from tests.conftest import MINIMAL, ROOT
from tests.doubles import Api
from tests.grafana_double import GrafanaDouble

Capture = pytest.CaptureFixture[str]


def service(namespace: str, name: str, port: int | str, **labels: str) -> dict[str, Any]:
    """Describe a Service; a port of "none" makes it headless."""
    spec: dict[str, Any] = {"clusterIP": "10.0.0.1", "ports": [{"name": "http", "port": port}]}
    if port == "none":
        spec = {"clusterIP": "None", "ports": [{"name": "web", "port": 9090}]}
    return {
        "metadata": {
            "namespace": namespace,
            "name": name,
            "labels": {key.replace("__", "/").replace("_", "."): value for key, value in labels.items()},
        },
        "spec": spec,
    }


STACK = [
    service("monitoring", "kps-grafana", 80, app_kubernetes_io__name="grafana"),
    service("monitoring", "kps-prometheus", 9090, app="kube-prometheus-stack-prometheus"),
    service("monitoring", "prometheus-operated", "none", **{"operated-prometheus": "true"}),
    service("monitoring", "kps-alertmanager", 9093, app="kube-prometheus-stack-alertmanager"),
    service("monitoring", "kps-operator", 443, app="kube-prometheus-stack-operator"),
    service(
        "monitoring", "kps-prometheus-node-exporter", 9100, app_kubernetes_io__name="prometheus-node-exporter"
    ),
    service("shop", "web", 8000, app="web"),
]
OTHER = service("tools", "grafana", 3000)


@pytest.fixture
def cluster(
    api: Api, stand_in: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[list[dict[str, Any]]], None]:
    """Return which Services the cluster has; a double of Grafana answers behind those called so."""
    api.answer = GrafanaDouble().answer
    port = urlsplit(api.url).port
    stand_in(**{"kps-grafana": port, "grafana": port})
    file = tmp_path / "services.json"
    monkeypatch.setenv("STAND_IN_SERVICES", str(file))
    monkeypatch.chdir(tmp_path)
    return lambda found: print(json.dumps(found), file=file.open("w", encoding="utf-8"))


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ("grafana", "kps-grafana:80"),
        ("prometheus", "kps-prometheus:9090"),
        ("alertmanager", "kps-alertmanager:9093"),
    ],
)
def test_the_usual_stack_is_known_by_its_labels(what: str, found: str) -> None:
    assert [str(each) for each in services.looking_like(what, STACK)] == [f"monitoring/{found}"]


def test_a_headless_service_is_taken_where_there_is_no_other() -> None:
    found = services.looking_like("prometheus", [STACK[2]])
    assert [str(each) for each in found] == ["monitoring/prometheus-operated:9090"]


def test_none_and_several_are_told_with_what_to_do(
    cluster: Callable[[list[dict[str, Any]]], None], capsys: Capture
) -> None:
    cluster(STACK[1:])
    assert run(["forward", "grafana"]) == 2
    assert "no Service in any namespace looks like grafana" in capsys.readouterr().err
    cluster([*STACK, OTHER])
    assert run(["forward", "grafana"]) == 2
    error = capsys.readouterr().err
    assert (
        "2 Services in any namespace look like grafana: monitoring/kps-grafana:80, tools/grafana:3000"
        in error
    )
    assert "choose with --namespace" in error


def forwarding(*arguments: str, stdin: int | None = None, stderr: int | None = None) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "leadline", "forward", "grafana", *arguments]
    return subprocess.Popen(
        command, env=environment, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, text=True
    )


def test_a_namespace_decides_between_several(cluster: Callable[[list[dict[str, Any]]], None]) -> None:
    cluster([*STACK, OTHER])
    with forwarding("--namespace", "tools") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("grafana: http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0


def test_on_a_terminal_it_asks_which(cluster: Callable[[list[dict[str, Any]]], None]) -> None:
    cluster([*STACK, OTHER])
    keyboard, terminal = pty.openpty()
    with forwarding(stdin=terminal, stderr=terminal) as process:
        os.write(keyboard, b"2\n")
        assert process.stdout is not None
        assert process.stdout.readline().startswith("grafana: http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
    screen = os.read(keyboard, 4096).decode()
    assert "1  monitoring/kps-grafana:80" in screen
    assert "Which grafana?" in screen


def test_a_push_goes_through_a_tunnel(
    cluster: Callable[[list[dict[str, Any]]], None], catalog_file: Callable[[str], Path], capsys: Capture
) -> None:
    catalog = str(catalog_file(MINIMAL + "contexts: {cluster: {grafana: {service: 'kps-grafana:80'}}}\n"))
    assert run(["push", "--to", "grafana", "--yes", "--catalog", catalog]) == 0
    assert "wrote      shop / Latency" in capsys.readouterr().out
    assert run(["plan", "--to", "grafana", "--catalog", catalog]) == 0


def test_a_context_that_lacks_a_server_says_how_to_add_it(
    catalog_file: Callable[[str], Path], capsys: Capture
) -> None:
    catalog = str(catalog_file(MINIMAL + "contexts: {here: {prometheus: {url: 'http://127.0.0.1:1'}}}\n"))
    assert run(["push", "--to", "grafana", "--yes", "--catalog", catalog]) == 2
    assert "names no grafana; add grafana: {url: …}" in capsys.readouterr().err


def test_a_context_of_ones_own_needs_no_catalog(
    cluster: Callable[[list[dict[str, Any]]], None], tmp_path: Path, capsys: Capture
) -> None:
    cluster(STACK)
    mine = user_file()
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("contexts: {near: {grafana: {url: 'http://grafana.example.com'}}}\n", "utf-8")
    assert run(["forward", "grafana", "--context", "near"]) == 2
    assert f"context 'near' of {mine} reaches grafana at http://grafana.example.com" in " ".join(
        capsys.readouterr().err.split()
    )
    assert run(["forward", "grafana", "--context", "nea"]) == 2
    assert "there is no context 'nea'; did you mean 'near'?" in capsys.readouterr().err
