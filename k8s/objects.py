"""Kubernetes objects around what is generated: for the Prometheus Operator with Grafana's sidecar, and for plain ones.

`kubernetes/operator` holds PrometheusRule objects and one ConfigMap a dashboard, which the sidecar of
kube-prometheus-stack finds by its label. `kubernetes/plain` holds ConfigMaps for Prometheus and Grafana that run as
plain Deployments and mount them. Each is a kustomize base by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

from k8s import snapshots
from k8s.provisioning import provider
from signals.catalog import Catalog, Cluster
from signals.errors import ConflictError
from signals.writing import write

OPERATOR, PLAIN = "kubernetes/operator", "kubernetes/plain"
RULE_LIMIT = 524_288
"""The operator refuses longer rules: prometheus-operator, MaxConfigMapDataSize."""
CONFIG_MAP_LIMIT = 1_000_000
"""An object may have 1 MiB; this leaves room for its metadata."""

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Object = dict[str, Any]


def objects(catalog: Catalog, files: Mapping[str, str]) -> dict[str, str]:
    """Give the manifests by path, from the generated dashboards and rules. Raises ConflictError over a size limit."""
    dashboards = {
        PurePosixPath(path).stem: _minified(text) for path, text in files.items() if _is(path, "grafana")
    }
    rules = {PurePosixPath(path).stem: text for path, text in files.items() if _is(path, "prometheus/rules")}
    operator = dict(_operator(catalog, dashboards, rules))
    plain = dict(_plain(catalog, dashboards, rules))
    cron = dict(snapshots.objects(catalog))
    every = {**operator, **plain, **cron}
    for path, found in every.items():
        _check_size(path, found)
    return {
        **{path: write(found) for path, found in every.items()},
        **(
            {f"{snapshots.FOLDER}/kustomization.yaml": write(_kustomization(catalog.cluster, cron))}
            if cron
            else {}
        ),
        f"{OPERATOR}/kustomization.yaml": write(_kustomization(catalog.cluster, operator)),
        f"{PLAIN}/kustomization.yaml": write(_kustomization(catalog.cluster, plain)),
    }


def _is(path: str, folder: str) -> bool:
    return PurePosixPath(path).parent == PurePosixPath(folder)


def _minified(text: str) -> str:
    return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)


def _operator(
    catalog: Catalog, dashboards: Mapping[str, str], rules: Mapping[str, str]
) -> Iterator[tuple[str, Object]]:
    cluster = catalog.cluster
    for name, text in rules.items():
        yield (
            f"{OPERATOR}/rules-{name}.yaml",
            {
                "apiVersion": "monitoring.coreos.com/v1",
                "kind": "PrometheusRule",
                "metadata": _metadata(catalog, name, cluster.rule_labels),
                "spec": {"groups": yaml.load(text, Loader=LOADER)["groups"]},  # noqa: S506  both are safe loaders
            },
        )
    for uid, text in dashboards.items():
        found = _config_map(catalog, f"dashboard-{uid}", {f"{uid}.json": text}, cluster.dashboard_labels)
        found["metadata"]["annotations"] = {cluster.folder_annotation: catalog.project}
        yield f"{OPERATOR}/dashboard-{uid}.yaml", found


def _plain(
    catalog: Catalog, dashboards: Mapping[str, str], rules: Mapping[str, str]
) -> Iterator[tuple[str, Object]]:
    project = catalog.project
    contents = {
        **_chunks("prometheus-rules", {f"{name}.yaml": text for name, text in rules.items()}),
        **_chunks("grafana-dashboards", {f"{uid}.json": text for uid, text in dashboards.items()}),
        "grafana-provider": {f"{project}.yaml": write(provider(project))},
    }
    for name, data in contents.items():
        yield f"{PLAIN}/{name}.yaml", _config_map(catalog, f"{project}-{name}", data)


def _chunks(name: str, data: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Spread entries over as many ConfigMaps as their size asks for: NAME, NAME-2, NAME-3 …"""
    chunks: list[dict[str, str]] = [{}]
    room = CONFIG_MAP_LIMIT // 2
    for key, text in data.items():
        size = _size({key: text})
        if chunks[-1] and size > room:
            chunks.append({})
            room = CONFIG_MAP_LIMIT // 2
        chunks[-1][key] = text
        room -= size
    return {name if number == 1 else f"{name}-{number}": chunk for number, chunk in enumerate(chunks, 1)}


def _size(data: object) -> int:
    return len(json.dumps(data, ensure_ascii=False).encode())


def _config_map(
    catalog: Catalog, name: str, data: Mapping[str, str], labels: Mapping[str, str] | None = None
) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(catalog, name, labels or {}),
        "data": dict(data),
    }


def _metadata(catalog: Catalog, name: str, labels: Mapping[str, str]) -> Object:
    own = {"app.kubernetes.io/managed-by": "leadline", "app.kubernetes.io/part-of": catalog.project}
    return {"name": name.lower().replace("_", "-"), "labels": {**own, **labels}}


def _kustomization(cluster: Cluster, found: Mapping[str, Object]) -> Object:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        **({"namespace": cluster.namespace} if cluster.namespace else {}),
        "resources": [PurePosixPath(path).name for path in found],
    }


def _check_size(path: str, found: Object) -> None:
    limit = RULE_LIMIT if found["kind"] == "PrometheusRule" else CONFIG_MAP_LIMIT
    size = _size(found.get("spec") or found.get("data"))
    if size > limit:
        raise ConflictError(
            f"{path} would have {size} bytes, and Kubernetes takes {limit}; split the catalog"
        )
