"""Diff two versions of a Kubernetes object: dashboards, rules, or other data by key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from . import dashboards, rules

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Json = Mapping[str, Any]


def changes(old: Json, new: Json) -> tuple[str, ...]:
    """Return the changes between two objects, one per line."""
    return tuple(_changes(old, new))


def _changes(old: Json, new: Json) -> Iterator[str]:
    if "groups" in (new.get("spec") or {}):
        yield from rules.changes(_groups(old.get("spec")), _groups(new.get("spec")))
    before, after = ({**(each.get("data") or {})} for each in (old, new))
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield from _entry(name, before.get(name), after.get(name))
    yield from _marks(old, new)


def _entry(name: str, old: str | None, new: str | None) -> Iterator[str]:
    if old is None or new is None:
        yield f"{name}: {'added' if old is None else 'removed'}"
    elif name.endswith(".json"):
        yield from (f"{name}: {line}" for line in dashboards.changes(_json(old), _json(new)))
    elif name.endswith((".yaml", ".yml")):
        yield from (
            f"{name}: {line}"
            for line in rules.changes(_groups(_yaml(old)), _groups(_yaml(new))) or ("changed",)
        )
    else:
        yield f"{name}: changed"


def _marks(old: Json, new: Json) -> Iterator[str]:
    """Yield changes of our labels and annotations; ignore others."""
    for kind in ("labels", "annotations"):
        before, after = ((each.get("metadata") or {}).get(kind) or {} for each in (old, new))
        for key in sorted(after):
            if before.get(key) != after[key]:
                yield dashboards.changed(f"{kind[:-1]} {key}", before.get(key), after[key])


def _groups(found: object) -> list[Json]:
    groups = found.get("groups") if isinstance(found, dict) else None
    return [each for each in groups or () if isinstance(each, dict)]


def _json(text: str) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _yaml(text: str) -> object:
    try:
        return yaml.load(text, Loader=LOADER)  # noqa: S506  both are safe loaders
    except yaml.YAMLError:
        return None
