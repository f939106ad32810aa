"""Find settings in a panel's JSON that the preview does not support, to list them in the panel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]


def unread(panel: Json) -> Iterator[str]:
    """Yield settings that affect Grafana but are ignored here."""
    defaults = _table(_table(panel, "fieldConfig"), "defaults")
    custom = _table(defaults, "custom")
    if defaults.get("mappings"):
        yield "value mappings"
    if _table(custom, "scaleDistribution").get("type", "linear") != "linear":
        yield "a logarithmic scale"
    if _table(custom, "stacking").get("mode") == "percent":
        yield "stacking to 100 %"
    if panel.get("timeFrom") or panel.get("timeShift"):
        yield "a time range of its own"
    if panel.get("repeat"):
        yield "repetition by a variable"
    others = [each.get("id") for each in panel.get("transformations") or () if isinstance(each, dict)]
    if panel.get("type") != "table" and others:
        yield "transformations"
    elif set(others) - {"merge", "organize"}:
        yield "transformations other than merge and organize"


def foreign(panel: Json, target: Json) -> str:
    """Return the datasource of a query that is not Prometheus; empty if it is, or is unknown."""
    for found in (target.get("datasource"), panel.get("datasource")):
        kind = found.get("type") if isinstance(found, dict) else None
        if kind and kind not in ("prometheus", "datasource", "mixed"):
            return str(kind)
        if isinstance(found, dict) and str(found.get("uid", "")).startswith(("-- Dashboard", "__expr__")):
            return str(found["uid"])
        if isinstance(found, str) and found not in ("-- Mixed --", "default") and not found.startswith("$"):
            return "" if "prom" in found.lower() else found
        if kind == "prometheus":
            return ""
    return ""


def _table(parent: Json, key: str) -> Json:
    found = parent.get(key)
    return found if isinstance(found, dict) else {}
