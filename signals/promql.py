"""PromQL as text: the one place that escapes values and spells matchers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}
_REGEX_SPECIAL = frozenset(r"\.+*?()|[]{}^$")


def quote(value: str) -> str:
    r"""Write a label value as a PromQL string; backslash, quote and newline are escaped."""
    return '"' + "".join(_ESCAPES.get(character, character) for character in value) + '"'


def literal(value: str) -> str:
    """Escape a value so that an RE2 expression matches it and nothing else."""
    return "".join("\\" + character if character in _REGEX_SPECIAL else character for character in value)


def one_of(values: Iterable[str]) -> str:
    """Give the RE2 expression that matches exactly these values (PromQL anchors it at both ends)."""
    return "|".join(literal(value) for value in values)


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label: name, operator (=, !=, =~, !~) and value, unescaped."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.operator}{quote(self.value)}"


def select(metric: str, matchers: Iterable[Matcher] = ()) -> str:
    """Write an instant selector: name{label="value", …}; without a name where the matchers choose it."""
    conditions = [str(matcher) for matcher in matchers]
    if metric and not METRIC_NAME.fullmatch(metric):
        conditions.insert(0, f"__name__={quote(metric)}")
        metric = ""
    return f"{metric}{{{', '.join(conditions)}}}" if conditions else metric


def indent(text: str, by: str = "  ") -> str:
    return "\n".join(by + line for line in text.splitlines())


def call(function: str, *arguments: str) -> str:
    """Lay out a call, one argument a line."""
    return f"{function}(\n" + ",\n".join(indent(argument) for argument in arguments) + "\n)"


def sum_by(labels: Iterable[str], expression: str, aggregation: str = "sum") -> str:
    """Lay out `sum by (labels) (expression)`, or another aggregation; without labels, the plain sum."""
    names = ", ".join(labels)
    head = f"{aggregation} by ({names})" if names else aggregation
    return f"{head} (\n{indent(expression)}\n)"


def le_matcher(edge: str) -> Matcher:
    """Match a bucket's edge as Prometheus 2 (le="1") and 3 (le="1.0") write it."""
    if re.fullmatch(r"\d+", edge):
        return Matcher("le", "=~", rf"{edge}(\.0)?")
    return Matcher("le", "=", edge)
