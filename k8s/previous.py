"""What the last push to a cluster replaced, kept beside it in a ConfigMap, so that a rollback can restore it from anywhere."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Collection, Mapping
from typing import Any

from leadline.base.errors import ConflictError

from .kubectl import Cluster, Key, Object

MOST_BYTES = 900_000
"""A ConfigMap may have 1 MiB."""
SERVERS = (
    "managedFields",
    "resourceVersion",
    "uid",
    "creationTimestamp",
    "generation",
    "selfLink",
    "namespace",
)
"""What the server writes into an object's metadata."""


def name(project: str) -> str:
    return f"{project}-leadline-previous"


def remembered(project: str, live: Mapping[Key, Object], written: Collection[Key]) -> Object:
    """Return the ConfigMap that holds the objects that a push is about to change, and names those that it makes.

    Raises ConflictError where they are too many to be kept.
    """
    kept = [bare(live[key]) for key in written if key in live]
    made = [list(key) for key in written if key not in live]
    text = json.dumps({"objects": kept, "made": made}, sort_keys=True)
    packed = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
    if len(packed) > MOST_BYTES:
        raise ConflictError("what is there is too large to be kept for a rollback; push with --no-rollback")
    labels = {"app.kubernetes.io/managed-by": "leadline-rollback", "app.kubernetes.io/part-of": project}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name(project), "labels": labels},
        "binaryData": {"previous.json.gz": packed},
    }


def recalled(cluster: Cluster, project: str) -> tuple[dict[Key, Object], tuple[Key, ...]] | None:
    """Return what the last push replaced, and the keys of what it made; None where nothing is kept."""
    found = cluster.config_map(name(project))
    if found is None:
        return None
    packed = base64.b64decode(found["binaryData"]["previous.json.gz"])
    kept: dict[str, Any] = json.loads(gzip.decompress(packed))
    objects = {(str(each["kind"]), str(each["metadata"]["name"])): each for each in kept["objects"]}
    return objects, tuple((str(kind), str(called)) for kind, called in kept["made"])


def bare(found: Object) -> Object:
    """Take away what the server wrote into an object, so that it can be applied again."""
    metadata = {key: value for key, value in found["metadata"].items() if key not in SERVERS}
    return {key: value for key, value in found.items() if key not in ("status", "metadata")} | {
        "metadata": metadata
    }
