"""Can a condition ever be true, and can a threshold ever be reached?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from leadline.base.units import plain
from leadline.signals.variables import NUMBER

from . import ranges, tree, units
from .facts import Facts, holds
from .model import ERROR
from .ranges import Range
from .result import Result
from .tree import Node

LEAST_PERCENT = 2
"""The smallest threshold taken for a percentage by mistake."""
FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}


def impossible(node: Node, facts: Facts) -> Iterator[Result]:
    """Find comparisons that no value can satisfy, and conditions that exclude each other."""
    for each, _ in tree.walk(node):
        if tree.is_binary(each, *tree.COMPARISONS):
            yield from _compared(each, facts)
        elif tree.is_binary(each, "and"):
            yield from _excluding(each)
        elif tree.is_selector(each):
            yield from _contradicting(each)


def conditions(node: Node) -> Iterator[tuple[str, float]]:
    """Yield the comparisons that an expression's value may have met, as (operator, number).

    The value of `and` and `unless` is the left side's, that of `or` either side's.
    """
    node = tree.bare(node)
    if tree.is_binary(node, "or"):
        yield from conditions(node.lhs)
        yield from conditions(node.rhs)
    elif tree.is_binary(node, "and", "unless"):
        yield from conditions(node.lhs)
    elif tree.is_binary(node, *tree.COMPARISONS) and not tree.returns_bool(node):
        found = _sides(node)
        if found is not None:
            yield found[1:]


def _sides(node: Node) -> tuple[Node, str, float] | None:
    """Return the compared side, the operator and the number; None if there is no number."""
    number = units.constant(node.rhs)
    if number is not None and not tree.is_scalar(node.lhs):
        return node.lhs, str(node.op), number
    number = units.constant(node.lhs)
    if number is not None and not tree.is_scalar(node.rhs):
        return node.rhs, FLIPPED[str(node.op)], number
    return None


def _compared(node: Node, facts: Facts) -> Iterator[Result]:
    if tree.returns_bool(node):
        return
    found = _sides(node)
    if found is None:
        return
    side, operator, number = found
    if number == NUMBER:
        return
    span = ranges.of(side, facts)
    if not _is_impossible(span, operator, number):
        share = _mistaken_percent(side, operator, number, facts)
        if share is not None:
            yield share
        return
    never = f"{operator} {plain(number)} is never true"
    if span.because == "bucket":
        yield Result(
            "threshold-above-buckets",
            ERROR,
            f"{never}: histogram_quantile() gives at most the last bucket edge, {plain(span.high)}",
            f"the highest finite le is {plain(span.high)}",
            "add buckets above the threshold, or alert on the share of requests above an edge",
        )
    else:
        low, high = (
            ("−∞" if math.isinf(span.low) else plain(span.low)),
            ("∞" if math.isinf(span.high) else plain(span.high)),
        )
        why = f" ({span.because})" if span.because else ""
        yield Result(
            "never-fires",
            ERROR,
            f"{never}: the value is between {low} and {high}{why}",
            "",
            "correct the threshold",
        )


def _is_impossible(span: Range, operator: str, number: float) -> bool:
    return {
        ">": span.high <= number,
        ">=": span.high < number,
        "<": span.low >= number,
        "<=": span.low > number,
        "==": not span.low <= number <= span.high,
    }.get(operator, False)


def _mistaken_percent(side: Node, operator: str, number: float, facts: Facts) -> Result | None:
    """Find a ratio compared as if it were a percentage: never above 1, with a threshold far beyond."""
    if operator not in (">", ">=") or not LEAST_PERCENT <= number <= 100:
        return None
    divides = any(tree.is_binary(each, "/") for each, _ in tree.walk(side))
    if not units.is_share(units.of(side, facts)) or not (divides or _looks_like_share(side)):
        return None
    most = facts.largest(f"max(max_over_time(({side})[1h:5m]))")
    if most is None or most > 1 or number < 5 * max(most, 0.2):
        return None
    return Result(
        "never-fires",
        ERROR,
        f"{operator} {plain(number)}: the value is a share between 0 and 1, not a percentage",
        f"its highest value in the last hour was {most:.3g}",
        f"compare with {plain(number / 100)}, or multiply by 100",
    )


def _looks_like_share(side: Node) -> bool:
    names = [tree.metric(each) for each, _ in tree.selectors(side)]
    return bool(names) and all(name.endswith(("_ratio", "_share")) for name in names)


def _interval(node: Node) -> tuple[str, float, float] | None:
    """Return the side compared with a number, and the range in which the comparison holds."""
    node = tree.bare(node)
    if not tree.is_binary(node, ">", "<", ">=", "<=", "=="):
        return None
    found = _sides(node)
    if found is None:
        return None
    side, operator, number = found
    low = number if operator in (">", ">=", "==") else -math.inf
    high = number if operator in ("<", "<=", "==") else math.inf
    return str(tree.bare(side)), low, high


def _excluding(node: Node) -> Iterator[Result]:
    one, other = _interval(node.lhs), _interval(node.rhs)
    if one is None or other is None or one[0] != other[0]:
        return
    low, high = max(one[1], other[1]), min(one[2], other[2])
    if low > high or (
        low == high
        and one[1:] != other[1:]
        and "=" not in f"{tree.bare(node.lhs).op}{tree.bare(node.rhs).op}"
    ):
        yield Result(
            "never-fires",
            ERROR,
            "both conditions of `and` can never be true of one value",
            f"one asks for more than {plain(max(one[1], other[1]))}, the other for less than {plain(min(one[2], other[2]))}",
            "write `or`, or correct the thresholds",
        )


def _contradicting(node: Node) -> Iterator[Result]:
    """Find matchers of one label that exclude each other."""
    matchers = tree.matchers(node)
    for each in matchers:
        if each.operator != "=":
            continue
        against = [other for other in matchers if other.label == each.label and other is not each]
        for other in against:
            if holds(other, each.value) is False:
                yield Result(
                    "never-fires",
                    ERROR,
                    f"{each} and {other} exclude each other, so nothing is selected",
                    "",
                    "leave one of them out",
                )
                return


def unreachable(node: Node, thresholds: tuple[float, ...], facts: Facts) -> Iterator[Result]:
    """Find thresholds of a panel that its expression cannot reach."""
    span = ranges.of(node, facts)
    for threshold in thresholds:
        if span.because == "bucket" and threshold > span.high:
            yield Result(
                "threshold-above-buckets",
                ERROR,
                f"the threshold {plain(threshold)} is never exceeded: the last bucket edge gives {plain(span.high)} at most",
                f"the highest finite le is {plain(span.high)}",
                "add buckets above the threshold, or lower it",
            )
