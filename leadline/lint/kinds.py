"""Are metrics used by their type: counters as rates, gauges directly, histograms by buckets?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import tree, units
from .facts import Facts
from .labels import carried
from .model import ERROR, WARNING
from .result import Result
from .tree import Node

RATES = ("rate", "irate", "increase", "xrate", "xincrease", "resets")
SLOPES = ("delta", "idelta", "deriv", "predict_linear", "holt_winters", "double_exponential_smoothing")
COUNTED = (
    "absent", "absent_over_time", "changes", "count_over_time", "present_over_time", "timestamp", "resets", *RATES,
)  # fmt: skip
STAMPS = re.compile(r"_created$|_timestamp(_seconds)?$|_info$|_time_seconds$")


def misused(node: Node, facts: Facts) -> Iterator[Result]:
    """Find rates of gauges, slopes of counters, raw counters, and quantiles without buckets."""
    for each, above in tree.selectors(node):
        name = tree.metric(each)
        if not name or not facts.exists(name):
            continue
        kind = facts.type_of(name)
        function = _range_function(above)
        if kind == "gauge" and function in ("rate", "irate", "increase"):
            yield Result(
                "rate-of-gauge",
                ERROR,
                f"{function}() of {name}, which is a gauge: every fall counts as a restart",
                f"its type is {kind}",
                "use delta() or deriv(), or the gauge itself",
            )
        elif kind == "counter" and function in SLOPES:
            yield Result(
                "rate-of-gauge",
                ERROR,
                f"{function}() of {name}, which is a counter: a restart looks like a fall",
                f"its type is {kind}",
                "use increase() or rate()",
            )
        elif kind == "counter" and _is_raw(each, above, name):
            yield Result(
                "raw-counter",
                WARNING,
                f"{name} is a counter, shown or compared raw: it only grows, and restarts with the process",
                f"its type is {kind}",
                f"use rate({name}[5m]) or increase()",
            )
    yield from _quantiles(node, facts)


def _range_function(above: tuple[Node, ...]) -> str:
    """Return the function that takes the selector's range; empty if none does."""
    for each in reversed(above):
        if tree.is_call(each):
            return str(each.func.name)
        if type(each).__name__ not in ("MatrixSelector", "ParenExpr", "SubqueryExpr"):
            return ""
    return ""


def _is_raw(node: Node, above: tuple[Node, ...], name: str) -> bool:
    if STAMPS.search(name):
        return False
    inner = node
    for each in reversed(above):
        if tree.is_call(each, *COUNTED, *SLOPES) or tree.is_aggregation(each, "count", "group"):
            return False
        if tree.is_binary(each, "unless", "and") and each.rhs is inner:
            return False
        if tree.is_binary(each, "unless", "and") and _same(each.rhs, inner):
            return False
        if tree.is_binary(each, "-") and _is_difference(each):
            return False
        if tree.is_binary(each, "*") and 0 in (units.constant(each.lhs), units.constant(each.rhs)):
            return False  # zeros for existing series
        inner = each
    return True


def _same(one: Node, other: Node) -> bool:
    return str(one) == str(other)


def _is_difference(node: Node) -> bool:
    """Return whether a metric is compared with itself at another time, which is a hand-written rate."""
    left, right = ([each for each, _ in tree.selectors(side)] for side in (node.lhs, node.rhs))
    if len(left) != 1 or len(right) != 1:
        return False
    same = tree.write(left[0]) == tree.write(right[0])
    return same and (str(left[0].offset), str(left[0].at)) != (str(right[0].offset), str(right[0].at))


def _quantiles(node: Node, facts: Facts) -> Iterator[Result]:
    for each, _ in tree.walk(node):
        if not tree.is_call(each, "histogram_quantile") or len(each.args) != 2:
            continue
        inner = each.args[1]
        names = [tree.metric(one) for one, _ in tree.selectors(inner)]
        known = [name for name in names if name and facts.exists(name)]
        if not known or len(known) < len(names):
            continue
        if not any(_has_buckets(name, facts) for name in known):
            yield _without_buckets(known[0], facts)
        elif _drops_le(inner, facts):
            yield Result(
                "quantile-without-le",
                ERROR,
                "histogram_quantile() of buckets whose le was summed away gives nothing",
                "the aggregation inside does not keep le",
                "write sum by (le, …) (…)",
            )


def _has_buckets(name: str, facts: Facts) -> bool:
    labels = facts.labels(name)
    if labels is not None and "le" in labels:
        return True
    return (
        name in facts.recorded
        or facts.type_of(name) == "histogram"
        or (labels is not None and name.endswith("_bucket"))
    )


def _without_buckets(name: str, facts: Facts) -> Result:
    kind = facts.type_of(name) or "not a histogram"
    base = re.sub(r"_(sum|count)$", "", name)
    hint = (
        f"use {base}_bucket"
        if f"{base}_bucket" in facts.inventory.names
        else "a quantile needs buckets; a summary has its own"
    )
    return Result(
        "quantile-of-no-buckets",
        ERROR,
        f"histogram_quantile() of {name}, which has no buckets",
        f"its type is {kind}, and it has no label le",
        hint,
    )


def _drops_le(inner: Node, facts: Facts) -> bool:
    labels = carried(inner, facts)
    if labels is not None:
        return "le" not in labels
    top = tree.bare(inner)
    if tree.is_aggregation(top):
        keeps, names = tree.by_labels(top)
        return keeps and "le" not in names and "__variable_label__" not in names
    return False
