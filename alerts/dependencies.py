"""The series that a rule reads, directly and through recordings, so that independent tests can run together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import promql_parser as promql

from leadline.signals.labels import NAME
from leadline.signals.promql import Matcher

from .model import Recording

OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector in an expression: a metric name (empty for any) and matchers."""

    name: str
    matchers: tuple[Matcher, ...]

    def selects(self, labels: Mapping[str, str]) -> bool:
        return all(each.holds(labels.get(each.label, "")) for each in self.matchers)

    def may_select(self, rule: Recording) -> bool:
        """Return whether it may select a rule's series; labels that the rule does not set may have any value."""
        fixed = {NAME: rule.record, **rule.labels}
        return all(each.holds(fixed[each.label]) for each in self.matchers if each.label in fixed)


@lru_cache(maxsize=4096)
def selectors(expression: str) -> tuple[Selector, ...]:
    """Return the selectors of an expression. Raise ValueError if it is not PromQL."""
    return tuple(dict.fromkeys(map(_selector, _vectors(promql.parse(expression)))))


def _vectors(node: Any) -> Iterator[Any]:
    if isinstance(node, promql.VectorSelector):
        yield node
    elif isinstance(node, promql.MatrixSelector):
        yield node.vector_selector
    for part in ("lhs", "rhs", "expr", "param"):
        if (child := getattr(node, part, None)) is not None:
            yield from _vectors(child)
    for argument in getattr(node, "args", None) or ():
        yield from _vectors(argument)


def _selector(node: Any) -> Selector:
    found = [Matcher(each.name, OPERATORS[str(each.op)], each.value) for each in node.matchers.matchers]
    named = next((each.value for each in found if each.label == NAME and each.operator == "="), "")
    name = node.name or named
    return Selector(name, (*((Matcher(NAME, "=", node.name),) if node.name else ()), *found))


class Recorded:
    """Recordings, and the lookup of those that an expression reads."""

    def __init__(self, recordings: Iterable[Recording]) -> None:
        self._by_name: dict[str, list[Recording]] = {}
        for rule in recordings:
            self._by_name.setdefault(rule.record, []).append(rule)

    def matching(self, selector: Selector) -> list[Recording]:
        """Return the recordings that a selector may select."""
        if selector.name:
            candidates = self._by_name.get(selector.name, [])
        else:
            candidates = [rule for rules in self._by_name.values() for rule in rules]
        return [rule for rule in candidates if selector.may_select(rule)]

    def read_by(self, expression: str) -> Iterator[Recording]:
        """Yield the recordings that an expression reads, directly or indirectly, each once."""
        waiting, seen = [expression], set[int]()
        while waiting:
            for selector in selectors(waiting.pop()):
                for rule in self.matching(selector):
                    if id(rule) not in seen:
                        seen.add(id(rule))
                        waiting.append(rule.expr)
                        yield rule

    def closure(self, expression: str) -> tuple[Selector, ...]:
        """Return all selectors that the value of an expression depends on."""
        expressions = (expression, *(rule.expr for rule in self.read_by(expression)))
        return tuple(dict.fromkeys(each for one in expressions for each in selectors(one)))
