"""Whose an object in a cluster is: ours by its labels and by who manages its fields, or somebody else's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Object = Mapping[str, Any]
MANAGER = "leadline"
CONTENT = ("f:data", "f:binaryData", "f:spec")
"""The fields that are an object's content; who only writes status or metadata shares nothing of it."""


def is_of_project(found: Object, project: str) -> bool:
    """Say whether an object's labels name us, and this project."""
    labels = found["metadata"].get("labels") or {}
    return (
        labels.get("app.kubernetes.io/managed-by") == MANAGER
        and labels.get("app.kubernetes.io/part-of") == project
    )


def others(found: Object) -> tuple[str, ...]:
    """Name the managers beside us that own some of an object's content."""
    return tuple(
        dict.fromkeys(manager for manager, fields in _managed(found) if manager != MANAGER and fields)
    )


def applied_by_us(found: Object) -> bool:
    """Say whether we applied an object; a copy that somebody made by hand has our labels only."""
    return any(
        each.get("manager") == MANAGER and each.get("operation") == "Apply"
        for each in found["metadata"].get("managedFields") or ()
    )


def foreign_keys(found: Object) -> tuple[str, ...]:
    """Name the keys of an object's data that we do not own, whoever does."""
    own: set[str] = set()
    for manager, fields in _managed(found):
        if manager == MANAGER:
            for part in ("f:data", "f:binaryData"):
                own |= {key.removeprefix("f:") for key in fields.get(part) or {}}
    keys = (*(found.get("data") or {}), *(found.get("binaryData") or {}))
    return tuple(key for key in keys if key not in own)


def ours_alone(found: Object) -> dict[str, Any]:
    """Return an object without the keys that are not ours: an apply leaves those as they are."""
    foreign = set(foreign_keys(found))
    data = {key: value for key, value in (found.get("data") or {}).items() if key not in foreign}
    return {**found, **({"data": data} if "data" in found else {})}


def described(found: Object) -> str:
    """Say who manages an object, as far as it tells."""
    managers = ", ".join(dict.fromkeys(manager for manager, _ in _managed(found))) or "nobody known"
    return f"managed by {managers}"


def _managed(found: Object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each manager with what it owns of the content."""
    for each in found["metadata"].get("managedFields") or ():
        fields = each.get("fieldsV1") or {}
        yield str(each.get("manager", "")), {name: fields[name] for name in CONTENT if name in fields}
