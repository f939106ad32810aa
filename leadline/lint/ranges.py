"""Bound the result of an expression."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from . import tree
from .facts import Facts
from .tree import Node


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`; `because` names the reason, such as a histogram's last bucket or a ratio."""

    low: float = -math.inf
    high: float = math.inf
    because: str = ""


ANYTHING = Range()
COUNT = Range(0, math.inf)
SHARE = Range(0, 1)
SAME = ("sum", "max", "min", "avg", "topk", "bottomk", "quantile")
KEEPING = frozenset(
    [
        "avg_over_time",
        "min_over_time",
        "max_over_time",
        "last_over_time",
        "quantile_over_time",
        "sort",
        "sort_desc",
        "label_replace",
        "label_join",
        "sort_by_label",
        "sort_by_label_desc",
    ]
)
GROWING = ("rate", "increase", "irate", "resets", "changes", "count_over_time", "time", "timestamp")
WHOLES = {
    "avail": "size",
    "free": "size",
    "available": "total",
    "memavailable": "memtotal",
    "in_use": "max",
    "used": "total",
}


def of(node: Node, facts: Facts) -> Range:
    """Return the range of an expression. Comparisons filter; they do not change values."""
    node = tree.bare(node)
    if tree.is_number(node):
        return Range(node.val, node.val)
    if tree.is_selector(node):
        return _of_selector(node, facts)
    if tree.is_call(node):
        return _of_call(node, facts)
    if tree.is_aggregation(node):
        return _of_aggregation(node, facts)
    if tree.is_binary(node):
        return _of_binary(node, facts)
    parts = tree.children(node)
    if type(node).__name__ == "UnaryExpr" and parts:
        inner = of(parts[0], facts)
        return Range(-inner.high, -inner.low, inner.because)
    return of(parts[0], facts) if parts else ANYTHING


def _of_selector(node: Node, facts: Facts) -> Range:
    name = tree.metric(node)
    if name == "up":
        return Range(0, 1, "up is 0 or 1")
    rule = facts.recorded.get(name)
    if rule and len(rule.expressions) == 1 and name not in rule.expressions[0]:
        return of(tree.parse(rule.expressions[0]), facts)
    if re.search(r":(\w+_)?ratio_rate\w+$", name):
        return Range(0, 1, "it is recorded as a ratio of rates")
    if facts.type_of(name) == "counter":
        return Range(0, math.inf, "a counter is never below 0")
    return ANYTHING


def _of_call(node: Node, facts: Facts) -> Range:
    name = node.func.name
    if name == "histogram_quantile":
        return _of_quantile(node, facts)
    if name in ("absent", "absent_over_time"):
        return Range(1, 1, "absent() is 1 or nothing")
    if name == "vector":
        return of(node.args[0], facts)
    if name in ("rate", "irate") and all(
        tree.metric(each) == "node_cpu_seconds_total" for each, _ in tree.selectors(node)
    ):
        return Range(0, 1, "a CPU spends at most 1 second a second")
    if name in GROWING:
        return COUNT
    if name in KEEPING:
        inner = next(
            (
                each
                for each in node.args
                if (not tree.is_scalar(each) and tree.children(each)) or tree.is_selector(each)
            ),
            None,
        )
        return of(inner, facts) if inner is not None else ANYTHING
    if name == "clamp_max":
        inner, most = of(node.args[0], facts), of(node.args[1], facts)
        return Range(min(inner.low, most.high), min(inner.high, most.high), inner.because)
    return ANYTHING


def _of_quantile(node: Node, facts: Facts) -> Range:
    edges = [
        edge
        for each, _ in tree.selectors(node.args[1])
        if tree.metric(each).endswith("_bucket") and (edge := facts.last_edge(tree.metric(each))) is not None
    ]
    if not edges:
        return COUNT
    return Range(0, max(edges), "bucket")


def _of_aggregation(node: Node, facts: Facts) -> Range:
    inner = of(node.expr, facts)
    if tree.is_aggregation(node, "count", "count_values"):
        return Range(1, math.inf, "a count is at least 1, or nothing")
    if tree.is_aggregation(node, "group"):
        return Range(1, 1)
    if tree.is_aggregation(node, "sum"):
        low = inner.low if inner.low >= 0 else -math.inf
        return Range(low, math.inf if inner.high > 0 else inner.high)
    if tree.is_aggregation(node, "stddev", "stdvar"):
        return COUNT
    return inner if tree.is_aggregation(node, *SAME) else ANYTHING


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right if right else math.nan,
}


