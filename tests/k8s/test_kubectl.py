"""Into a cluster: kubectl's arguments, results and failures. A stand-in plays kubectl and the cluster."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from leadline.cli.main import run
from leadline.k8s import kubectl
from tests.conftest import ROOT
from tests.k8s.conftest import PREVIOUS, Cluster

Capture = pytest.CaptureFixture[str]
CATALOG = ["--catalog", str(ROOT / "leadline.yaml")]
WHERE = ["--to", "kubernetes", "--context", "cluster", *CATALOG]
OBJECTS = 9
"""Of the worked example: seven dashboards and two files of rules."""


def catalog_with(tmp_path: Path, old: str, new: str) -> list[str]:
    """Return the options of the worked example with one change."""
    text = (ROOT / "leadline.yaml").read_text("utf-8")
    assert old in text
    path = tmp_path / "changed.yaml"
    path.write_text(text.replace(old, new), "utf-8")
    return ["--to", "kubernetes", "--context", "cluster", "--catalog", str(path)]


def test_a_plan_says_what_would_change_and_writes_nothing(cluster: Cluster, capsys: Capture) -> None:
    assert run(["plan", *WHERE]) == 1
    output = capsys.readouterr().out
    assert "create     ConfigMap dashboard-threads-agent-latency" in output
    assert "create     PrometheusRule threads-agent-orchestrator" in output
    assert f"context prod, namespace monitoring: {OBJECTS} create" in output
    assert cluster.objects == {}
    assert all({"--context=prod", "--namespace=monitoring"} <= set(call) for call in cluster.read()["log"])


def test_a_push_applies_server_side_as_leadline_and_a_second_one_changes_nothing(
    cluster: Cluster, capsys: Capture
) -> None:
    assert run(["push", *WHERE, "--yes"]) == 0
    assert "prometheusrule/threads-agent-orchestrator serverside-applied" in capsys.readouterr().out
    assert len(cluster.ours) == OBJECTS
    applies = [call for call in cluster.read()["log"] if "apply" in call]
    assert all({"--server-side", "--field-manager=leadline"} <= set(call) for call in applies)
    applied = cluster.read()["applied"]
    assert run(["push", *WHERE, "--yes"]) == 0
    assert run(["plan", *WHERE]) == 0
    assert f"{OBJECTS} unchanged" in capsys.readouterr().out
    assert cluster.read()["applied"] == applied


def test_a_change_is_told_by_what_it_means(cluster: Cluster, tmp_path: Path, capsys: Capture) -> None:
    assert run(["push", *WHERE, "--yes"]) == 0
    changed = catalog_with(tmp_path, "p95: 400ms", "p95: 300ms")
    capsys.readouterr()
    assert run(["plan", *changed, "-o", "markdown"]) == 1
    output = capsys.readouterr().out
    assert "recording service:target:value" in output.replace("\\", "")
    assert "vector(0.4) → vector(0.3)" in output.replace("\\", "")
    assert "- `~` **update** PrometheusRule threads-agent-orchestrator" in output
    assert run(["push", *changed, "--yes"]) == 0
    assert run(["plan", *changed]) == 0


def test_a_rollback_restores_what_the_last_push_replaced(
    cluster: Cluster, tmp_path: Path, capsys: Capture
) -> None:
    assert run(["push", *WHERE, "--yes"]) == 0
    before = {key: each.get("spec") or each.get("data") for key, each in cluster.ours.items()}
    changed = catalog_with(tmp_path, "p95: 400ms", "p95: 300ms")
    assert run(["push", *changed, "--yes"]) == 0
    assert {key: each.get("spec") or each.get("data") for key, each in cluster.ours.items()} != before
    capsys.readouterr()
    assert run(["rollback", *changed, "--yes"]) == 0
    assert "restore    PrometheusRule threads-agent-orchestrator" in capsys.readouterr().out
    assert {key: each.get("spec") or each.get("data") for key, each in cluster.ours.items()} == before


def test_without_a_push_there_is_nothing_to_roll_back(cluster: Cluster, capsys: Capture) -> None:
    assert run(["rollback", *WHERE, "--yes"]) == 0
    assert "no push has left anything there to roll back" in capsys.readouterr().err
    assert run(["push", *WHERE, "--yes", "--no-rollback"]) == 0
    assert PREVIOUS not in cluster.objects


def test_prune_deletes_what_leadline_applied_for_this_project_and_nothing_else(
    cluster: Cluster, tmp_path: Path, capsys: Capture
) -> None:
    assert run(["push", *WHERE, "--yes"]) == 0
    ours = {"app.kubernetes.io/managed-by": "leadline", "app.kubernetes.io/part-of": "threads-agent"}
    cluster.put("ConfigMap", "dashboard-old", "leadline", metadata={"labels": ours}, data={})
    cluster.put("ConfigMap", "copied-by-hand", "kubectl", metadata={"labels": ours}, data={})
    cluster.put(
        "ConfigMap",
        "other-project",
        "leadline",
        metadata={"labels": {**ours, "app.kubernetes.io/part-of": "x"}},
    )
    cluster.put("ConfigMap", "dashboard-threads-agent-theirs", "helm", data={})
    kept = set(cluster.objects) - {"ConfigMap/dashboard-old"}
    capsys.readouterr()
    assert run(["prune", *WHERE, "--dry-run"]) == 0
    assert "delete     ConfigMap dashboard-old" in capsys.readouterr().out
    assert "ConfigMap/dashboard-old" in cluster.objects
    assert run(["prune", *WHERE, "--yes"]) == 0
    assert set(cluster.objects) == kept
    assert run(["plan", *WHERE]) == 0


def test_a_cluster_without_the_operator_is_told_and_takes_the_plain_base(
    cluster: Cluster, capsys: Capture
) -> None:
    cluster.change(rules=False)
    assert run(["plan", *WHERE]) == 3
    assert (
        "the Prometheus Operator is not installed; install it, or use --base plain" in capsys.readouterr().err
    )
    assert run(["push", *WHERE, "--base", "plain", "--yes"]) == 0
    assert run(["prune", *WHERE, "--base", "plain", "--yes"]) == 0
    assert run(["plan", *WHERE, "--base", "plain"]) == 0


def managed(state: Cluster, name: str) -> dict[str, Any]:
    """Return what an object holds, without what every write of the server changes."""
    found = state.objects[name]
    return {part: found.get(part) for part in ("data", "binaryData", "spec")}


FOREIGN = {"their.conf": "a=b\n", "their.json": "{}"}
OURS = {"app.kubernetes.io/managed-by": "leadline", "app.kubernetes.io/part-of": "threads-agent"}
NAME = "dashboard-threads-agent-latency"
KEY = f"ConfigMap/{NAME}"


@pytest.mark.parametrize(
    ("manager", "labels"),
    [
        ("helm", {}),
        ("kubectl-create", {"app.kubernetes.io/managed-by": "Helm"}),
        ("argocd-controller", {**OURS, "app.kubernetes.io/part-of": "another"}),
    ],
)
def test_a_foreign_object_under_our_name_survives_plan_push_rollback_and_prune(
    manager: str, labels: dict[str, str], cluster: Cluster, capsys: Capture
) -> None:
    cluster.put("ConfigMap", NAME, manager, data=FOREIGN, metadata={"labels": labels})
    before = cluster.objects[KEY]
    assert run(["plan", *WHERE]) == 1
    output = capsys.readouterr().out
    assert f"refused    ConfigMap {NAME}" in output
    assert f"a ConfigMap of this name is not ours (managed by {manager})" in output
    assert run(["push", *WHERE, "--yes"]) == 1
    assert "nothing was written" in capsys.readouterr().err
    assert cluster.objects == {KEY: before}
    assert run(["rollback", *WHERE, "--yes"]) == 0
    assert run(["prune", *WHERE, "--yes"]) == 0
    assert cluster.objects == {KEY: before}


def test_an_object_that_is_adopted_keeps_what_others_have_in_it_through_everything(
    cluster: Cluster, tmp_path: Path, capsys: Capture
) -> None:
    cluster.put("ConfigMap", NAME, "helm", data=FOREIGN)
    assert run(["push", *WHERE, "--adopt", "--yes"]) == 0, capsys.readouterr().err
    assert cluster.objects[KEY]["data"].items() > FOREIGN.items()
    assert run(["plan", *WHERE]) == 0, "another manager in it is no difference"
    fewer = catalog_with(tmp_path, "project: threads-agent", "project: another")
    assert run(["prune", *fewer, "--project", "threads-agent", "--yes"]) in (0, 1)
    assert cluster.objects[KEY]["data"].items() > FOREIGN.items()


def test_ours_that_another_manager_also_writes_is_kept_and_the_manager_named(
    cluster: Cluster, tmp_path: Path, capsys: Capture
) -> None:
    assert run(["push", *WHERE, "--yes"]) == 0
    objects = cluster.objects
    rules = "PrometheusRule/threads-agent-orchestrator"
    objects[rules]["metadata"]["managedFields"].append(
        {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {}}}
    )
    cluster.change(objects=objects)
    before = managed(cluster, rules)
    changed = catalog_with(tmp_path, "p95: 400ms", "p95: 300ms")
    capsys.readouterr()
    run(["push", *changed, "--yes"])
    out, output = capsys.readouterr()
    assert "kubectl-edit also writes it" in out + output
    assert managed(cluster, rules) == before
    assert run(["push", *changed, "--adopt", "--yes"]) == 0
    assert managed(cluster, rules) != before


def test_prune_keeps_what_holds_anything_of_others_and_records_what_it_deletes(
    cluster: Cluster, capsys: Capture
) -> None:
    assert run(["push", *WHERE, "--yes"]) == 0
    cluster.put("ConfigMap", "dashboard-old", "leadline", metadata={"labels": OURS}, data={"x.json": "{}"})
    cluster.put("ConfigMap", "dashboard-shared", "leadline", metadata={"labels": OURS}, data={"x.json": "{}"})
    objects = cluster.objects
    objects["ConfigMap/dashboard-shared"]["data"]["theirs"] = "kept"
    cluster.change(objects=objects)
    assert run(["prune", *WHERE, "--yes"]) == 0
    assert "it contains theirs: delete it yourself" in "".join(capsys.readouterr())
    assert cluster.objects["ConfigMap/dashboard-shared"]["data"] == {"x.json": "{}", "theirs": "kept"}
    assert "ConfigMap/dashboard-old" not in cluster.objects
    assert run(["rollback", *WHERE, "--yes"]) == 0
    assert cluster.objects["ConfigMap/dashboard-old"]["data"] == {"x.json": "{}"}


@pytest.mark.parametrize("context", ["contexts: {cluster: {kubernetes: {context: prod}}}", ""])
def test_records_go_where_the_objects_go_and_every_plan_says_where(
    context: str, cluster: Cluster, tmp_path: Path, capsys: Capture
) -> None:
    text = (ROOT / "leadline.yaml").read_text("utf-8").split("\ncontexts:")[0]
    path = tmp_path / "placed.yaml"
    path.write_text(f"{text}\nkubernetes: {{namespace: observability}}\n{context}\n", "utf-8")
    where = ["--to", "kubernetes", "--catalog", str(path), *(["--context", "cluster"] if context else [])]
    for verb in (["plan"], ["push", "--yes"], ["push", "--yes"], ["prune", "--yes"], ["rollback", "--yes"]):
        run([verb[0], *where, *verb[1:]])
        assert "namespace observability" in "".join(capsys.readouterr()), verb
    calls = [call for call in cluster.read()["log"] if "config" not in call]
    assert all("--namespace=observability" in call for call in calls)


def test_two_namespaces_are_refused(cluster: Cluster, tmp_path: Path, capsys: Capture) -> None:
    text = (ROOT / "leadline.yaml").read_text("utf-8").split("\ncontexts:")[0]
    path = tmp_path / "placed.yaml"
    contexts = "contexts: {cluster: {kubernetes: {context: prod, namespace: monitoring}}}"
    path.write_text(f"{text}\nkubernetes: {{namespace: observability}}\n{contexts}\n", "utf-8")
    assert run(["push", "--to", "kubernetes", "--catalog", str(path), "--context", "cluster", "--yes"]) == 2
    assert "names the namespace monitoring" in capsys.readouterr().err
    assert cluster.read()["log"] == []


def test_where_no_namespace_is_named_the_one_of_kubectl_is_used_and_shown(
    cluster: Cluster, tmp_path: Path, capsys: Capture
) -> None:
    cluster.change(namespace="team-a")
    path = tmp_path / "placed.yaml"
    path.write_text((ROOT / "leadline.yaml").read_text("utf-8").split("\ncontexts:")[0] + "\n", "utf-8")
    assert run(["plan", "--to", "kubernetes", "--catalog", str(path)]) == 1
    assert "namespace team-a" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("verb", "says", "shown"),
    [
        ("get", 'error: context "prod" does not exist', "knows no context prod"),
        ("diff", "Error from server (Forbidden): no", "Forbidden"),
        ("apply", "error: \x1b[31mgone\u202e", "error:  [31mgone "),
    ],
)
def test_kubectls_failures_are_told_and_cannot_steer_the_terminal(
    verb: str, says: str, shown: str, cluster: Cluster, capsys: Capture
) -> None:
    fault = {"verb": verb, "says": says.replace("Error", "error", 1) if verb == "diff" else says}
    cluster.change(fault=fault)
    assert run(["push", *WHERE, "--yes"]) == 3
    output = capsys.readouterr().err
    assert shown in output
    assert "\x1b" not in output


SAYINGS = [
    (
        (
            'E1201 04:00:00.123456   99 memcache.go:265] couldn\'t get current server API group list: Get "https://127.0.0.1:6443/api": '
            "dial tcp 127.0.0.1:6443: connect: connection refused\n"
            "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port? connection refused"
        ),
        "kubectl cannot reach the cluster (connection refused); is it running, and is this the right context?",
    ),
    (
        (
            'Error from server (Forbidden): configmaps is forbidden: User "system:serviceaccount:ci:bot" cannot create resource '
            '"configmaps" in API group "" in the namespace "monitoring"'
        ),
        "system:serviceaccount:ci:bot may not create configmaps in namespace monitoring; ask for a Role that allows it",
    ),
    (
        'Error from server (NotFound): namespaces "x" not found',
        "there is no namespace x; create it with `kubectl create namespace x`",
    ),
    (
        "error: You must be logged in to the server (Unauthorized)",
        "the cluster does not accept kubectl's credentials; log in again, as with `kubectl get namespaces`",
    ),
    ("", "kubectl apply failed: it printed nothing"),
    ("error: one\nerror: one\nW1201 04:00:00.1 9 x.go:1] warned", "kubectl apply failed: error: one"),
]


@pytest.mark.parametrize(("said", "told"), SAYINGS)
def test_what_kubectl_says_is_condensed_to_what_failed_and_what_to_do(said: str, told: str) -> None:
    assert str(kubectl._failure("apply", said)) == told


def test_a_long_message_is_cut() -> None:
    assert len(str(kubectl._failure("apply", "x" * 5000))) < 500


def test_a_plan_that_was_kept_is_done_exactly_or_not_at_all(
    cluster: Cluster, tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "plan.json"
    assert run(["plan", *WHERE, "--out", str(file)]) == 1
    assert json.loads(file.read_text())["schema"] == "leadline.plan/1"
    cluster.put("ConfigMap", NAME, "leadline", data={"x.json": "{}"}, metadata={"labels": OURS})
    assert run(["push", *WHERE, "--plan", str(file)]) == 1
    output = capsys.readouterr().err
    assert "since the plan was made something has changed, so nothing was done" in output
    assert "ConfigMap dashboard-threads-agent-latency: planned was create, now it would be update" in output
    assert len(cluster.ours) == 1
    assert run(["plan", *WHERE, "--out", str(file)]) == 1
    assert run(["push", *WHERE, "--plan", str(file)]) == 0
    assert len(cluster.ours) == OBJECTS


def test_without_kubectl_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(["plan", "--to", "kubernetes", *CATALOG]) == 3
    assert "kubectl is not installed" in capsys.readouterr().err


def _taken_by_another(tmp_path: Path) -> None:
    """Let another field manager own what we would write."""
    taken = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "threads-agent-grafana-provider", "namespace": "default"},
        "data": {"threads-agent.yaml": "theirs"},
    }
    path = tmp_path / "taken.json"
    path.write_text(json.dumps(taken))
    command = [
        "kubectl",
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager=theirs",
        "-f",
        str(path),
    ]
    subprocess.run(command, check=True)


CONFIG = os.environ.get("LEADLINE_TEST_KUBECONFIG", "")


@pytest.mark.skipif(not CONFIG, reason="LEADLINE_TEST_KUBECONFIG names no kubeconfig")
def test_a_real_api_server_takes_pushes_rolls_back_and_prunes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Plain ConfigMaps need no custom resource, so any API server takes them."""
    monkeypatch.setenv("KUBECONFIG", CONFIG)
    text = (ROOT / "leadline.yaml").read_text("utf-8").split("\ncontexts:")[
        0
    ] + "\nkubernetes: {namespace: default}\n"
    places = []
    for name, content in (("a", text), ("b", text.replace("p95: 400ms", "p95: 300ms"))):
        path = tmp_path / f"{name}.yaml"
        path.write_text(content, "utf-8")
        places.append(["--to", "kubernetes", "--base", "plain", "--catalog", str(path)])
    first, second = places
    foreign = [
        "kubectl",
        "-n",
        "default",
        "create",
        "configmap",
        "leadline-test-foreign",
        "--from-literal=a=b",
    ]
    try:
        subprocess.run(foreign, check=True)
        assert run(["push", *first, "--yes"]) == 0, capsys.readouterr().err
        assert run(["plan", *first]) == 0, capsys.readouterr().out
        assert run(["push", *first, "--yes"]) == 0
        assert run(["push", *second, "--yes"]) == 0, capsys.readouterr().err
        assert run(["plan", *second]) == 0, capsys.readouterr().out
        assert run(["rollback", *second, "--yes"]) == 0, capsys.readouterr().err
        assert run(["plan", *first]) == 0, capsys.readouterr().out
        assert run(["prune", *first, "--yes"]) == 0, capsys.readouterr().err
        _taken_by_another(tmp_path)
        capsys.readouterr()
        assert run(["push", *first, "--yes"]) == 0
        assert "theirs also writes it" in capsys.readouterr().out
        assert _there("configmap", "threads-agent-grafana-provider")["data"]["threads-agent.yaml"] == "theirs"
        subprocess.run(["kubectl", "-n", "default", "get", "configmap", "leadline-test-foreign"], check=True)
    finally:
        label = "app.kubernetes.io/part-of=threads-agent"
        subprocess.run(["kubectl", "delete", "configmap", "-n", "default", "-l", label], check=False)
        subprocess.run(
            ["kubectl", "delete", "configmap", "-n", "default", "leadline-test-foreign"], check=False
        )


