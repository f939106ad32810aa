"""Validate panels, so that Grafana accepts them and readers can rely on them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import promql_parser

from leadline.signals.variables import BUILT_IN, without_variables

from .model import KINDS, Link, Panel, Query, Step
from .parts import MOST_QUERIES

COLUMNS = 24
COLOR = re.compile(
    r"#[0-9A-Fa-f]{6}|text|transparent|((super-light|light|semi-dark|dark)-)?(red|orange|yellow|green|blue|purple)"
)
"""Colours in Grafana's notation."""
TUPLES = {"queries": Query, "steps": Step, "links": Link, "labels": str, "hidden": str, "needs": str}
TEXTS = ("key", "title", "description", "kind", "unit", "sort")


def wrong(panel: Panel) -> Iterator[str]:
    """Yield the mistakes of a panel: wrong field types, and if there are none, everything else."""
    types = list(_types(panel))
    yield from types
    if types:
        return
    if panel.kind not in KINDS:
        yield f"there is no kind {panel.kind!r}; there are {', '.join(KINDS)}"
    if not panel.title.strip():
        yield "it has no title"
    if panel.kind == "row":
        return
    if not panel.description.strip():
        yield "it has no description; say what it shows and what is normal"
    if not 1 <= panel.width <= COLUMNS or panel.height < 1:
        yield f"it is {panel.width} wide and {panel.height} high; a row has {COLUMNS} columns"
    if panel.kind != "text" and not 1 <= len(panel.queries) <= MOST_QUERIES:
        yield f"it asks {len(panel.queries)} queries; ask one to {MOST_QUERIES}"
    yield from _expressions(panel)
    yield from _values(panel)


def unknown_variables(panel: Panel, known: tuple[str, ...]) -> Iterator[str]:
    """Yield variables that a panel's queries use but its dashboard does not offer."""
    offered = {"datasource", *known}
    for query in panel.queries:
        for name in sorted(without_variables(query.expr).variables - BUILT_IN - offered):
            yield f"its query uses ${name}, which the dashboard does not offer; name it in variables=(…)"


def _types(panel: Panel) -> Iterator[str]:
    for name in TEXTS:
        value = getattr(panel, name)
        if not isinstance(value, str):
            yield f"{name} must be text, not {value!r}"
        elif not _is_unicode(value):
            yield f"{name} contains a lone surrogate"
    yield from _numbers(panel)
    for name, kind in TUPLES.items():
        value = getattr(panel, name)
        if not _is_tuple(value, kind):
            yield f"{name} must be a tuple of {kind.__name__}, not {value!r}"
    if not _is_tuple(panel.colors, tuple) or not all(
        len(each) == 2 and _is_tuple(each, str) for each in panel.colors
    ):
        yield f"colors must be pairs of a legend's regular expression and a colour, not {panel.colors!r}"


def _numbers(panel: Panel) -> Iterator[str]:
    for name in ("width", "height"):
        if type(getattr(panel, name)) is not int:
            yield f"{name} must be a whole number, not {getattr(panel, name)!r}"
    for name in ("least", "most"):
        value = getattr(panel, name)
        if value is not None and not _is_number(value):
            yield f"{name} must be a number or None, not {value!r}"


def _is_tuple(value: object, kind: type) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, kind) for each in value)


def _expressions(panel: Panel) -> Iterator[str]:
    for query in panel.queries:
        if not isinstance(query.expr, str) or not isinstance(query.legend, str):
            yield f"a query's expr and legend must be text, not {query.expr!r} and {query.legend!r}"
            continue
        try:
            promql_parser.parse(without_variables(query.expr).text)
        except ValueError as error:
            yield f"{' '.join(query.expr.split())!r} is not PromQL: {error}"


def _values(panel: Panel) -> Iterator[str]:
    for step in panel.steps:
        if step.value is not None and not _is_number(step.value):
            yield f"a step must begin at a number, not at {step.value!r}"
        if not isinstance(step.color, str) or not COLOR.fullmatch(step.color):
            yield f"{step.color!r} is not a colour; write #RRGGBB, or one of Grafana's names"
    for _, color in panel.colors:
        if not COLOR.fullmatch(color):
            yield f"{color!r} is not a colour; write #RRGGBB, or one of Grafana's names"
    for link in panel.links:
        if not isinstance(link.url, str) or not re.match(r"https?://|/", link.url):
            yield f"a link must lead to http://, https:// or a Grafana path, not to {link.url!r}"
    known = {*panel.labels, *(query.legend for query in panel.queries)}
    if panel.kind == "table" and panel.sort and panel.sort.removeprefix("-") not in known:
        yield f"it is sorted by {panel.sort.removeprefix('-')!r}, and has no such column"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
