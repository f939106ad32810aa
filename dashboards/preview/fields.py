"""Field options in a panel's JSON: units, axis ends, thresholds, and overrides of single series."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .. import colors

Step = tuple[float | None, str]


class Fields:
    """Defaults and overrides of a panel's fields, applied as in Grafana: the later override wins."""

    def __init__(self, panel: Mapping[str, Any]) -> None:
        found = panel.get("fieldConfig")
        config: Mapping[str, Any] = found if isinstance(found, dict) else {}
        self._defaults: Mapping[str, Any] = config.get("defaults") or {}
        self._overrides = [each for each in config.get("overrides") or () if isinstance(each, dict)]
        custom = self._defaults.get("custom") or {}
        self._fill = float(custom.get("fillOpacity") or 0) / 100
        self._width = float(custom.get("lineWidth") or 1)
        self.stacked = (custom.get("stacking") or {}).get("mode") == "normal"
        self.draws_thresholds = (custom.get("thresholdsStyle") or {}).get("mode", "off") != "off"
        self.unit = str(self._defaults.get("unit") or "")
        self.no_value = str(self._defaults.get("noValue") or "")
        self.steps = steps(
            self._defaults.get("thresholds"),
            _number(self._defaults.get("min")),
            _number(self._defaults.get("max")),
        )

    def scale(self) -> dict[str, Any]:
        """Return unit and ends of the axis; a missing end is None."""
        return {
            "unit": self.unit,
            "min": _number(self._defaults.get("min")),
            "max": _number(self._defaults.get("max")),
        }

    def color(self, ref: str, name: str) -> str:
        """Return the colour that an override sets for a series; empty if none does."""
        found = self._last("color", ref, name)
        return str((found or {}).get("fixedColor") or "")

    def line(self, ref: str, name: str) -> dict[str, Any]:
        """Return a series' line style: width, dash, fill opacity and stacking."""
        style = self._last("custom.lineStyle", ref, name) or {}
        alone = (self._last("custom.stacking", ref, name) or {}).get("mode") == "none"
        return {
            "width": self._last("custom.lineWidth", ref, name) or self._width,
            "dash": style.get("dash") or [] if style.get("fill") == "dash" else [],
            "fill": 0 if alone else self._fill,
            "stack": self.stacked and not alone,
        }

    def of_column(self, name: str) -> dict[str, Any]:
        """Return the overrides of a table column: unit, thresholds, visibility and link."""
        links = self._last("links", "", name) or ()
        return {
            "name": name,
            "unit": self._last("unit", "", name) or self.unit,
            "steps": steps(self._last("thresholds", "", name)),
            "hidden": bool(self._last("custom.hidden", "", name)),
            "link": str(links[0].get("url", "")) if links else "",
        }

    def _last(self, prop: str, ref: str, name: str) -> Any:
        found = None
        for value in self._of(prop, ref, name):
            found = value
        return found

    def _of(self, prop: str, ref: str, name: str) -> Iterator[Any]:
        for override in self._overrides:
            matcher = override.get("matcher") or {}
            if _matches(str(matcher.get("id")), str(matcher.get("options")), ref, name):
                yield from (
                    each.get("value") for each in override.get("properties") or () if each.get("id") == prop
                )


def _matches(kind: str, wanted: str, ref: str, name: str) -> bool:
    if kind == "byName":
        return name == wanted
    if kind == "byFrameRefID":
        return ref == wanted
    if kind == "byRegexp":
        body = re.fullmatch(r"/(.*)/[a-z]*", wanted)
        try:
            return re.search(body[1] if body else f"^(?:{wanted})$", name) is not None
        except re.error:
            return False
    return False


def steps(thresholds: Any, least: float | None = None, most: float | None = None) -> list[Step]:
    """Return thresholds as (start value, colour); the first starts at None. Percentages refer to the axis, by default 0 to 100."""
    if not isinstance(thresholds, dict):
        return []
    low, high = (0.0 if least is None else least), (100.0 if most is None else most)
    share = thresholds.get("mode") == "percentage"
    found: list[Step] = []
    for step in thresholds.get("steps") or ():
        value = _number(step.get("value")) if isinstance(step, dict) else None
        if isinstance(step, dict):
            at = low + (high - low) * value / 100 if share and value is not None else value
            found.append((at, str(step.get("color") or colors.PLAIN)))
    return found


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
