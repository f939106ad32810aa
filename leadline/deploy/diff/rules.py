"""Diff two versions of a rule file, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .dashboards import changed

Json = Mapping[str, Any]
ONCE = {"expr": "expression", "for": "for", "keep_firing_for": "keep_firing_for"}


def changes(old: Sequence[Json], new: Sequence[Json]) -> tuple[str, ...]:
    """Return the changes between two lists of rule groups, one per line."""
    return tuple(_changes(old, new))


def _changes(old: Sequence[Json], new: Sequence[Json]) -> Iterator[str]:
    before, after = ({str(group.get("name")): group for group in groups} for groups in (old, new))
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after:
            yield f"group {name}: removed"
        elif name not in before:
            yield f"group {name}: added, {len(after[name].get('rules') or ())} rules"
        else:
            yield from _group(name, before[name], after[name])


def _group(name: str, old: Json, new: Json) -> Iterator[str]:
    if old.get("interval") != new.get("interval"):
        yield f"group {name}: {changed('interval', old.get('interval'), new.get('interval'))}"
    before, after = (dict(_named(group)) for group in (old, new))
    for key in [*before, *(key for key in after if key not in before)]:
        if key not in after:
            yield f"{key}: removed"
        elif key not in before:
            yield f"{key}: added"
        else:
            yield from (f"{key}: {what}" for what in _rule(before[key], after[key]))


def _rule(old: Json, new: Json) -> Iterator[str]:
    for key, name in ONCE.items():
        if old.get(key) != new.get(key):
            yield changed(name, old.get(key), new.get(key))
    for kind, name in (("labels", "label"), ("annotations", "annotation")):
        before, after = (each.get(kind) or {} for each in (old, new))
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield changed(f"{name} {key}", before.get(key), after.get(key))


def _named(group: Json) -> Iterator[tuple[str, Json]]:
    """Yield each rule with its name, plus labels if several share the name."""
    rules = [each for each in group.get("rules") or () if isinstance(each, dict)]
    names = [_name(rule) for rule in rules]
    for rule, name in zip(rules, names, strict=True):
        labels = rule.get("labels") or {}
        apart = ", ".join(
            f'{key}="{labels[key]}"' for key in sorted(labels) if key not in ("project", "service")
        )
        yield (f"{name}{{{apart}}}" if names.count(name) > 1 and apart else name), rule


def _name(rule: Json) -> str:
    return f"alert {rule['alert']}" if "alert" in rule else f"recording {rule.get('record')}"
