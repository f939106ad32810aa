"""Can both sides of an operator meet, and are ratios made of sums?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leadline.signals.variables import LABEL, METRIC

from . import tree
from .facts import Facts
from .labels import carried
from .model import ERROR, WARNING
from .result import Result
from .tree import Node

MULTIPLE = ("many-to-many", "multiple matches", "duplicate series", "grouping labels must ensure unique")
RATED = ("rate", "irate", "increase", "delta")


def unmatched(node: Node, facts: Facts) -> Iterator[Result]:
    """Find operators whose sides have series that never match, or match more than once."""
    for each, _ in tree.walk(node):
        if not tree.is_binary(each) or tree.is_binary(each, "or"):
            continue
        if tree.is_scalar(each.lhs) or tree.is_scalar(each.rhs) or not _are_whole(each, facts):
            continue
        found = _tried(each, facts)
        if found:
            yield found
            return


def _are_whole(node: Node, facts: Facts) -> bool:
    """Return whether every metric below has live series, so that an empty result is meaningful."""
    names = [tree.metric(one) for one, _ in tree.selectors(node)]
    return bool(names) and all(
        METRIC not in name and (name in facts.inventory.names or name in facts.recorded) for name in names
    )


def _tried(node: Node, facts: Facts) -> Result | None:
    left, right = (_expanded(_without_filters(side), side, facts) for side in (node.lhs, node.rhs))
    if not left or not right or LABEL in left + right:
        return None
    matching = tree.on_labels(node)
    on = ""
    if matching:
        on = f" {'on' if matching[0] else 'ignoring'} ({', '.join(matching[1])})"
    counts = facts.count(left), facts.count(right)
    if any(isinstance(each, str) or each == 0 for each in counts):
        return None
    matched = facts.count(f"{left} and{on} {right}")
    if matched == 0:
        return _never(node, facts, counts, on)
    if tree.is_binary(node, "and", "unless"):
        return None
    grouped = {"left": " group_left", "right": " group_right"}.get(tree.cardinality(node), "")
    if grouped:
        grouped += f" ({', '.join(tree.group_labels(node))})"
    tried = facts.count(f"{left} *{on}{grouped} {right}")
    if isinstance(tried, str) and any(part in tried for part in MULTIPLE):
        return Result(
            "no-match",
            ERROR,
            f"the sides of {node.op} match more than once",
            tried,
            "aggregate both sides to the labels that they share, or write group_left or group_right",
        )
    return None


def _never(node: Node, facts: Facts, counts: tuple[float | str, ...], on: str) -> Result:
    sides = [carried(side, facts) for side in (node.lhs, node.rhs)]
    labels = " and ".join(
        "unknown labels" if side is None else f"({', '.join(sorted(side))})" for side in sides
    )
    return Result(
        "no-match",
        ERROR,
        f"the sides of {node.op} have {counts[0]:.0f} and {counts[1]:.0f} series, but none of them match{on}",
        f"they carry {labels}",
        "match on the labels that both carry, or aggregate both sides to them",
    )


def _without_filters(node: Node) -> str:
    """Write a side without comparisons, which drop series that would match."""
    inner = tree.bare(node)
    if tree.is_binary(inner, *tree.COMPARISONS) and not tree.returns_bool(inner):
        if tree.is_scalar(inner.rhs):
            return _without_filters(inner.lhs)
        if tree.is_scalar(inner.lhs):
            return _without_filters(inner.rhs)
    return f"({inner})"


def _expanded(text: str, side: Node, facts: Facts, deep: int = 0) -> str:
    """Replace series that do not exist yet with the expressions that record them; empty if unknown."""
    for each, above in tree.selectors(side):
        name = tree.metric(each)
        if name in facts.inventory.names:
            continue
        written = (
            ""
            if any(type(one).__name__ == "MatrixSelector" for one in above)
            else _of_rule(each, facts, deep)
        )
        if not written:
            return ""
        text = re.sub(rf"(?<![\w:]){re.escape(name)}(\{{\}})?(?![\w:])", lambda _, new=written: new, text)  # type: ignore[misc]
    return text


def _of_rule(selector: Node, facts: Facts, deep: int) -> str:
    """Write the expression that records a series, with the labels that its rule adds."""
    rule = facts.recorded[tree.metric(selector)]
    if len(rule.expressions) != 1 or tree.matchers(selector) or selector.offset or deep > MOST_DEEP:
        return ""
    try:
        inner = tree.parse(rule.expressions[0])
    except ValueError:
        return ""
    if any(not facts.exists(tree.metric(one)) for one, _ in tree.selectors(inner)):
        return ""
    written = _expanded(f"({inner})", inner, facts, deep + 1)
    for label in sorted(rule.labels) if written else ():
        written = f'label_replace({written}, "{label}", "x", "", "")'
    return written


MOST_DEEP = 8


def averaged_ratios(node: Node, facts: Facts) -> Iterator[Result]:
    """Find ratios that are summed or averaged after dividing, which weights all series equally, whatever their traffic."""
    for each, _ in tree.walk(node):
        if not tree.is_aggregation(each, "avg", "sum"):
            continue
        inner = tree.bare(each.expr)
        ratio = _ratio_in(inner)
        if ratio is None or tree.is_scalar(ratio.lhs) or tree.is_scalar(ratio.rhs) or tree.cardinality(ratio):
            continue  # parts of one whole may be added
        if not _is_of_rates(ratio, facts) and not tree.is_aggregation(each, "sum"):
            continue
        if tree.is_aggregation(each, "sum") and not (_is_of_rates(ratio, facts) or _is_plain_ratio(ratio)):
            continue
        if not _is_finer(ratio, each, facts):
            continue
        yield Result(
            "ratio-before-aggregation",
            WARNING,
            f"{each.op}() of a ratio: divide the sums instead, so that each request weighs the same",
            f"{each.op} (… / …)",
            "write sum (…) / sum (…)",
        )


def _ratio_in(node: Node) -> Node | None:
    """Return the aggregated ratio: directly, as 1 − ratio, or times a number."""
    node = tree.bare(node)
    if tree.is_binary(node, "/"):
        return _ratio_in(node.lhs) or node if tree.is_scalar(node.rhs) else node
    if tree.is_binary(node, "-", "*", "+"):
        if tree.is_scalar(node.lhs):
            return _ratio_in(node.rhs)
        if tree.is_scalar(node.rhs):
            return _ratio_in(node.lhs)
    if tree.is_call(node, "avg_over_time") and tree.children(node):
        inner = tree.children(node)[0]
        return _ratio_in(tree.children(inner)[0]) if type(inner).__name__ == "SubqueryExpr" else None
    return None


def _is_of_rates(ratio: Node, facts: Facts) -> bool:
    return all(
        any(tree.is_call(one, *RATED) for one, _ in tree.walk(side))
        or any(facts.type_of(tree.metric(one)) == "counter" for one, _ in tree.selectors(side))
        for side in (ratio.lhs, ratio.rhs)
    )


def _is_plain_ratio(ratio: Node) -> bool:
    """Return whether a gauge is divided by another, series by series."""
    return (
        tree.is_selector(tree.bare(ratio.lhs))
        and tree.is_selector(tree.bare(ratio.rhs))
        and not tree.cardinality(ratio)
    )


def _is_finer(ratio: Node, aggregation: Node, facts: Facts) -> bool:
    """Return whether the ratio has more labels than the aggregation keeps, so that series are really added up."""
    labels = carried(ratio, facts)
    keeps, names = tree.by_labels(aggregation)
    if labels is None:
        return True
    kept = labels & frozenset(names) if keeps else labels - frozenset(names)
    return kept < labels
