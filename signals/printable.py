"""Texts that come from outside, made harmless where they are shown."""

from __future__ import annotations

import re


def printable(text: str) -> str:
    """Put a space in the place of whatever would move the cursor, change colours, or turn the direction of writing."""
    return "".join(each if each.isprintable() else " " for each in text)


def markdown(text: str) -> str:
    """Make a text stand in Markdown, a table's cell or a list, as it is."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~!])", r"\\\1", printable(text))
    return escaped.replace("@", "@\u200b")


def shortened(text: str, most: int) -> str:
    """Give a text made harmless, in so many characters at most; that something is left out is seen."""
    safe = printable(text[: most + 1])
    return safe if len(text) <= most else safe[: most - 1] + "…"
