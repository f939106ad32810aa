"""Kubernetes objects for generated files: for the Prometheus Operator with Grafana's sidecar, and for plain Deployments.

`kubernetes/operator` has PrometheusRule objects and one ConfigMap per dashboard, which the sidecar of
kube-prometheus-stack finds by label. `kubernetes/plain` has ConfigMaps to mount into plain Deployments of Prometheus and
Grafana; it is written on request. Each is a kustomize base of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from leadline.base.errors import ConflictError
from leadline.catalog.model import Catalog, Cluster
from leadline.catalog.yaml_writer import on_one_line, write, write_around
from leadline.deploy.provisioning import provider

from . import snapshots

FOLDER = "kubernetes"
RULE_LIMIT = 524_288
"""The operator rejects longer rules: prometheus-operator, MaxConfigMapDataSize."""
CONFIG_MAP_LIMIT = 1_000_000
"""Objects may have 1 MiB; this leaves room for metadata."""

Object = dict[str, Any]


def base(catalog: Catalog, files: Mapping[str, str], name: str) -> dict[str, str]:
    """Return a kustomize base by path, from the generated dashboards and rules. Raise ConflictError over a size limit."""
    dashboards = {
        PurePosixPath(path).stem: _minified(text) for path, text in files.items() if _is(path, "grafana")
    }
    rules = {PurePosixPath(path).stem: text for path, text in files.items() if _is(path, "prometheus/rules")}
    return _kustomized(catalog.cluster, f"{FOLDER}/{name}", dict(_BASES[name](catalog, dashboards, rules)))


def snapshot(catalog: Catalog) -> dict[str, str]:
    """Return the kustomize base of the catalog's scheduled snapshots; empty if there are none."""
    found = dict(snapshots.objects(catalog))
    for each in found.values():
        _check_size(f"{each['kind']} {each['metadata']['name']}", _size(each.get("data")), CONFIG_MAP_LIMIT)
    written = {name: write(each) for name, each in found.items()}
    return _kustomized(catalog.cluster, snapshots.FOLDER, written) if written else {}


def _kustomized(cluster: Cluster, folder: str, found: Mapping[str, str]) -> dict[str, str]:
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        **({"namespace": cluster.namespace} if cluster.namespace else {}),
        "resources": list(found),
    }
    every = {**found, "kustomization.yaml": write(kustomization)}
    return {f"{folder}/{name}": text for name, text in every.items()}


def _is(path: str, folder: str) -> bool:
    return PurePosixPath(path).parent == PurePosixPath(folder)


def _minified(text: str) -> str:
    return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)


def _operator(
    catalog: Catalog, dashboards: Mapping[str, str], rules: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    cluster = catalog.cluster
    for name, text in rules.items():
        yield f"rules-{name}.yaml", _prometheus_rule(catalog, name, text)
    for uid, text in dashboards.items():
        found = _config_map(catalog, f"dashboard-{uid}", {f"{uid}.json": text}, cluster.dashboard_labels)
        found["metadata"]["annotations"] = {cluster.folder_annotation: catalog.project}
        yield f"dashboard-{uid}.yaml", write(found)


def _prometheus_rule(catalog: Catalog, name: str, text: str) -> str:
    _check_size(f"PrometheusRule {name}", len(text.encode()), RULE_LIMIT)
    head = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": _metadata(catalog, name, catalog.cluster.rule_labels),
    }
    return write_around(head, "spec", on_one_line(text))


def _plain(
    catalog: Catalog, dashboards: Mapping[str, str], rules: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    project = catalog.project
    contents = {
        **_chunks("prometheus-rules", {f"{name}.yaml": text for name, text in rules.items()}),
        **_chunks("grafana-dashboards", {f"{uid}.json": text for uid, text in dashboards.items()}),
        "grafana-provider": {f"{project}.yaml": write(provider(project))},
    }
    for name, data in contents.items():
        yield f"{name}.yaml", write(_config_map(catalog, f"{project}-{name}", data))


_BASES: Mapping[str, Callable[[Catalog, Mapping[str, str], Mapping[str, str]], Iterator[tuple[str, str]]]] = {
    "operator": _operator,
    "plain": _plain,
}


def _chunks(name: str, data: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Split entries into as many ConfigMaps as their size needs: NAME, NAME-2, NAME-3 …"""
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
    _check_size(f"ConfigMap {name}", _size(data), CONFIG_MAP_LIMIT)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(catalog, name, labels or {}),
        "data": dict(data),
    }


def _metadata(catalog: Catalog, name: str, labels: Mapping[str, str]) -> Object:
    own = {"app.kubernetes.io/managed-by": "leadline", "app.kubernetes.io/part-of": catalog.project}
    return {"name": name.lower().replace("_", "-"), "labels": {**own, **labels}}


def _check_size(what: str, size: int, limit: int) -> None:
    if size > limit:
        raise ConflictError(
            f"{what} would have {size} bytes, but Kubernetes accepts {limit}; split the catalog"
        )
