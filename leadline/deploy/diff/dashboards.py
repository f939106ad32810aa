"""Diff two versions of a dashboard's JSON, panel by panel."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from leadline.base.units import show

Json = Mapping[str, Any]
LONGEST = 160
UNITS = {"s": "seconds", "percentunit": "ratio", "reqps": "requests_per_second", "currencyUSD": "usd"}
"""Our names for Grafana's units."""
OF_A_DASHBOARD = {
    "title": "title",
    "description": "description",
    "tags": "tags",
    "refresh": "refresh",
    "time": "time range",
    "timezone": "time zone",
    "editable": "editable",
    "schemaVersion": "schema version",
    "graphTooltip": "shared crosshair",
    "links": "links",
    "annotations": "annotations",
}
OF_A_PANEL = {"title": "title", "type": "kind", "description": "description", "links": "links"}


def changes(old: Json, new: Json) -> tuple[str, ...]:
    """Return the changes between two dashboards, one per line, ignoring Grafana's own keys."""
    return tuple(_changes(old, new))


def _changes(old: Json, new: Json) -> Iterator[str]:
    for key, name in OF_A_DASHBOARD.items():
        if old.get(key) != new.get(key):
            yield changed(name, old.get(key), new.get(key))
    yield from _variables(old, new)
    yield from _panels(old, new)
    others = {key for key in {*old, *new} if old.get(key) != new.get(key)}
    others -= {*OF_A_DASHBOARD, "panels", "templating", "id", "version", "uid"}
    for key in sorted(others):
        yield changed(key, old.get(key), new.get(key))


def _variables(old: Json, new: Json) -> Iterator[str]:
    before, after = (_by(_listed(each.get("templating") or {}, "list"), "name") for each in (old, new))
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after:
            yield f"variable '{name}': removed"
        elif name not in before:
            yield f"variable '{name}': added"
        elif before[name] != after[name]:
            query = before[name].get("query") != after[name].get("query")
            what = (
                changed("query", before[name].get("query"), after[name].get("query"))
                if query
                else "settings changed"
            )
            yield f"variable '{name}': {what}"


def _panels(old: Json, new: Json) -> Iterator[str]:
    before, after = (_by(_listed(each, "panels"), "id") for each in (old, new))
    for key, panel in before.items():
        if key not in after:
            yield f"panel '{panel.get('title')}': removed"
    for key, panel in after.items():
        if key not in before:
            yield f"panel '{panel.get('title')}': added"
        else:
            for what in _panel(before[key], panel):
                yield f"panel '{before[key].get('title')}': {what}"


def _panel(old: Json, new: Json) -> Iterator[str]:
    for key, name in OF_A_PANEL.items():
        if old.get(key) != new.get(key):
            yield changed(name, old.get(key), new.get(key))
    yield from _place(old.get("gridPos") or {}, new.get("gridPos") or {})
    yield from _queries(old, new)
    unit = _defaults(new).get("unit") or ""
    if _defaults(old).get("unit") != _defaults(new).get("unit"):
        yield changed("unit", _defaults(old).get("unit"), unit)
    yield from _thresholds(old, new, UNITS.get(str(unit), ""))
    content = [(each.get("options") or {}).get("content") for each in (old, new)]
    if content[0] != content[1]:
        yield changed("text", *content)
    rest = [_rest(each) for each in (old, new)]
    for key in sorted(key for key in {*rest[0], *rest[1]} if rest[0].get(key) != rest[1].get(key)):
        yield f"{key} changed"


def _place(old: Json, new: Json) -> Iterator[str]:
    if any(old.get(key) != new.get(key) for key in ("x", "y")):
        yield "moved"
    if any(old.get(key) != new.get(key) for key in ("w", "h")):
        yield f"size {old.get('w')} × {old.get('h')} → {new.get('w')} × {new.get('h')}"


