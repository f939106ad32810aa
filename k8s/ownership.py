"""Ownership of cluster objects, by their labels and field managers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Object = Mapping[str, Any]
MANAGER = "leadline"
CONTENT = ("f:data", "f:binaryData", "f:spec")
"""The fields with an object's content; managers that only write status or metadata own none of it."""


def is_of_project(found: Object, project: str) -> bool:
    """Return whether an object's labels name Leadline and this project."""
    labels = found["metadata"].get("labels") or {}
    return (
        labels.get("app.kubernetes.io/managed-by") == MANAGER
        and labels.get("app.kubernetes.io/part-of") == project
    )


def others(found: Object) -> tuple[str, ...]:
    """Return the other managers that own some of an object's content."""
    return tuple(
        dict.fromkeys(manager for manager, fields in _managed(found) if manager != MANAGER and fields)
    )


def applied_by_us(found: Object) -> bool:
    """Return whether we applied an object; a manual copy has only our labels."""
    return any(
        each.get("manager") == MANAGER and each.get("operation") == "Apply"
        for each in found["metadata"].get("managedFields") or ()
    )


def foreign_keys(found: Object) -> tuple[str, ...]:
    """Return the data keys and rule groups of an object that we do not own."""
    own, groups = _own(found)
    keys = (*(found.get("data") or {}), *(found.get("binaryData") or {}))
    return (
        *(key for key in keys if key not in own),
        *(f"group {name}" for name in _group_names(found) if groups and name not in groups),
    )


def ours_alone(found: Object) -> dict[str, Any]:
    """Return an object without the keys and groups that are not ours, which an apply leaves unchanged."""
    own, groups = _own(found)
    kept = dict(found)
    if "data" in found:
        kept["data"] = {key: value for key, value in (found["data"] or {}).items() if key in own}
    if groups:
        rest = [each for each in found["spec"]["groups"] if each.get("name") in groups]
        kept["spec"] = {**found["spec"], "groups": rest}
    return kept


def _own(found: Object) -> tuple[set[str], set[str]]:
    """Return the data keys and rule group names that we own."""
    keys: set[str] = set()
    groups: set[str] = set()
    for manager, fields in _managed(found):
        if manager == MANAGER:
            for part in ("f:data", "f:binaryData"):
                keys |= {key.removeprefix("f:") for key in fields.get(part) or {}}
            listed = (fields.get("f:spec") or {}).get("f:groups") or {}
            names = (json.loads(key[2:]) for key in listed if key.startswith("k:"))
            groups |= {str(each["name"]) for each in names if "name" in each}
    return keys, groups


def _group_names(found: Object) -> list[str]:
    return [str(each.get("name")) for each in (found.get("spec") or {}).get("groups") or ()]


def described(found: Object) -> str:
    """Describe an object's managers."""
    managers = ", ".join(dict.fromkeys(manager for manager, _ in _managed(found))) or "an unknown manager"
    return f"managed by {managers}"


def _managed(found: Object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each manager with the content fields that it owns."""
    for each in found["metadata"].get("managedFields") or ():
        fields = each.get("fieldsV1") or {}
        yield str(each.get("manager", "")), {name: fields[name] for name in CONTENT if name in fields}
