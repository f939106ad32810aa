"""Helpers for PromQL's syntax tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import promql_parser as promql

from leadline.signals.promql import Matcher, select

Node: TypeAlias = Any
"""A node of promql_parser, which ships no types."""
COMPARISONS = frozenset(("==", "!=", "<", ">", "<=", ">="))
SETS = frozenset(("and", "or", "unless"))
OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}


def parse(text: str) -> Node:
    """Parse an expression. Raise ValueError if it is invalid."""
    return promql.parse(text)


def children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, promql.BinaryExpr):
        return (node.lhs, node.rhs)
    if isinstance(node, promql.Call):
        return tuple(node.args)
    if isinstance(node, promql.AggregateExpr):
        return (node.expr,) if node.param is None else (node.expr, node.param)
    if isinstance(node, promql.MatrixSelector):
        return (node.vector_selector,)
    if isinstance(node, promql.ParenExpr | promql.UnaryExpr | promql.SubqueryExpr):
        return (node.expr,)
    return ()


def walk(node: Node, above: tuple[Node, ...] = ()) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Yield every node with its ancestors, nearest last."""
    waiting = [(node, above)]
    while waiting:
        each, over = waiting.pop()
        yield each, over
        waiting += [(child, (*over, each)) for child in reversed(children(each))]


def selectors(node: Node) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Yield every vector selector with its ancestors."""
    return ((each, above) for each, above in walk(node) if is_selector(each))


def is_selector(node: Node) -> bool:
    return isinstance(node, promql.VectorSelector)


def is_call(node: Node, *names: str) -> bool:
    return isinstance(node, promql.Call) and (not names or node.func.name in names)


def is_aggregation(node: Node, *names: str) -> bool:
    return isinstance(node, promql.AggregateExpr) and (not names or str(node.op) in names)


def is_binary(node: Node, *operators: str) -> bool:
    return isinstance(node, promql.BinaryExpr) and (not operators or str(node.op) in operators)


def is_number(node: Node) -> bool:
    return isinstance(node, promql.NumberLiteral)


def bare(node: Node) -> Node:
    """Remove enclosing parentheses."""
    while isinstance(node, promql.ParenExpr):
        node = node.expr
    return node


def metric(selector: Node) -> str:
    """Return a selector's metric name; empty if it has none or matches several."""
    if selector.name:
        return str(selector.name)
    return next(
        (each.value for each in matchers(selector) if each.label == "__name__" and each.operator == "="), ""
    )


def matchers(selector: Node) -> tuple[Matcher, ...]:
    return tuple(
        Matcher(str(each.name), OPERATORS[str(each.op)], str(each.value))
        for each in selector.matchers.matchers
    )


def write(selector: Node) -> str:
    """Write a selector alone, without offset and @."""
    return select(selector.name or "", matchers(selector))


def is_scalar(node: Node) -> bool:
    """Return whether a node is a scalar."""
    node = bare(node)
    if is_number(node) or is_call(node, "scalar", "time", "pi"):
        return True
    if isinstance(node, promql.UnaryExpr):
        return is_scalar(node.expr)
    return is_binary(node) and is_scalar(node.lhs) and is_scalar(node.rhs)


def seconds(range_: Any) -> float:
    return float(range_.total_seconds()) if range_ is not None else 0.0


def on_labels(node: Node) -> tuple[bool, tuple[str, ...]] | None:
    """Return whether a binary operator matches `on` these labels or ignores them; None without either."""
    if node.modifier is None or node.modifier.matching is None:
        return None
    matching = node.modifier.matching
    return str(matching.type) == "LabelModifierType.Include", tuple(map(str, matching.labels))


def group_labels(node: Node) -> tuple[str, ...]:
    return tuple(map(str, node.modifier.group_labels or ())) if node.modifier else ()


def cardinality(node: Node) -> str:
    """Return "left" for group_left, "right" for group_right, else ""."""
    card = str(node.modifier.card) if node.modifier else ""
    return {"VectorMatchCardinality.ManyToOne": "left", "VectorMatchCardinality.OneToMany": "right"}.get(
        card, ""
    )


def by_labels(node: Node) -> tuple[bool, tuple[str, ...]]:
    """Return whether an aggregation keeps these labels (by), or drops them (without)."""
    if node.modifier is None:
        return True, ()
    return str(node.modifier.type) == "AggModifierType.By", tuple(map(str, node.modifier.labels))


def returns_bool(node: Node) -> bool:
    """Return whether a binary operator is a comparison with `bool`, which returns 0 or 1."""
    return bool(node.modifier is not None and node.modifier.return_bool)
