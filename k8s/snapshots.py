"""A CronJob that takes snapshots in the cluster: report in the log, verdict in Grafana, failed Job if a target is missed.

It uses only the HTTP APIs of Prometheus and Grafana, so its ServiceAccount has no role and no token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from leadline.base.errors import ConflictError
from leadline.catalog.model import Catalog, Snapshots
from leadline.deploy.provisioning import prometheus_url

FOLDER = "kubernetes/snapshot"
MOUNTED = "/etc/leadline"
CATALOG = "leadline.yaml"
USER = 65532
Object = dict[str, Any]


def objects(catalog: Catalog) -> Iterator[tuple[str, Object]]:
    """Yield the objects by file; none if the catalog has no snapshot settings.

    Raise ConflictError if a file that the catalog names is in a folder.
    """
    wanted = catalog.cluster.snapshot
    if wanted is None:
        return
    name = f"{catalog.project}-snapshot"
    labels = {"app.kubernetes.io/managed-by": "leadline", "app.kubernetes.io/part-of": catalog.project}
    metadata = {"name": name, "labels": labels}
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata,
        "automountServiceAccountToken": False,
    }
    yield "account.yaml", account
    inside = [path for path in catalog.sources if "/" in path]
    if inside:
        raise ConflictError(
            f"a ConfigMap has no folders, so kubernetes.snapshot needs {inside[0]} beside {catalog.file}, not in a folder"
        )
    data = {CATALOG: catalog.text, **catalog.sources}
    yield (
        "catalog.yaml",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data},
    )
    yield "cronjob.yaml", _cron_job(catalog, wanted, metadata)


def _cron_job(catalog: Catalog, wanted: Snapshots, metadata: Object) -> Object:
    text = "".join((catalog.text, *catalog.sources.values()))
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    pod = {
        "serviceAccountName": metadata["name"],
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(catalog, wanted)],
        "volumes": [
            {"name": "catalog", "configMap": {"name": metadata["name"]}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
        ],
    }
    template = {
        "metadata": {"labels": metadata["labels"], "annotations": {"leadline/catalog": digest}},
        "spec": pod,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata,
        "spec": {
            "schedule": wanted.schedule,
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 300,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": {"backoffLimit": 0, "activeDeadlineSeconds": 600, "template": template}},
        },
    }


def _container(catalog: Catalog, wanted: Snapshots) -> Object:
    arguments = [
        "snapshot",
        "--catalog",
        f"{MOUNTED}/{CATALOG}",
        "--url",
        wanted.prometheus or prometheus_url(catalog),
    ]
    arguments += ["--window", wanted.window, "--undecided", "warn"]
    if wanted.grafana:
        arguments += ["--annotate", wanted.grafana]
    environment: list[Object] = [{"name": "HOME", "value": "/tmp"}]  # noqa: S108  the pod's own emptyDir
    if wanted.secret:
        token = {"secretKeyRef": {"name": wanted.secret, "key": "token"}}
        environment.append({"name": "LEADLINE_GRAFANA_TOKEN", "valueFrom": token})
    return {
        "name": "snapshot",
        "image": wanted.image,
        "command": ["leadline"],
        "args": arguments,
        "env": environment,
        "resources": {
            "requests": {"cpu": "50m", "memory": "128Mi"},
            "limits": {"cpu": "1", "memory": "512Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "catalog", "mountPath": MOUNTED, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  the pod's own emptyDir
        ],
    }