def _queries(old: Json, new: Json) -> Iterator[str]:
    before, after = (_by(_listed(each, "targets"), "refId") for each in (old, new))
    for ref in sorted({*before, *after}):
        if ref not in after:
            yield f"query {ref} removed"
        elif ref not in before:
            yield f"query {ref} added: {_short(after[ref].get('expr'))}"
        elif before[ref].get("expr") != after[ref].get("expr"):
            yield changed(f"query {ref}", before[ref].get("expr"), after[ref].get("expr"))
        elif before[ref].get("legendFormat") != after[ref].get("legendFormat"):
            yield changed(f"legend {ref}", before[ref].get("legendFormat"), after[ref].get("legendFormat"))
        elif before[ref] != after[ref]:
            yield f"query {ref}: settings changed"


def _thresholds(old: Json, new: Json, unit: str) -> Iterator[str]:
    before, after = (_steps(each) for each in (old, new))
    if before == after:
        return
    if [color for _, color in before] == [color for _, color in after]:
        for (was, _), (now, _) in zip(before, after, strict=True):
            if was != now:
                yield f"threshold {_figure(was, unit)} → {_figure(now, unit)}"
    else:
        yield f"thresholds {_stepped(before, unit)} → {_stepped(after, unit)}"


def _stepped(steps: list[tuple[float | None, str]], unit: str) -> str:
    return ", ".join(f"{color} from {_figure(value, unit)}" for value, color in steps) or "none"


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "the least"
    return show(value, unit) if unit else f"{value:g}"


def _steps(panel: Json) -> list[tuple[float | None, str]]:
    thresholds = _defaults(panel).get("thresholds")
    steps = _listed(thresholds, "steps") if isinstance(thresholds, dict) else []
    return [(step.get("value"), str(step.get("color"))) for step in steps]


def _defaults(panel: Json) -> Json:
    config = panel.get("fieldConfig")
    found = config.get("defaults") if isinstance(config, dict) else None
    return found if isinstance(found, dict) else {}


def _rest(panel: Json) -> dict[str, Any]:
    """Return the parts of a panel that have no specific message, by name."""
    config = panel.get("fieldConfig") if isinstance(panel.get("fieldConfig"), dict) else {}
    defaults = {key: value for key, value in _defaults(panel).items() if key not in ("unit", "thresholds")}
    options = {key: value for key, value in (panel.get("options") or {}).items() if key != "content"}
    named = {"fields": defaults, "overrides": (config or {}).get("overrides") or [], "options": options}
    known = {*OF_A_PANEL, "gridPos", "targets", "fieldConfig", "options", "id"}
    return {**named, **{key: value for key, value in panel.items() if key not in known}}


def changed(name: str, old: object, new: object) -> str:
    """Describe a changed value; shorten long texts to the differing part."""
    if old is None:
        return f"{name} added: {_short(new)}"
    if new is None:
        return f"{name} removed: {_short(old)}"
    before, after = " ".join(str(old).split()), " ".join(str(new).split())
    if len(before) + len(after) > LONGEST:
        before, after = _apart(before, after)
    return f"{name} {before} → {after}"


def _apart(before: str, after: str) -> tuple[str, str]:
    """Return the differing part of two long texts, with a little context."""
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    first = blocks[0].size if blocks and blocks[0].a == blocks[0].b == 0 else 0
    start = max(0, first - 20)
    ending = 0
    while (
        ending < min(len(before), len(after)) - first
        and before[len(before) - 1 - ending] == after[len(after) - 1 - ending]
    ):
        ending += 1
    keep = max(0, ending - 20)
    return tuple(  # type: ignore[return-value]
        _short(("… " if start else "") + text[start : len(text) - keep] + (" …" if keep else ""))
        for text in (before, after)
    )


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 2] + " …"


def _by(listed: list[Json], key: str) -> dict[Any, Json]:
    return {each.get(key): each for each in listed}


def _listed(parent: Json, key: str) -> list[Json]:
    found = parent.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
