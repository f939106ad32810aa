"""Kubernetes objects: valid by the schemas, built by kustomize, and the same content that is generated."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from leadline.base.errors import ConflictError
from leadline.catalog import loader
from leadline.catalog.model import Catalog
from leadline.compose.generate import base_of, generated
from leadline.deploy import tree
from leadline.deploy.tree import BASES
from leadline.k8s import objects
from tests.conftest import MINIMAL, ROOT

CRD = ROOT.parent / "shared/crds/prometheusrules.yaml"
KUBERNETES = "1.32"


def manifests(catalog: Catalog) -> dict[str, dict[str, Any]]:
    return {
        path: yaml.safe_load(text)
        for path, text in generated(catalog, BASES).items()
        if path.startswith("kubernetes/") and not path.endswith("kustomization.yaml")
    }


def test_config_maps_are_valid(worked_example: Catalog) -> None:
    found = [each for each in manifests(worked_example).values() if each["kind"] == "ConfigMap"]
    assert (
        len(found) == 7 + 3
    )  # a dashboard each; the plain base has them, the rules and the provider as one each
    for each in found:
        kubernetes_validate.validate(each, KUBERNETES, strict=True)


@pytest.mark.skipif(not CRD.exists(), reason="the schema of PrometheusRule is not here")
def test_prometheus_rules_are_valid_by_the_operators_schema(worked_example: Catalog) -> None:
    version = yaml.safe_load(CRD.read_text("utf-8"))["spec"]["versions"][0]
    schema = _closed(version["schema"]["openAPIV3Schema"])
    found = [each for each in manifests(worked_example).values() if each["kind"] == "PrometheusRule"]
    assert found
    for each in found:
        jsonschema.validate(each, schema)
    broken = {**found[0], "spec": {"groups": [{"name": "x", "rules": [{"alrt": "x", "expr": "up"}]}]}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def _closed(schema: Any) -> Any:
    """Refuse unknown fields as an API server with strict validation does; rewrite what Python's regexes refuse."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(closed.get("pattern"), str):
        closed["pattern"] = closed["pattern"].replace("^(?i)", "(?i)^")
    if "properties" in schema and "additionalProperties" not in schema and schema.get("type") == "object":
        closed["additionalProperties"] = False
    return closed


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize(
    ("base", "kinds"), [("operator", {"PrometheusRule", "ConfigMap"}), ("plain", {"ConfigMap"})]
)
def test_kustomize_builds_each_base(base: str, kinds: set[str], tmp_path: Path) -> None:
    catalog = loader.parse(
        MINIMAL + "kubernetes: {namespace: watch, rule_labels: {release: prom}}\n", "x.yaml"
    )
    tree.write(tmp_path, generated(catalog, (base,)))
    command: list[str | Path] = ["kubectl", "kustomize", tmp_path / "kubernetes" / base]
    built = list(
        yaml.safe_load_all(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    )
    assert {each["kind"] for each in built} == kinds
    assert {each["metadata"]["namespace"] for each in built} == {"watch"}
    rules = [each for each in built if each["kind"] == "PrometheusRule"]
    assert all(each["metadata"]["labels"]["release"] == "prom" for each in rules)


def test_dashboards_and_rules_are_the_generated_ones(worked_example: Catalog) -> None:
    files, found = generated(worked_example), manifests(worked_example)
    sidecar = found["kubernetes/operator/dashboard-threads-agent-cost.yaml"]
    assert sidecar["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert sidecar["metadata"]["annotations"] == {"grafana_folder": "threads-agent"}
    text = sidecar["data"]["threads-agent-cost.json"]
    assert json.loads(text) == json.loads(files["grafana/threads-agent-cost.json"])
    mounted = found["kubernetes/plain/prometheus-rules.yaml"]["data"]
    assert mounted["threads-agent-project.yaml"] == files["prometheus/rules/threads-agent-project.yaml"]


def test_what_kubernetes_would_not_take_is_refused(worked_example: Catalog) -> None:
    huge = {"grafana/x.json": json.dumps({"title": "x" * 1_100_000})}
    with pytest.raises(ConflictError, match="would have 1100"):
        objects.base(worked_example, huge, "operator")
    rules = {"prometheus/rules/x.yaml": "groups: []\n" + "#" * 600_000}
    with pytest.raises(ConflictError, match="PrometheusRule x would have 600011 bytes"):
        objects.base(worked_example, rules, "operator")


@pytest.mark.parametrize("base", BASES)
def test_a_push_builds_of_a_base_what_generate_writes(base: str, worked_example: Catalog) -> None:
    files = generated(worked_example, BASES)
    folder = f"kubernetes/{base}/"
    assert base_of(worked_example, base) == {
        path: text for path, text in files.items() if path.startswith(folder)
    }


def test_the_plain_base_is_written_only_where_it_is_asked_for(worked_example: Catalog) -> None:
    for bases in (("operator",), ("plain",), BASES):
        found = {path.split("/")[1] for path in generated(worked_example, bases) if "kubernetes/" in path}
        assert found == set(bases)


def test_a_rule_file_is_the_specification_of_its_object_but_for_lines(worked_example: Catalog) -> None:
    files = generated(worked_example)
    rules = {path: text for path, text in files.items() if path.startswith("prometheus/rules/")}
    assert rules
    for path, text in rules.items():
        manifest = files[f"kubernetes/operator/rules-{path.rpartition('/')[2]}"]
        spec, written = yaml.safe_load(manifest)["spec"], yaml.safe_load(text)
        for rule in (rule for group in written["groups"] for rule in group["rules"]):
            rule["expr"] = " ".join(line.strip() for line in rule["expr"].splitlines())
        assert spec == written


def test_many_services_are_spread_over_several_config_maps() -> None:
    services = "".join(
        f"  w{number}: {{profile: otel-http, selector: {{job: w{number}}}}}\n" for number in range(120)
    )
    found = manifests(loader.parse(f"project: shop\nservices:\n{services}", "x.yaml"))
    rules = [each for path, each in found.items() if path.startswith("kubernetes/plain/prometheus-rules")]
    assert len(rules) > 1
    assert len({each["metadata"]["name"] for each in rules}) == len(rules)
    assert sum(len(each["data"]) for each in rules) == 120
