"""Objects replaced by the last push, kept in a ConfigMap in the cluster, so that a rollback works from anywhere."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Collection, Mapping
from typing import Any

from leadline.base.errors import ConflictError

from .kubectl import Cluster, Key, Object

MOST_BYTES = 900_000
"""ConfigMaps may have 1 MiB."""
SERVERS = (
    "managedFields",
    "resourceVersion",
    "uid",
    "creationTimestamp",
    "generation",
    "selfLink",
    "namespace",
)
"""Metadata keys that the server writes."""


def name(project: str) -> str:
    return f"{project}-leadline-previous"


def remembered(project: str, live: Mapping[Key, Object], written: Collection[Key]) -> Object:
    """Return the ConfigMap with the objects that a push will change, and the names of those it will create.

    Raise ConflictError if they are too large to keep.
    """
    kept = [bare(live[key]) for key in written if key in live]
    made = [list(key) for key in written if key not in live]
    text = json.dumps({"objects": kept, "made": made}, sort_keys=True)
    packed = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
    if len(packed) > MOST_BYTES:
        raise ConflictError(
            "the current objects are too large to keep for a rollback; push with --no-rollback"
        )
    labels = {"app.kubernetes.io/managed-by": "leadline-rollback", "app.kubernetes.io/part-of": project}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name(project), "labels": labels},
        "binaryData": {"previous.json.gz": packed},
    }


def recalled(cluster: Cluster, project: str) -> tuple[dict[Key, Object], tuple[Key, ...]] | None:
    """Return the objects that the last push replaced, and the keys of those it created; None if nothing is kept."""
    found = cluster.config_map(name(project))
    if found is None:
        return None
    packed = base64.b64decode(found["binaryData"]["previous.json.gz"])
    kept: dict[str, Any] = json.loads(gzip.decompress(packed))
    objects = {(str(each["kind"]), str(each["metadata"]["name"])): each for each in kept["objects"]}
    return objects, tuple((str(kind), str(called)) for kind, called in kept["made"])


def bare(found: Object) -> Object:
    """Remove server-written fields from an object, so that it can be applied again."""
    metadata = {key: value for key, value in found["metadata"].items() if key not in SERVERS}
    return {key: value for key, value in found.items() if key not in ("status", "metadata")} | {
        "metadata": metadata
    }
