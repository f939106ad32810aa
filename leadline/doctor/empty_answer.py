"""Explain empty or incomplete results: missing names, labels and values, windows, matching."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from leadline.base.errors import LeadlineError
from leadline.lint import kinds, matching, selecting, tree, windows
from leadline.lint.facts import Facts
from leadline.lint.model import ERROR
from leadline.lint.result import Result
from leadline.lint.tree import Node
from leadline.prometheus.client import Prometheus

LEFT_OVER = "every selector in it has series, so a comparison, label matching or a window removes all of them"
ELSEWHEN = "offset or @ selects another time; were there samples then?"
THERE = "absent() returns nothing if there are series"


def of_nothing(prometheus: Prometheus, text: str, at: float) -> list[str]:
    """Return why an expression has no series at a time, one reason per line."""
    missing = list(nearest(metrics(text), frozenset(prometheus.label_values("__name__"))))
    if missing:
        return missing
    facts = Facts(look=prometheus, inventory=prometheus.inventory(), at=at)
    nothing = f"{prometheus.url} has no series for: {' '.join(text.split())}"
    try:
        node = tree.parse(text)
    except ValueError:
        return [nothing]
    reasons = list(_results(node, facts))
    if not reasons and next(tree.selectors(node), None):
        reasons = [_left_over(node, text)]
    return [nothing, *dict.fromkeys(f"  {each}" for each in reasons)]


def _left_over(node: Node, text: str) -> str:
    """Return why a result may be empty although all selectors have series."""
    if re.search(r"\boffset\b|@", re.sub(r'"[^"]*"|\'[^\']*\'', "", text)):
        return ELSEWHEN
    absent = any(tree.is_call(each, "absent", "absent_over_time") for each, _ in tree.walk(node))
    return THERE if absent else LEFT_OVER


def of_labels(prometheus: Prometheus, text: str, at: float) -> list[str]:
    """Return the labels that an expression groups by or matches on but no series carries."""
    try:
        facts = Facts(look=prometheus, inventory=prometheus.inventory(), at=at)
        found = selecting.missing(tree.parse(text), facts)
        return list(dict.fromkeys(_text(each) for each in found if each.code == "label-missing"))
    except LeadlineError:
        return []  # only a remark on an existing answer


def _results(node: Node, facts: Facts) -> Iterator[str]:
    for found in (
        *(each for each in selecting.missing(node, facts) if each.code != "value-missing"),
        *(each for each in kinds.misused(node, facts) if each.severity == ERROR),
        *windows.unfit(node, facts),
        *matching.unmatched(node, facts),
        *selecting.without_series(node, facts),
    ):
        yield _text(found)


def _text(found: Result) -> str:
    return "; ".join(filter(None, (found.what, found.evidence, found.remedy)))


def metrics(text: str) -> tuple[str, ...]:
    """Return the metric names that an expression reads, in order; empty if it is invalid."""
    try:
        node = tree.parse(text)
    except ValueError:
        return ()
    return tuple(dict.fromkeys(tree.metric(each) for each, _ in tree.selectors(node) if tree.metric(each)))


def nearest(names: tuple[str, ...], there: frozenset[str]) -> Iterator[str]:
    """Yield a line for each metric that does not exist, with similar names."""
    for name in names:
        if name not in there:
            close = difflib.get_close_matches(name, sorted(there), n=3, cutoff=0.55)
            inside = [each for each in sorted(there) if name in each][:3]
            alike = list(dict.fromkeys((*inside, *close)))[:3]
            yield f"there is no metric {name}" + (f"; there is {', '.join(alike)}" if alike else "")
