"""Do the metrics, labels and values that an expression selects by exist?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leadline.signals.promql import Matcher, select
from leadline.signals.variables import ANY, LABEL, METRIC, NONE

from . import tree
from .facts import SYNTHETIC, Facts, holds
from .model import ERROR, WARNING
from .result import Result
from .tree import Node

STATUS = re.compile(
    r"(http_)?(response_)?(status|code)(_code)?(_class)?|grpc_code|le|quantile", re.IGNORECASE
)
"""Labels whose values appear with the first event; a missing value proves nothing."""
KNOWN = ((100, 103), (200, 226), (300, 308), (400, 431), (500, 511), (520, 530))
STATUSES = [str(code) for first, last in KNOWN for code in range(first, last + 1)] + [
    "451",
    "499",
    "598",
    "599",
]
CLASSES = [f"{kind}xx" for kind in "12345"]
FAILING = re.compile(
    r"err|fail|drop|timeout|timed|reject|retr|abort|denied|exceed|evict|lost|panic|oom|kill|throttl|miss",
    re.IGNORECASE,
)


def missing(node: Node, facts: Facts) -> Iterator[Result]:
    """Find metrics that do not exist, labels that a metric lacks, and values that no series has."""
    for each, above in tree.selectors(node):
        name = tree.metric(each)
        if not name or METRIC in name or _is_tested_for(above):
            continue
        if not facts.exists(name):
            if not _has_alternative(each, above, facts):
                yield _no_metric(name, facts)
            continue
        yield from _of_labels(each, name, facts)
    yield from _grouped(node, facts)


def _is_tested_for(above: tuple[Node, ...]) -> bool:
    return any(tree.is_call(each, "absent", "absent_over_time") for each in above)


def _has_alternative(node: Node, above: tuple[Node, ...], facts: Facts) -> bool:
    """Return whether `or` provides an alternative, as for a renamed metric."""
    path = (*above, node)
    for index, each in enumerate(above):
        if tree.is_binary(each, "or"):
            other = each.rhs if path[index + 1] is each.lhs or _contains(each.lhs, node) else each.lhs
            names = [tree.metric(one) for one, _ in tree.selectors(other)]
            if names and all(name and facts.exists(name) for name in names):
                return True
    return False


def _contains(node: Node, wanted: Node) -> bool:
    return any(each is wanted or str(each) == str(wanted) for each, _ in tree.walk(node))


def _no_metric(name: str, facts: Facts) -> Result:
    near = facts.nearest(name)
    declared = facts.inventory.types.get(name) or facts.inventory.types.get(name.removesuffix("_total"))
    if declared:
        return Result(
            "metric-missing",
            ERROR,
            f"{name} is declared by a target, but has no series: it was never set",
            f"count({name}) is empty; its type is {declared}",
            "set it once at start, or leave it out",
        )
    return Result(
        "metric-missing",
        ERROR,
        f"there is no metric {name}",
        f"count({name}) is empty",
        f"did you mean {' or '.join(near)}?" if near else "is it scraped, and is this its name?",
    )


def _of_labels(node: Node, name: str, facts: Facts) -> Iterator[Result]:
    labels = facts.labels(name)
    if labels is None or name in SYNTHETIC - {"up"} or name in facts.recorded:
        return  # recordings of these files may still change labels and values
    for matcher in tree.matchers(node):
        if matcher.label in ("__name__", LABEL):
            continue
        if matcher.label not in labels:
            if matcher.value == ANY or not holds(matcher, ""):
                yield _no_label(matcher, name, labels)
        elif matcher.value not in (ANY, NONE) and not _has_value(matcher, name, facts):
            yield from _no_value(matcher, name, facts)


def _no_label(matcher: Matcher, name: str, labels: frozenset[str]) -> Result:
    having = ", ".join(sorted(labels)) or "none"
    return Result(
        "label-missing",
        ERROR,
        f"{name} has no label {matcher.label}, so {matcher} selects nothing",
        f"its labels are {having}",
        _did_you_mean(matcher.label, labels),
    )


def _did_you_mean(name: str, known: frozenset[str] | tuple[str, ...], what: str = "label") -> str:
    import difflib

    close = difflib.get_close_matches(name, sorted(known), n=2, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else f"use a {what} that is there"


def _has_value(matcher: Matcher, name: str, facts: Facts) -> bool:
    found = [holds(matcher, value) for value in facts.values(name, matcher.label)]
    if any(each is None or each for each in found):
        return True
    without = select(name, (Matcher(matcher.label, "=", ""),))
    return bool(holds(matcher, "")) and facts.count(without) != 0


def _is_plausible(matcher: Matcher, name: str, facts: Facts) -> bool:
    """Return whether a value is likely to appear with its first event."""
    if not STATUS.fullmatch(matcher.label):
        return False
    there = facts.values(name, matcher.label)
    likely = [
        *(STATUSES if any(each.isdigit() for each in there) else ()),
        *(CLASSES if set(there) & set(CLASSES) else ()),
    ]
    return any(holds(matcher, each) for each in likely)


def _no_value(matcher: Matcher, name: str, facts: Facts) -> Iterator[Result]:
    if _is_plausible(matcher, name, facts) or FAILING.search(name):
        return
    yield _value_missing(matcher, name, facts)


def _value_missing(matcher: Matcher, name: str, facts: Facts) -> Result:
    values = facts.values(name, matcher.label)
    shown = ", ".join(values[:8]) + (f" and {len(values) - 8} more" if len(values) > 8 else "")
    return Result(
        "value-missing",
        ERROR,
        f"no series of {name} has {matcher}",
        f"values of {matcher.label}: {shown}",
        _did_you_mean(matcher.value, values, "value"),
    )


def without_series(node: Node, facts: Facts) -> Iterator[Result]:
    """Explain each selector without series at the queried time: which of its matchers selects nothing by itself.

    Include values that appear with the first event: here this is an explanation, not a mistake.
    """
    for each, _ in tree.selectors(node):
        name, written = tree.metric(each), tree.write(each)
        matchers = [one for one in tree.matchers(each) if one.label != "__name__"]
        if facts.count(written) != 0:
            continue
        labels = facts.labels(name) if name and matchers else None
        if labels is None:
            yield Result("no-series", ERROR, f"{written} selects nothing at that time")
            continue
        there = [one for one in matchers if one.label in labels]
        alone = [one for one in there if facts.count(select(name, (one,))) == 0]
        yield from (_value_missing(one, name, facts) for one in alone)
        if not alone and there == matchers:
            yield Result(
                "no-series", ERROR, f"no series of {name} has all of {', '.join(map(str, matchers))}"
            )


def _grouped(node: Node, facts: Facts) -> Iterator[Result]:
    """Find labels in by() and on() that the grouped series lack."""
    from .labels import carried

    for each, _ in tree.walk(node):
        if tree.is_aggregation(each):
            keeps, names = tree.by_labels(each)
            inner = carried(each.expr, facts) if keeps and names else None
            if inner is not None:
                yield from (
                    _not_carried(name, "by", inner) for name in names if name not in inner and name != LABEL
                )
        elif tree.is_binary(each):
            yield from _matched(each, facts)


def _matched(node: Node, facts: Facts) -> Iterator[Result]:
    from .labels import carried

    matching = tree.on_labels(node)
    if matching is None or not matching[0]:
        return
    sides = [carried(side, facts) for side in (node.lhs, node.rhs)]
    for name in matching[1]:
        lacking = [side for side in sides if side is not None and name not in side]
        if lacking and len([side for side in sides if side is not None]) == 2 and name != LABEL:
            yield _not_carried(name, "on", lacking[0])


def _not_carried(name: str, where: str, labels: frozenset[str]) -> Result:
    return Result(
        "label-missing",
        ERROR,
        f"{where} ({name}): no series here carries the label {name}",
        f"there are {', '.join(sorted(labels)) or 'no labels'}",
        _did_you_mean(name, labels),
    )


def absent_operands(node: Node, facts: Facts) -> Iterator[Result]:
    """Find operands of + and - without series before their first event, which leave the whole result empty until then."""
    for each, _ in tree.walk(node):
        if not tree.is_binary(each, "+", "-"):
            continue
        for side in (each.lhs, each.rhs):
            yield from _absent(side, facts)


def _absent(side: Node, facts: Facts) -> Iterator[Result]:
    if any(tree.is_binary(each, "or") for each, _ in tree.walk(side)) or tree.is_scalar(side):
        return
    for each, above in tree.selectors(side):
        name = tree.metric(each)
        if (
            not name
            or name not in facts.inventory.names
            or any(tree.is_aggregation(one, "count") for one in above)
        ):
            continue
        if (
            facts.count(tree.write(each)) == 0
            and facts.count(select(name)) != 0
            and _is_event(each, name, facts)
        ):
            yield Result(
                "absent-operand",
                WARNING,
                f"{tree.write(each)} has no series until its first event, and until then the whole is nothing",
                f"count({tree.write(each)}) is empty, count({name}) is not",
                "add `or 0 * …` of what is always there, or `or vector(0)` where there are no labels",
            )


def _is_event(node: Node, name: str, facts: Facts) -> bool:
    lacking = [
        each for each in tree.matchers(node) if each.label != "__name__" and not _has_value(each, name, facts)
    ]
    if not lacking:  # each value exists, but not together
        return True
    return bool(FAILING.search(name)) or all(_is_plausible(each, name, facts) for each in lacking)
