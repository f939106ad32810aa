"""PromQL as text: the one place that escapes values and spells matchers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from . import regex

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
    """Return the RE2 expression that matches exactly these values (PromQL anchors it at both ends)."""
    return "|".join(literal(value) for value in values)


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label: name, operator (=, !=, =~, !~) and value, unescaped."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.operator}{quote(self.value)}"

    def holds(self, value: str) -> bool:
        """Return whether a label's value satisfies it, as Prometheus decides; "" stands for no such label.

        Raise ValueError for an invalid RE2 expression.
        """
        found = value == self.value if self.operator in ("=", "!=") else regex.matches(self.value, value)
        return found == (self.operator in ("=", "=~"))


def select(metric: str, matchers: Iterable[Matcher] = ()) -> str:
    """Write an instant selector: name{label="value", …}; without a name if the matchers select it."""
    conditions = [str(matcher) for matcher in matchers]
    if metric and not METRIC_NAME.fullmatch(metric):
        conditions.insert(0, f"__name__={quote(metric)}")
        metric = ""
    return f"{metric}{{{', '.join(conditions)}}}" if conditions else metric


def indent(text: str, by: str = "  ") -> str:
    return "\n".join(by + line for line in text.splitlines())


WIDTH = 100
"""Longest expression kept on one line, in characters, as in `promtool promql format`."""


def call(function: str, *arguments: str) -> str:
    """Lay out a call: on one line if short, else one argument per line."""
    short = f"{function}({', '.join(arguments)})"
    if len(short) <= WIDTH and "\n" not in short:
        return short
    return f"{function}(\n" + ",\n".join(indent(argument) for argument in arguments) + "\n)"


def sum_by(labels: Iterable[str], expression: str, aggregation: str = "sum") -> str:
    """Lay out `sum by (labels) (expression)`, or another aggregation; without labels, the plain sum."""
    names = ", ".join(labels)
    head = f"{aggregation} by ({names}) " if names else aggregation
    short = f"{head}({expression})"
    if len(short) <= WIDTH and "\n" not in short:
        return short
    return f"{head}(\n{indent(expression)}\n)"


def label_replace(expression: str, target: str, replacement: str, source: str, pattern: str) -> str:
    """Lay out label_replace; `$1` in the replacement is the pattern's group. The pattern must match the whole value."""
    arguments = ", ".join(map(quote, (target, replacement, source, pattern)))
    short = f"label_replace({expression}, {arguments})"
    if len(short) <= WIDTH and "\n" not in short:
        return short
    return call("label_replace", expression, arguments)


SMALL, LARGE = Decimal("0.0001"), Decimal(1_000_000)
"""Client libraries write edges below SMALL and from LARGE with an exponent: 1e-05, 1e+06."""


def le_matcher(edge: str) -> Matcher:
    """Match a bucket's edge as Prometheus 2 (le="1") and 3 (le="1.0") write it, and client libraries (le="1e-05")."""
    spellings = []
    value = Decimal(edge)
    if value and not SMALL <= abs(value) < LARGE:
        mantissa, _, exponent = f"{value.normalize():e}".partition("e")
        sign, digits = exponent[0], exponent[1:].rjust(2, "0")
        spellings = [literal(f"{mantissa}e{sign}{digits}")]
    if re.fullmatch(r"\d+", edge):
        return Matcher("le", "=~", "|".join((rf"{edge}(\.0)?", *spellings)))
    return (
        Matcher("le", "=~", "|".join((literal(edge), *spellings))) if spellings else Matcher("le", "=", edge)
    )
