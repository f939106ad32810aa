"""Mistakes made on purpose: a rule changed at one place, by operators that are written out here.

An expression is read into its tree and written again with one node changed, so that no string or comment is ever taken for code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import promql_parser as promql

from leadline.base.units import duration, plain, promql_duration
from leadline.lint import tree
from leadline.lint.tree import Node
from leadline.signals.promql import Matcher, select

COMPARISONS = {
    ">": (">=", "<"),
    ">=": (">", "<="),
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    "==": ("!=",),
    "!=": ("==",),
}
ARITHMETIC = {"/": "*", "*": "/", "-": "+", "+": "-"}
AGGREGATIONS = {
    "sum": ("avg", "max", "min"),
    "avg": ("sum", "max", "min"),
    "max": ("min", "sum"),
    "min": ("max", "sum"),
    "count": ("sum", "max"),
    "topk": ("bottomk",),
    "bottomk": ("topk",),
}
FUNCTIONS = {
    "rate": ("increase", "irate", "delta"),
    "increase": ("rate", "irate", "delta"),
    "irate": ("rate",),
    "absent_over_time": ("present_over_time",),
    "count_over_time": ("sum_over_time",),
    "sum_over_time": ("avg_over_time", "max_over_time"),
    "avg_over_time": ("sum_over_time", "max_over_time", "min_over_time"),
    "max_over_time": ("avg_over_time", "min_over_time"),
    "min_over_time": ("avg_over_time", "max_over_time"),
    "last_over_time": ("max_over_time", "min_over_time"),
    "resets": ("changes",),
    "clamp_min": ("clamp_max",),
    "clamp_max": ("clamp_min",),
}
REMOVED = ("absent", "clamp_min", "clamp_max", "label_replace", "abs", "ceil", "floor", "round")
"""Functions whose mutant is their first argument alone."""
NOTHING = "(nothing)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One place changed: by which operator, what stood there and what stands there now, for people, and the whole expression."""

    operator: str
    before: str
    after: str
    expr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A rule changed at one place; `rule` is None where it is removed."""

    change: Change
    rule: Mapping[str, Any] | None


def mutations(rule: Mapping[str, Any]) -> Iterator[Mutation]:
    """Return a rule with each mistake, those that write the same expression once."""
    node = tree.parse(rule["expr"])
    seen = {text(node)}
    for change in changes(node):
        if change.expr not in seen and _parses(change.expr):
            seen.add(change.expr)
            yield Mutation(change=change, rule={**rule, "expr": change.expr})
    for key in ("for", "keep_firing_for"):
        if key in rule:
            yield from _held(rule, key)
    for name in rule.get("labels", ()):
        labels = {key: value for key, value in rule["labels"].items() if key != name}
        change = Change(operator="rule label", before=f"{name}: {rule['labels'][name]}", after=NOTHING)
        yield Mutation(change=change, rule={**rule, "labels": labels})
    yield Mutation(change=Change(operator="rule", before="the rule", after=NOTHING), rule=None)


def _held(rule: Mapping[str, Any], key: str) -> Iterator[Mutation]:
    seconds = duration(str(rule[key]))
    before = f"{key}: {rule[key]}"
    for changed in (promql_duration(seconds * 4), promql_duration(seconds / 4)):
        change = Change(operator="hold", before=before, after=f"{key}: {changed}")
        yield Mutation(change=change, rule={**rule, key: changed})
    without = {name: value for name, value in rule.items() if name != key}
    yield Mutation(change=Change(operator="hold", before=before, after=NOTHING), rule=without)


def _parses(expression: str) -> bool:
    try:
        tree.parse(expression)
    except ValueError:
        return False
    return True


def changes(node: Node) -> Iterator[Change]:
    """Return every change of an expression, with the whole expression written again."""
    for operator in OPERATORS:
        yield from operator(node)
    if isinstance(node, promql.MatrixSelector):
        return  # written as one with its selector
    children = tree.children(node)
    parts = [text(child) for child in children]
    for index, child in enumerate(children):
        for each in changes(child):
            before = f"0 * {each.before}" if _is_nothing(node) else each.before
            yield replace(each, before=before, expr=_write(node, _with(parts, index, each.expr)))


def _is_nothing(node: Node) -> bool:
    """Return whether a node is 0 for every operand, so that mutants of that operand can be treated separately."""
    return tree.is_binary(node, "*") and tree.is_number(node.lhs) and node.lhs.val == 0


def text(node: Node) -> str:
    """Write an expression so that it means the same wherever it stands: each operand in parentheses."""
    return _write(node, [text(child) for child in tree.children(node)])


def _write(node: Node, parts: Sequence[str]) -> str:
    for kind, write in WRITERS:
        if isinstance(node, kind):
            return write(node, parts)
    return str(node.prettify())


def _subquery(node: Node, parts: Sequence[str]) -> str:
    step = promql_duration(tree.seconds(node.step)) if node.step else ""
    return f"({parts[0]})[{promql_duration(tree.seconds(node.range))}:{step}]"


def _aggregate(operation: str, by: tuple[bool, tuple[str, ...]], parts: Sequence[str]) -> str:
    kept, labels = by
    grouping = f"{'by' if kept else 'without'} ({', '.join(labels)}) " if labels or not kept else ""
    return f"{operation} {grouping}({', '.join(reversed(parts))})"


def _modifier(node: Node) -> str:
    """Write `bool`, `on` or `ignoring`, and `group_left` or `group_right`."""
    if node.modifier is None:
        return ""
    written = "bool " if node.modifier.return_bool else ""
    matching, side = tree.on_labels(node), tree.cardinality(node)
    if matching is not None:
        written += f"{'on' if matching[0] else 'ignoring'} ({', '.join(matching[1])}) "
    return written + (f"group_{side} ({', '.join(tree.group_labels(node))}) " if side else "")


def _selector(node: Node) -> Node:
    return node.vector_selector if isinstance(node, promql.MatrixSelector) else node


def _selected(node: Node, matchers: Sequence[Matcher]) -> str:
    """Write an instant or a range selector with these matchers."""
    selector = _selector(node)
    range_ = f"[{promql_duration(tree.seconds(node.range))}]" if node is not selector else ""
    return f"{select(selector.name or '', matchers)}{range_}{_offset(selector)}"


def _offset(selector: Node) -> str:
    seconds = tree.seconds(selector.offset)
    if not seconds:
        return ""
    return f" offset {'-' if seconds < 0 else ''}{promql_duration(abs(seconds))}"


def brief(node: Node) -> str:
    """Write an expression for people: without matchers, and without what stands around it."""
    return _brief(node, [brief(child) for child in tree.children(node)])


def _brief(node: Node, parts: Sequence[str]) -> str:
    if isinstance(node, promql.VectorSelector):
        return (tree.metric(node) or tree.write(node)) + _offset(node)
    if isinstance(node, promql.MatrixSelector):
        range_ = f"[{promql_duration(tree.seconds(node.range))}]"
        return (tree.metric(node.vector_selector) or parts[0]) + range_ + _offset(node.vector_selector)
    if isinstance(node, promql.BinaryExpr):
        return f"{parts[0]} {node.op} {parts[1]}"
    if isinstance(node, promql.ParenExpr):
        return f"({parts[0]})"
    return _write(node, parts)


def _with(parts: Sequence[str], index: int, part: str) -> list[str]:
    return [*parts[:index], part, *parts[index + 1 :]]


def _literals(node: Node) -> Iterator[Change]:
    """Double and halve a number; 0 becomes 1."""
    children = tree.children(node)
    shown, parts = [brief(each) for each in children], [text(each) for each in children]
    operator = "threshold" if tree.is_binary(node, *tree.COMPARISONS) else "factor"
    for index, child in enumerate(children):
        if not tree.is_number(child) or not math.isfinite(child.val):
            continue
        for value in (child.val * 2, child.val / 2) if child.val else (1.0,):
            yield Change(
                operator=operator,
                before=brief(node),
                after=_brief(node, _with(shown, index, plain(value))),
                expr=_write(node, _with(parts, index, plain(value))),
            )


def _windows(node: Node) -> Iterator[Change]:
    """Double and halve a range, and an offset, which is removed too."""
    if isinstance(node, promql.MatrixSelector | promql.SubqueryExpr):
        before = f"[{promql_duration(tree.seconds(node.range))}"
        head, tail = text(node).rsplit(before, 1)
        for factor in (2, 0.5):
            after = f"[{promql_duration(tree.seconds(node.range) * factor)}"
            what = brief(tree.children(node)[0])
            yield Change(
                operator="window",
                before=f"{what}{before}]",
                after=f"{what}{after}]",
                expr=f"{head}{after}{tail}",
            )
    selector = _selector(node)
    if tree.is_selector(selector) and selector.offset:
        before = _offset(selector)
        seconds = tree.seconds(selector.offset)
        for changed in (seconds * 2, seconds / 2, 0):
            sign = "-" if changed < 0 else ""
            after = f" offset {sign}{promql_duration(abs(changed))}" if changed else ""
            yield Change(
                operator="window",
                before=before.strip(),
                after=after.strip() or NOTHING,
                expr=text(node).removesuffix(before) + after,
            )


def _comparisons(node: Node) -> Iterator[Change]:
    yield from _operators(node, "comparison", COMPARISONS)


def _arithmetic(node: Node) -> Iterator[Change]:
    yield from _operators(node, "arithmetic", {old: (new,) for old, new in ARITHMETIC.items()})


def _operators(node: Node, operator: str, table: Mapping[str, tuple[str, ...]]) -> Iterator[Change]:
    if not isinstance(node, promql.BinaryExpr):
        return
    left, right = node.lhs, node.rhs
    for changed in table.get(str(node.op), ()):
        yield Change(
            operator=operator,
            before=brief(node),
            after=f"{brief(left)} {changed} {brief(right)}",
            expr=f"({text(left)}) {changed} {_modifier(node)}({text(right)})",
        )


def _sets(node: Node) -> Iterator[Change]:
    """Drop an arm; and turn `and` into `or`, `unless` into `and`."""
    if not tree.is_binary(node, *tree.SETS):
        return
    operation, left, right = str(node.op), node.lhs, node.rhs
    yield Change(operator="set", before=f"… {operation} {brief(right)}", after="…", expr=text(left))
    if operation != "unless":
        yield Change(operator="set", before=f"{brief(left)} {operation} …", after="…", expr=text(right))
    for changed in {"and": ("or",), "unless": ("and",)}.get(operation, ()):
        yield Change(
            operator="set",
            before=f"… {operation} {brief(right)}",
            after=f"… {changed} {brief(right)}",
            expr=f"({text(left)}) {changed} {_modifier(node)}({text(right)})",
        )


def _matchers(node: Node) -> Iterator[Change]:
    """Change the value of a matcher, of several alternatives the last; and drop it."""
    if not isinstance(node, promql.VectorSelector | promql.MatrixSelector):
        return
    selector = _selector(node)
    matchers = tree.matchers(selector)
    for index, matcher in enumerate(matchers):
        changed = replace(matcher, value=f"{matcher.value}x")
        for kept in ((changed,), ()):
            yield Change(
                operator="matcher",
                before=select(tree.metric(selector), (matcher,)) + _offset(selector),
                after=(select(tree.metric(selector), kept) or "{}") + _offset(selector),
                expr=_selected(node, (*matchers[:index], *kept, *matchers[index + 1 :])),
            )


def _groupings(node: Node) -> Iterator[Change]:
    """Drop a label of `by` or `without`."""
    if not tree.is_aggregation(node):
        return
    kept, labels = tree.by_labels(node)
    parts = [text(each) for each in tree.children(node)]
    word = "by" if kept else "without"
    for label in labels:
        fewer = tuple(each for each in labels if each != label)
        yield Change(
            operator="grouping",
            before=f"{node.op} {word} ({', '.join(labels)})",
            after=f"{node.op} {word} ({', '.join(fewer)})",
            expr=_aggregate(str(node.op), (kept, fewer), parts),
        )


def _aggregations(node: Node) -> Iterator[Change]:
    if not tree.is_aggregation(node):
        return
    parts = [text(each) for each in tree.children(node)]
    for changed in AGGREGATIONS.get(str(node.op), ()):
        yield Change(
            operator="aggregation",
            before=f"{node.op} of {brief(node.expr)}",
            after=f"{changed} of it",
            expr=_aggregate(changed, tree.by_labels(node), parts),
        )


def _functions(node: Node) -> Iterator[Change]:
    """Take a neighbouring function, or the first argument alone."""
    if not tree.is_call(node):
        return
    parts = [text(each) for each in tree.children(node)]
    for changed in FUNCTIONS.get(node.func.name, ()):
        yield Change(
            operator="function",
            before=brief(node),
            after=f"{changed} of it",
            expr=f"{changed}({', '.join(parts)})",
        )
    if node.func.name in REMOVED:
        yield Change(operator="function", before=brief(node), after=brief(node.args[0]), expr=parts[0])


OPERATORS: tuple[Callable[[Node], Iterator[Change]], ...] = (
    _literals,
    _windows,
    _comparisons,
    _matchers,
    _groupings,
    _aggregations,
    _functions,
    _sets,
    _arithmetic,
)
WRITERS: tuple[tuple[Any, Callable[[Node, Sequence[str]], str]], ...] = (
    (promql.BinaryExpr, lambda node, parts: f"({parts[0]}) {node.op} {_modifier(node)}({parts[1]})"),
    (promql.Call, lambda node, parts: f"{node.func.name}({', '.join(parts)})"),
    (promql.AggregateExpr, lambda node, parts: _aggregate(str(node.op), tree.by_labels(node), parts)),
    (
        promql.VectorSelector | promql.MatrixSelector,
        lambda node, _: _selected(node, tree.matchers(_selector(node))),
    ),
    (promql.SubqueryExpr, _subquery),
    (promql.UnaryExpr, lambda _, parts: f"-({parts[0]})"),
    (promql.ParenExpr, lambda _, parts: parts[0]),
)
"""How each kind of node is written of its parts; those that have none are not here."""
