"""Which series a rule reads, directly and through what is recorded, so that tests that do not touch one another can run together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import promql_parser as promql

from leadline.signals.labels import NAME
from leadline.signals.promql import Matcher

from .model import Input, Recording

OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
ESCAPED = {"n": "\n"}


@dataclass(frozen=True, slots=True)
class Selector:
    """What one selector of an expression selects: a metric's name, an expression for it, or any, and matchers."""

    name: str
    matchers: tuple[Matcher, ...]

    def selects(self, labels: Mapping[str, str]) -> bool:
        return all(each.holds(labels.get(each.label, "")) for each in self.matchers)

    def may_select(self, rule: Recording) -> bool:
        """Return whether it may select what a rule records; labels that the rule does not fix may have any value."""
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
    """Recordings, and what an expression reads through them."""

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
        """Return the recordings that an expression reads, and those that these read, each once."""
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


def labels_of(entry: Input) -> Mapping[str, str]:
    """Return the labels of an input series, its name among them."""
    return _labels(entry.selector)


@lru_cache(maxsize=8192)
def _labels(selector: str) -> Mapping[str, str]:
    metric, _, rest = selector.partition("{")
    found = {
        label: re.sub(r"\\(.)", lambda each: ESCAPED.get(each[1], each[1]), text)
        for label, text in LABEL.findall(rest)
    }
    return {NAME: metric, **found} if metric else found


@dataclass(frozen=True, slots=True)
class Touched:
    """The series that a test gives, by metric, and the selectors that its outcome depends on, by metric; "" for any."""

    given: Mapping[str, Mapping[str, Input]]
    read: Mapping[str, tuple[Selector, ...]]

    def is_apart_from(self, other: Touched) -> bool:
        """Return whether neither reads what only the other gives, so that both may be given at once."""
        return not _reads(self, other) and not _reads(other, self)


def touched(inputs: Iterable[Input], read: Iterable[Selector]) -> Touched:
    """Index what a test gives and reads."""
    given: dict[str, dict[str, Input]] = {}
    for entry in inputs:
        given.setdefault(entry.selector.partition("{")[0], {})[entry.selector] = entry
    by_name: dict[str, list[Selector]] = {}
    for selector in read:
        by_name.setdefault(selector.name, []).append(selector)
    return Touched(given, {name: tuple(found) for name, found in by_name.items()})


def _reads(one: Touched, other: Touched) -> bool:
    anything = one.read.get("", ())
    for metric, series in other.given.items():
        own = one.given.get(metric, {})
        for selector in (*one.read.get(metric, ()), *anything):
            for text, entry in series.items():
                if own.get(text) != entry and selector.selects(labels_of(entry)):
                    return True
    return any(
        one.given[metric][text].values != entry.values
        for metric, series in other.given.items()
        if metric in one.given
        for text, entry in series.items()
        if text in one.given[metric]
    )