def _there(kind: str, name: str) -> dict[str, Any]:
    command = ["kubectl", "-n", "default", "get", kind, name, "--show-managed-fields", "-o", "json"]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


@pytest.mark.skipif(not CONFIG, reason="LEADLINE_TEST_KUBECONFIG names no kubeconfig")
def test_foreign_objects_on_a_real_api_server_survive_everything_byte_for_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("KUBECONFIG", CONFIG)
    path = tmp_path / "leadline.yaml"
    text = (ROOT / "leadline.yaml").read_text("utf-8").split("\ncontexts:")[0]
    path.write_text(f"{text}\nkubernetes: {{namespace: default}}\n", "utf-8")
    where = ["--to", "kubernetes", "--base", "plain", "--catalog", str(path)]
    name = "threads-agent-grafana-dashboards"
    create = ["kubectl", "-n", "default", "create", "configmap", name, "--from-literal=theirs=kept"]
    try:
        subprocess.run(create, check=True)
        before = _there("configmap", name)
        assert run(["plan", *where]) == 1
        assert "is not ours (managed by kubectl-create)" in capsys.readouterr().out
        assert run(["push", *where, "--yes"]) == 1
        run(["rollback", *where, "--yes"])
        run(["prune", *where, "--yes"])
        assert _there("configmap", name) == before
        assert run(["push", *where, "--adopt", "--yes"]) == 0, capsys.readouterr().err
        assert _there("configmap", name)["data"]["theirs"] == "kept"
        assert run(["plan", *where]) == 0, capsys.readouterr().out
        assert run(["push", *where, "--yes"]) == 0
        renamed = tmp_path / "renamed.yaml"
        renamed.write_text(
            path.read_text("utf-8").replace("project: threads-agent", "project: another"), "utf-8"
        )
        gone = [
            "--to",
            "kubernetes",
            "--base",
            "plain",
            "--catalog",
            str(renamed),
            "--project",
            "threads-agent",
        ]
        capsys.readouterr()
        assert run(["prune", *gone, "--yes"]) == 0
        output = "".join(capsys.readouterr())
        assert "kubectl-create also writes it; it contains theirs" in output, output
        assert _there("configmap", name)["data"]["theirs"] == "kept"
        assert run(["rollback", *where, "--yes"]) == 0, capsys.readouterr().err
        assert _there("configmap", "threads-agent-grafana-provider")["data"]
    finally:
        label = "app.kubernetes.io/part-of=threads-agent"
        subprocess.run(["kubectl", "delete", "configmap", "-n", "default", "-l", label], check=False)
        subprocess.run(["kubectl", "delete", "configmap", "-n", "default", name], check=False)
