"""The doctor: it finds each reason for missing data, and names the remedy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leadline.cli.main import run
from tests.conftest import MINIMAL
from tests.doubles import Api, Reply, Request, success, vector
from tests.grafana_double import GrafanaDouble
from tests.k8s.conftest import Cluster

Capture = pytest.CaptureFixture[str]
Json = dict[str, Any]


def prometheus(**spec: Any) -> Json:
    return {"kind": "Prometheus", "metadata": {"name": "k8s", "namespace": "monitoring"}, "spec": spec}


def grafana(**environment: str) -> Json:
    env = [{"name": name, "value": value} for name, value in environment.items()]
    container = {"name": "grafana-sc-dashboard", "env": env}
    spec = {"template": {"spec": {"containers": [{"name": "grafana"}, container]}}}
    return {"kind": "Deployment", "metadata": {"name": "grafana", "namespace": "monitoring"}, "spec": spec}


PROVIDER = {
    "kind": "ConfigMap",
    "metadata": {"name": "provider", "namespace": "monitoring"},
    "data": {"provider.yaml": "providers: [{options: {foldersFromFilesStructure: true}}]"},
}
SELECTOR = {"matchLabels": {"release": "kube-prometheus-stack"}}
SIDECAR = {
    "LABEL": "grafana_dashboard",
    "LABEL_VALUE": "1",
    "FOLDER_ANNOTATION": "grafana_folder",
    "NAMESPACE": "ALL",
}
SOUND = (prometheus(ruleSelector=SELECTOR), grafana(**SIDECAR), PROVIDER)


@pytest.fixture
def examine(cluster: Cluster, tmp_path: Path, capsys: Capture) -> Callable[..., tuple[int, str]]:
    """Run the doctor on a cluster of these objects."""

    def command(*objects: Json, **state: Any) -> tuple[int, str]:
        named = {f"{each['kind']}/{each['metadata']['name']}": each for each in objects}
        cluster.change(objects=named, **state)
        path = tmp_path / "leadline.yaml"
        path.write_text(
            MINIMAL + "contexts: {here: {kubernetes: {context: prod, namespace: monitoring}}}\n", "utf-8"
        )
        code = run(["doctor", "--catalog", str(path)])
        return code, capsys.readouterr().out

    return command


def test_a_sound_cluster_has_nothing_wrong(examine: Callable[..., tuple[int, str]]) -> None:
    code, out = examine(*SOUND)
    assert code == 0, out
    assert "✓ the ruleSelector of Prometheus monitoring/k8s takes our rules" in out
    assert "✓ the sidecar of monitoring/grafana looks for our label, grafana_dashboard" in out


@pytest.mark.parametrize(
    ("objects", "message", "remedy"),
    [
        ((prometheus(), *SOUND[1:]), "selects no rules of ours: it has none, which selects nothing", "rule_labels"),
        (
            (prometheus(ruleSelector={"matchLabels": {"release": "mine"}}), *SOUND[1:]),
            "it wants release: mine", "write these labels under kubernetes.rule_labels",
        ),
        (
            (prometheus(ruleSelector={"matchExpressions": [{"key": "team", "operator": "Exists"}]}), *SOUND[1:]),
            "it wants team Exists", "rule_labels",
        ),
        (
            (prometheus(ruleSelector={}, ruleNamespaceSelector={"matchLabels": {"rules": "yes"}}), *SOUND[1:]),
            "does not read the namespace monitoring: it wants rules: yes", "label the namespace monitoring so",
        ),
        (SOUND[1:], "there is no Prometheus object", "kube-prometheus-stack"),
        (SOUND[:1], "no sidecar that looks for dashboards runs", "sidecar.dashboards.enabled"),
        ((SOUND[0], grafana(**{**SIDECAR, "LABEL": "dashboards"}), PROVIDER), "labelled dashboards: 1, but ours are not", "dashboard_labels"),
        ((SOUND[0], grafana(**{**SIDECAR, "LABEL_VALUE": "yes"}), PROVIDER), "grafana_dashboard: yes, but ours are not", "dashboard_labels"),
        ((SOUND[0], grafana(**{**SIDECAR, "NAMESPACE": "tools"}), PROVIDER), "looks in tools only, but ours are in monitoring", "searchNamespace"),
        ((SOUND[0], grafana(LABEL="grafana_dashboard", NAMESPACE="ALL"), PROVIDER), "takes the folder from no annotation", "folderAnnotation"),
    ],
)  # fmt: skip
def test_a_reason_for_which_nothing_appears_is_found_with_its_remedy(
    examine: Callable[..., tuple[int, str]], objects: tuple[Json, ...], message: str, remedy: str
) -> None:
    code, out = examine(*objects)
    assert code == 1
    found = next(line for line in out.splitlines() if line.startswith("✗"))
    assert message in found
    assert remedy in out.partition(found)[2]


def test_what_is_not_sure_is_said_to_be_so(examine: Callable[..., tuple[int, str]]) -> None:
    code, out = examine(*SOUND[:2])
    assert code == 4
    assert "? no Grafana provider there sets foldersFromFilesStructure: true" in out


def test_a_cluster_without_the_operator_is_told(examine: Callable[..., tuple[int, str]]) -> None:
    code, out = examine(*SOUND[1:], rules=False)
    assert code == 1
    assert "✗ the Prometheus Operator is not installed" in out


def test_a_cluster_that_cannot_be_asked_ends_nothing(examine: Callable[..., tuple[int, str]]) -> None:
    code, out = examine(*SOUND, fault={"verb": "get", "says": "error: the server is gone"})
    assert code == 4
    assert "? the cluster cannot be queried: kubectl get failed: error: the server is gone" in out


def served(api: Api, double: GrafanaDouble, recorded: str) -> None:
    """Answer as Grafana, and as Prometheus under /prom."""

    def answer(request: Request) -> Reply:
        if request.path.startswith("/prom/"):
            return success(vector(({}, recorded)) if recorded else vector())
        return double.answer(request)

    api.answer = answer


def examined(api: Api, tmp_path: Path, capsys: Capture) -> tuple[int, str]:
    path = tmp_path / "leadline.yaml"
    contexts = {"here": {"grafana": {"url": api.url}, "prometheus": {"url": f"{api.url}/prom"}}}
    path.write_text(f"{MINIMAL}contexts: {json.dumps(contexts)}\n", "utf-8")
    code = run(["doctor", "--catalog", str(path)])
    return code, capsys.readouterr().out


def test_grafana_and_prometheus_are_looked_at(api: Api, tmp_path: Path, capsys: Capture) -> None:
    double = GrafanaDouble()
    double.datasources = []
    served(api, double, "")
    code, out = examined(api, tmp_path, capsys)
    assert code == 1
    for message in (
        "✗ Grafana 7.5.5 is older than 9.0",
        "✗ there is no Prometheus datasource, so every panel is empty",
        "✗ there is no folder shop",
        "✗ no dashboard there carries the tag leadline:shop",
        "✗ Prometheus has no recorded series of shop",
    ):
        assert message in out
    double.datasources = [{"id": 1, "type": "prometheus", "name": "P", "uid": "p"}]
    double.version = "11.2.0"
    served(api, double, "42")
    path = tmp_path / "leadline.yaml"
    assert run(["push", "--to", "grafana", "--catalog", str(path), "--yes"]) == 0
    capsys.readouterr()
    code, out = examined(api, tmp_path, capsys)
    assert code == 0, out
    assert "✓ 7 dashboards carry the tag leadline:shop" in out
    assert "✓ Prometheus has 42 recorded series of shop" in out


def test_a_context_with_nothing_to_look_at_is_refused(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "leadline.yaml"
    path.write_text(MINIMAL + "contexts: {here: {alertmanager: {url: 'http://x'}}}\n", "utf-8")
    assert run(["doctor", "--catalog", str(path)]) == 2
    assert "names no kubernetes, grafana or prometheus" in capsys.readouterr().err