def _of_binary(node: Node, facts: Facts) -> Range:
    operator = str(node.op)
    if operator in tree.COMPARISONS:
        if tree.returns_bool(node):
            return SHARE
        return _filtered(node, operator, facts)
    if operator in ("and", "unless"):
        return of(node.lhs, facts)
    left, right = of(node.lhs, facts), of(node.rhs, facts)
    if operator == "or":
        return Range(min(left.low, right.low), max(left.high, right.high), left.because or right.because)
    if operator == "/" and (is_share(node.lhs, node.rhs) or _is_counted_share(node.lhs, node.rhs, facts)):
        return Range(0, 1, "a part of a whole is between 0 and 1")
    if operator not in ARITHMETIC or (
        operator == "/" and right.low <= 0 <= right.high and right.low != right.high
    ):
        return _sign(operator, left, right)
    corners = [
        _corner(operator, one, other) for one in (left.low, left.high) for other in (right.low, right.high)
    ]
    if any(math.isnan(each) for each in corners):
        return ANYTHING
    return Range(min(corners), max(corners), left.because or right.because)


def _filtered(node: Node, operator: str, facts: Facts) -> Range:
    """Narrow a range by a comparison with a number."""
    left = tree.is_scalar(node.lhs)
    inner = of(node.rhs if left else node.lhs, facts)
    number = of(node.lhs if left else node.rhs, facts)
    if not (left or tree.is_scalar(node.rhs)) or number.low != number.high:
        return inner
    way = FLIPPED.get(operator, operator) if left else operator
    low = max(inner.low, number.low) if way in (">", ">=", "==") else inner.low
    high = min(inner.high, number.low) if way in ("<", "<=", "==") else inner.high
    return Range(low, high, inner.because) if low <= high else inner


FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}


def _corner(operator: str, left: float, right: float) -> float:
    if operator == "*" and 0 in (left, right):
        return 0.0
    if operator == "/" and math.isinf(right):
        return math.nan if math.isinf(left) else 0.0
    return ARITHMETIC[operator](left, right)


def _sign(operator: str, left: Range, right: Range) -> Range:
    return COUNT if operator in ("/", "%", "^") and left.low >= 0 and right.low >= 0 else ANYTHING


def is_share(part: Node, whole: Node) -> bool:
    """Return whether one side is proven to count a subset of the other."""
    parts, wholes = ([each for each, _ in tree.selectors(side)] for side in (part, whole))
    if len(parts) != 1 or len(wholes) != 1 or _shape(part) != _shape(whole):
        return False
    one, all_ = parts[0], wholes[0]
    own, theirs = ({str(each) for each in tree.matchers(side)} for side in (one, all_))
    if tree.metric(one) == tree.metric(all_):
        return theirs <= own and _is_additive(part)
    return bool(own == theirs and _is_whole_of(tree.metric(one), tree.metric(all_)))


def _is_counted_share(part: Node, whole: Node, facts: Facts) -> bool:
    """Return whether one side counts, or sums zeros and ones over, the series that the other side counts."""
    part, whole = tree.bare(part), tree.bare(whole)
    if not tree.is_aggregation(part, "sum", "count") or not tree.is_aggregation(whole, "count"):
        return False
    if tree.by_labels(part) != tree.by_labels(whole) or not tree.is_selector(tree.bare(whole.expr)):
        return False
    parts = [each for each, _ in tree.selectors(part)]
    if len(parts) != 1 or tree.metric(parts[0]) != tree.metric(tree.bare(whole.expr)):
        return False
    own, theirs = ({str(one) for one in tree.matchers(each)} for each in (parts[0], tree.bare(whole.expr)))
    inner = of(part.expr, facts)
    return theirs <= own and (tree.is_aggregation(part, "count") or (inner.low >= 0 and inner.high <= 1))


def _is_additive(node: Node) -> bool:
    """Return whether an expression only sums and rates a selector, so that a subset gives a part of the result."""
    if any(
        (tree.is_call(each) and not tree.is_call(each, "rate", "increase", "irate"))
        or (tree.is_aggregation(each) and not tree.is_aggregation(each, "sum", "count"))
        for each, _ in tree.walk(node)
    ):
        return False
    return any(
        tree.is_aggregation(each, "sum", "count") or tree.is_call(each, "rate", "increase")
        for each, _ in tree.walk(node)
    )


def _shape(node: Node) -> list[str]:
    """Write the operations on a selector, without it: sides of equal shape are comparable."""
    names = []
    for each, _ in tree.walk(node):
        if tree.is_call(each):
            names.append(each.func.name)
        elif tree.is_aggregation(each):
            names.append(f"{each.op} {tree.by_labels(each)}")
        elif tree.is_binary(each):
            names.append(str(each.op))
        elif type(each).__name__ == "MatrixSelector":
            names.append(str(each.range))
    return names


def _is_whole_of(part: str, whole: str) -> bool:
    one, other = part.lower(), whole.lower()
    for small, large in WHOLES.items():
        if re.sub(rf"(^|_){small}(?=_|$)", rf"\1{large}", one) == other:
            return True
    return False
