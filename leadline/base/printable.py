"""Texts that come from outside, made harmless where they are shown: every string on its way out passes through here."""

from __future__ import annotations

import json
import re

COMMAND = re.compile(r"^(\s*)(::|##\[)")
"""What makes a line a command to GitHub's or Azure's runners."""
FORMULA = ("=", "+", "-", "@")
MARKUP = re.compile(r"([\\|<>*`\[\]])")


def printable(text: str) -> str:
    """Put a space in the place of whatever would move the cursor, change colours, or turn the direction of writing.

    A text that would be a command to a CI runner, if it began a line, is broken up.
    """
    safe = "".join(each if each.isprintable() else " " for each in text)
    return COMMAND.sub(lambda found: f"{found[1]}{found[2][0]} {found[2][1:]}", safe)


def lines(text: str) -> list[str]:
    """Split a text of ours at its line feeds only, each line made harmless."""
    return [printable(line) for line in text.split("\n")]


def markdown(text: str) -> str:
    """Make a text stand in Markdown, a table's cell or a list, as it is."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~!])", r"\\\1", printable(text))
    return escaped.replace("@", "@\u200b")


def markdown_line(text: str) -> str:
    """Escape what Markdown would take for markup in a line that is partly ours; URLs and names stay readable."""
    return MARKUP.sub(r"\\\1", printable(text)).replace("@", "@\u200b")


def fence(text: str) -> str:
    """Return a fence for a block of code that nothing in the block closes."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def cell(text: str) -> str:
    """Keep a text that a spreadsheet would take for a formula a text."""
    safe = printable(text)
    return f"'{safe}" if safe.lstrip()[:1] in FORMULA else safe


def json_text(value: object, indent: int | None = 2) -> str:
    """Write JSON in which whatever is not printable is escaped, so that a terminal shows it as it is."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return "".join(each if each.isprintable() or each == "\n" else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]


def shortened(text: str, most: int) -> str:
    """Return a text made harmless, in so many characters at most; that something is left out is seen."""
    safe = printable(text[: most + 1])
    return safe if len(text) <= most else safe[: most - 1] + "…"
