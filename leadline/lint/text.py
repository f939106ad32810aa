"""PromQL that is too deep to read is refused."""

from __future__ import annotations

import re

MOST_DEEP, MOST_OPERATORS, MOST_LONG = 150, 400, 65_536
"""The parser is recursive: what is nested deeper, or longer, it cannot read without harm."""


def too_much(text: str) -> str:
    """Return why a text cannot be read without harm; empty where it can."""
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
