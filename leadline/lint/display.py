"""Do a panel's unit and legend, or an alert's annotations, fit the result?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leadline.signals.variables import BUILT_IN

from . import tree, units
from .facts import Facts
from .labels import carried
from .model import ERROR, WARNING
from .result import Result
from .tree import Node


def wrong_unit(node: Node, unit: str, facts: Facts) -> Iterator[Result]:
    """Find a unit that contradicts the expression."""
    found = units.of(node, facts)
    if found is not None and units.differ(found, unit):
        yield Result(
            "unit-mismatch",
            ERROR,
            f"the panel's unit is {unit}, but the expression gives {units.name(found)}",
            "inferred from its metric names and the arithmetic",
            "set the unit that the expression is in, or convert it",
        )


def wrong_legend(node: Node, legend: str, facts: Facts) -> Iterator[Result]:
    """Find {{labels}} in a legend that the result does not carry."""
    names = [name.strip() for name in re.findall(r"\{\{\s*([^{}]+?)\s*\}\}", legend)]
    if "__name__" in names and not _keeps_name(node):
        yield Result(
            "legend-label-missing",
            WARNING,
            "the legend names __name__, which the result does not carry: functions and arithmetic drop it",
            "",
            "write the name itself",
        )
    yield from _lacking(node, names, "legend-label-missing", "the legend", facts)


def _keeps_name(node: Node) -> bool:
    """Return whether a result keeps a metric name."""
    node = tree.bare(node)
    if tree.is_selector(node):
        return True
    if tree.is_call(node, "last_over_time", "sort", "sort_desc", "label_replace", "label_join"):
        return True
    if tree.is_aggregation(node, "topk", "bottomk"):
        return _keeps_name(node.expr)
    if tree.is_aggregation(node):
        keeps, names = tree.by_labels(node)
        return keeps and "__name__" in names
    if tree.is_binary(node, *tree.COMPARISONS):
        return not tree.returns_bool(node)
    return tree.is_binary(node, *tree.SETS)


def wrong_templates(node: Node, templates: tuple[str, ...], facts: Facts) -> Iterator[Result]:
    """Find $labels in annotations that the result does not carry."""
    names = [
        next(filter(None, found.groups()))
        for text in templates
        for found in re.finditer(r"(?:\$labels|\.Labels)\.(\w+)|(?:index\s+)?\$labels\s+\"(\w+)\"", text)
    ]
    yield from _lacking(node, names, "annotation-label-missing", "an annotation", facts)


def _lacking(node: Node, names: list[str], code: str, where: str, facts: Facts) -> Iterator[Result]:
    wanted = [name for name in dict.fromkeys(names) if name not in ("__name__", "alertname", "")]
    if not wanted:
        return
    labels = carried(node, facts)
    if labels is None:
        return
    for name in wanted:
        if name not in labels:
            yield Result(
                code,
                WARNING,
                f"{where} names the label {name}, which the result does not carry",
                f"it carries {', '.join(sorted(labels)) or 'no labels'}",
                f"keep it, for example with by ({', '.join([*sorted(labels), name][:4])}), or leave it out",
            )


def undefined(used: frozenset[str], known: frozenset[str] | None) -> Iterator[Result]:
    """Find variables that the dashboard does not define."""
    if known is None:
        return
    for name in sorted(used - known - BUILT_IN):
        if not name.isdigit():
            yield Result(
                "variable-undefined",
                ERROR,
                f"the dashboard defines no variable {name}",
                f"it defines {', '.join(sorted(known)) or 'none'}",
                "add it, or correct the name",
            )
