"""Reject PromQL that is too large to parse."""

from __future__ import annotations

import re

MOST_DEEP, MOST_OPERATORS, MOST_LONG = 150, 400, 65_536
"""The parser is recursive: deeper or longer expressions could crash it."""


def too_much(text: str) -> str:
    """Return why a text is unsafe to parse; empty if it is safe."""
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
