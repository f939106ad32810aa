"""The values of Grafana's variables: time range, interval and selected values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from leadline.base.units import promql_duration
from leadline.signals.promql import one_of
from leadline.signals.variables import VARIABLE

MOST_POINTS = 240
"""Maximum steps of a graph, as in a Grafana panel of half a screen's width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time range and its step, in seconds; there is a sample at each step, both ends included."""

    start: float
    end: float
    step: float

    @property
    def times(self) -> list[float]:
        return [
            self.start + index * self.step for index in range(int((self.end - self.start) / self.step) + 1)
        ]

    def index(self, time: float) -> int:
        return round((time - self.start) / self.step)


def span(start: float, end: float, scrape_interval: float) -> Span:
    """Choose the step like Grafana: at least a scrape interval, and at most MOST_POINTS points.

    Align start and end to multiples of the step, so that repeated queries are identical.
    """
    step = scrape_interval * math.ceil(max(1.0, (end - start) / MOST_POINTS / scrape_interval))
    return Span(start=math.floor(start / step) * step, end=math.floor(end / step) * step, step=step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Replaces variables.

    values  selected values of each variable; none means all, and `alls` has the matcher's value for that
    """

    span: Span
    scrape_interval: float
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alls: Mapping[str, str] = field(default_factory=dict)

    def in_query(self, text: str) -> str:
        """Replace variables in a query: several values become regular expression alternatives, as in Grafana."""
        return VARIABLE.sub(lambda found: self._queried(_name(found), found[0]), text)

    def in_text(self, text: str) -> str:
        """Replace variables in a text for people."""
        return VARIABLE.sub(lambda found: self._displayed(_name(found), found[0]), text)

    def chosen(self, name: str) -> str:
        """Return the selected values of a variable."""
        return " + ".join(self.values.get(name, ())) or "All"

    def _queried(self, name: str, written: str) -> str:
        if name in self.values:
            return _alternatives(self.values[name])
        return self.alls.get(name) or self._built_in(name) or written

    def _displayed(self, name: str, written: str) -> str:
        if name in ("__from", "__to"):
            return _moment(self.span.start if name == "__from" else self.span.end)
        if name in self.values or name in self.alls:
            return " ".join(self.values.get(name, ()))
        return self._built_in(name) or written

    def _built_in(self, name: str) -> str:
        seconds = self.span.end - self.span.start
        rate = max(self.span.step + self.scrape_interval, 4 * self.scrape_interval)
        return {
            "__interval": promql_duration(self.span.step),
            "__interval_ms": f"{self.span.step * 1000:.0f}",
            "__rate_interval": promql_duration(rate),
            "__rate_interval_ms": f"{rate * 1000:.0f}",
            "__range": promql_duration(seconds),
            "__range_s": f"{seconds:.0f}",
            "__range_ms": f"{seconds * 1000:.0f}",
            "__from": f"{self.span.start * 1000:.0f}",
            "__to": f"{self.span.end * 1000:.0f}",
        }.get(name, "")


def scoped(
    document: Mapping[str, object],
    within: Span,
    scrape_interval: float,
    values: Mapping[str, tuple[str, ...]],
) -> Scope:
    """Return the scope of a dashboard: its variables' given values, else the saved ones, else All."""
    offered = {
        str(each.get("name")): each for each in variables(document) if each.get("type") != "datasource"
    }
    saved = {name: _saved(each, within) for name, each in offered.items()}
    chosen = {name: found for name, found in saved.items() if found} | {
        name: found for name, found in values.items() if name in offered
    }
    return Scope(
        span=within,
        scrape_interval=scrape_interval,
        values=chosen,
        alls={
            name: str(each.get("allValue") or ".+") for name, each in offered.items() if name not in chosen
        },
    )


def _saved(variable: Mapping[str, object], within: Span) -> tuple[str, ...]:
    """Return a variable's saved values; none for All or nothing. An interval's auto is the step."""
    current = variable.get("current")
    value = current.get("value") if isinstance(current, dict) else None
    found = tuple(str(each) for each in value) if isinstance(value, list) else (str(value),) if value else ()
    if any(each in ("$__all", "All") for each in found):
        return ()
    if variable.get("type") == "interval" and (not found or found[0].startswith("$__auto")):
        first = str(variable.get("query") or "").split(",")[0].strip()
        return (promql_duration(within.step) if found or not first else first,)
    if not found and variable.get("type") in ("constant", "textbox", "custom"):
        return tuple(filter(None, [str(variable.get("query") or "").split(",")[0].strip()]))
    return found


def variables(document: Mapping[str, object]) -> Iterable[Mapping[str, object]]:
    """Return the variables of a dashboard."""
    templating = document.get("templating")
    listed = templating.get("list") if isinstance(templating, dict) else None
    return [each for each in listed or () if isinstance(each, dict)]


def _alternatives(values: tuple[str, ...]) -> str:
    """Escape values for a matcher: as a regular expression, then as a string."""
    found = one_of(values).replace("\\", "\\\\").replace('"', '\\"')
    return f"({found})" if len(values) > 1 else found


def _name(found: re.Match[str]) -> str:
    return next(filter(None, found.groups()), "")


def _moment(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
