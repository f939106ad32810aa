"""Replace Grafana variables in PromQL, so that it can be parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

VARIABLE = re.compile(r"\$\{(?!\d)(\w+)(?:[.:][^}]*)?\}|\$(?!\d)(\w+)|\[\[(\w+)(?::[^\]]*)?\]\]")
"""Not $1, which is a group in label_replace."""
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
"""Replacements for a variable in a matcher: match anything; in a negated matcher, exclude nothing."""
LABEL, METRIC = "__variable_label__", "__variable_metric__"
NUMBER = 1.0000000019
"""Replacement for a variable that is a number."""
MACRO_SECONDS = 301
"""Range that replaces one filled in by Grafana; no hand-written window has this length."""


@dataclass(frozen=True, slots=True)
class Plain:
    """PromQL without variables, and the variables that were in it."""

    text: str
    variables: frozenset[str]


def without_variables(text: str) -> Plain:
    """Replace each Grafana variable with a placeholder of the same kind."""
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
