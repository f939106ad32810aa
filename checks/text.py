"""PromQL as it stands in dashboards: Grafana's variables put aside, and what is too deep to read refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

VARIABLE = re.compile(r"\$\{(?!\d)(\w+)(?:[.:][^}]*)?\}|\$(?!\d)(\w+)|\[\[(\w+)(?::[^\]]*)?\]\]")
"""Not $1, which is what label_replace calls a group."""
BUILT_IN = frozenset(
    [
        "__interval",
        "__interval_ms",
        "__rate_interval",
        "__rate_interval_ms",
        "__range",
        "__range_s",
        "__range_ms",
        "__from",
        "__to",
        "__name",
        "__org",
        "__user",
        "__dashboard",
        "__timeFilter",
        "timeFilter",
        "__auto",
        "__all",
        "__auto_interval_interval",
    ]
)
ANY, NONE = "(?:.*)", "(?:)__none__"
"""What stands for a variable's value in a matcher: anything, and, where it is negated, nothing that exists."""
LABEL, METRIC = "__variable_label__", "__variable_metric__"
NUMBER = 1.0000000019
"""What stands for a number that a variable gives."""
MACRO_SECONDS = 301
"""How long a range is taken to be that Grafana fills in; no window that is written is so long."""
MOST_DEEP, MOST_OPERATORS, MOST_LONG = 150, 400, 65_536
"""The parser is recursive: what is nested deeper, or longer, it cannot read without harm."""


@dataclass(frozen=True, slots=True)
class Plain:
    """PromQL without variables, and the variables that were in it."""

    text: str
    variables: frozenset[str]


def without_variables(text: str) -> Plain:
    """Put something of the same kind in the place of each of Grafana's variables."""
    names = frozenset(next(filter(None, found.groups()), "") for found in VARIABLE.finditer(text))
    if not names:
        return Plain(text, names)
    parts = "".join(_replaced(text))
    return Plain(parts, names)


def _replaced(text: str) -> Iterator[str]:
    text = re.sub(r"\[\[(\w+)(?::[^\]]*)?\]\]", r"${\1}", text)
    text = re.sub(r"(=~|!~|!=|=)\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')", _matcher, text)
    text = re.sub(r"\[([^\]\[]*)\]", lambda found: "[" + _durations(found[1]) + "]", text)
    text = re.sub(r"(offset\s+-?\s*)(?:\$\{\w+[^}]*\}|\$\w+)", rf"\g<1>{MACRO_SECONDS}s", text)
    text = re.sub(r"(by|without|on|ignoring|group_left|group_right)(\s*)\(([^)]*)\)", _labels, text)
    text = re.sub(r"(?:\$\{\w+[^}]*\}|\$\w+)(?=\s*[\[{])", METRIC, text)
    text = re.sub(r"(?<=[\w:])(?:\$\{\w+[^}]*\}|\$\w+)|\$\{\w+[^}]*\}(?=[\w:])", METRIC, text)
    yield VARIABLE.sub(repr(NUMBER), text)


def _matcher(found: re.Match[str]) -> str:
    if not VARIABLE.search(found[2]):
        return found[0]
    negative = found[1] in ("!=", "!~")
    return f'!~"{NONE}"' if negative else f'=~"{ANY}"'


def _durations(inside: str) -> str:
    parts = inside.split(":")
    written = [f"{MACRO_SECONDS}s" if VARIABLE.search(part) else part for part in parts]
    return ":".join(written)


def _labels(found: re.Match[str]) -> str:
    names = [LABEL if VARIABLE.search(name) else name for name in found[3].split(",")]
    return f"{found[1]}{found[2]}({','.join(names)})"


def too_much(text: str) -> str:
    """Say why a text cannot be read without harm; empty where it can."""
    if len(text) > MOST_LONG:
        return f"it is {len(text)} characters long; {MOST_LONG} are read at most"
    depth = deepest = 0
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`', "", text)
    for character in bare:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    if deepest > MOST_DEEP:
        return f"it is nested {deepest} deep; {MOST_DEEP} are read at most"
    operators = len(re.findall(r"[-+*/%^]|[<>]=?|[!=]=|\b(?:and|or|unless|atan2)\b", bare))
    if operators > MOST_OPERATORS:
        return f"it has {operators} operators; {MOST_OPERATORS} are read at most"
    return ""
