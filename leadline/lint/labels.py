"""Infer the labels of an expression's result from existing series, operator by operator."""

from __future__ import annotations

from leadline.signals.variables import LABEL

from . import tree
from .facts import Facts
from .tree import Node

Labels = frozenset[str] | None
"""The labels that a result may carry; None if unknown."""
KEEP_NAME = ("last_over_time", "sort", "sort_desc", "sort_by_label", "sort_by_label_desc")
MOST_DEEP = 12
"""Maximum depth of following recorded series to their expressions."""


def carried(node: Node, facts: Facts, deep: int = 0) -> Labels:
    """Return the labels of an expression's result, without `__name__`."""
    node = tree.bare(node)
    if tree.is_scalar(node):
        return frozenset()
    if tree.is_selector(node):
        return _of_selector(node, facts, deep)
    if tree.is_call(node):
        return _of_call(node, facts, deep)
    if tree.is_aggregation(node):
        return _of_aggregation(node, facts, deep)
    if tree.is_binary(node):
        return _of_binary(node, facts, deep)
    parts = tree.children(node)
    return carried(parts[0], facts, deep) if parts else frozenset()


def _of_selector(node: Node, facts: Facts, deep: int) -> Labels:
    name = tree.metric(node)
    if not name:
        return None
    live = facts.labels(name)
    if live is not None and name not in facts.recorded:
        return live
    return _of_recorded(name, facts, deep + 1) if name in facts.recorded and deep < MOST_DEEP else None


def _of_recorded(name: str, facts: Facts, deep: int) -> Labels:
    """Return the labels of recordings with that name, including those that the rules add."""
    rule, every = facts.recorded[name], frozenset[str]()
    for expression in rule.expressions:
        try:
            labels = carried(tree.parse(expression), facts, deep)
        except ValueError:
            return None
        if labels is None:
            return None
        every |= labels
    return every | rule.labels


def _of_call(node: Node, facts: Facts, deep: int) -> Labels:
    name = node.func.name
    if name in ("vector", "scalar", "time"):
        return frozenset()
    if name in ("absent", "absent_over_time"):
        inner = tree.bare(node.args[0])
        inner = tree.children(inner)[0] if type(inner).__name__ == "MatrixSelector" else inner
        if not tree.is_selector(inner):
            return frozenset()
        return frozenset(each.label for each in tree.matchers(inner) if each.operator == "=")
    arguments = [each for each in node.args if not _is_plain(each)]
    if not arguments:
        return frozenset()
    inner = carried(arguments[0], facts, deep)
    if name in ("label_replace", "label_join"):
        added = _text(node.args[1])
        return None if inner is None or added is None else inner | {added}
    if name == "histogram_quantile" and inner is not None:
        return inner - {"le"}
    return inner


def _is_plain(node: Node) -> bool:
    return tree.is_scalar(node) or _text(node) is not None


def _text(node: Node) -> str | None:
    value = getattr(node, "val", None)
    return value if isinstance(value, str) else None


def _of_aggregation(node: Node, facts: Facts, deep: int) -> Labels:
    inner = carried(node.expr, facts, deep)
    if tree.is_aggregation(node, "topk", "bottomk", "limitk"):
        return inner
    keeps, labels = tree.by_labels(node)
    if LABEL in labels:
        return None
    added = {_text(node.param) or ""} if tree.is_aggregation(node, "count_values") else set()
    if keeps:
        return (frozenset(labels) if inner is None else inner & frozenset(labels)) | added
    return None if inner is None else (inner - frozenset(labels)) | added


def _of_binary(node: Node, facts: Facts, deep: int) -> Labels:
    left, right = carried(node.lhs, facts, deep), carried(node.rhs, facts, deep)
    if tree.is_scalar(node.lhs):
        return right
    if tree.is_scalar(node.rhs):
        return left
    if tree.is_binary(node, "or"):
        return None if left is None or right is None else left | right
    if tree.is_binary(node, "and", "unless"):
        return left
    grouped, matching = tree.cardinality(node), tree.on_labels(node)
    many, one = (right, left) if grouped == "right" else (left, right)
    if grouped:
        return None if many is None or one is None else many | (frozenset(tree.group_labels(node)) & one)
    if matching is None:
        return left if left is not None else right
    included, names = matching
    if included:
        return frozenset(names) if left is None else left & frozenset(names)
    return None if left is None else left - frozenset(names)
