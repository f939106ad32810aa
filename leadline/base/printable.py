"""Sanitize text for output: every string from outside passes through here."""

from __future__ import annotations

import json
import re

COMMAND = re.compile(r"^(\s*)(::|##\[)")
"""The start of a line that GitHub's or Azure's runners take for a command."""
FORMULA = ("=", "+", "-", "@")
MARKUP = re.compile(r"([\\|<>*`\[\]])")


def printable(text: str) -> str:
    """Replace characters that move the cursor, change colours or reverse the text direction with spaces.

    Break up text that a CI runner would take for a command at the start of a line.
    """
    safe = "".join(each if each.isprintable() else " " for each in text)
    return COMMAND.sub(lambda found: f"{found[1]}{found[2][0]} {found[2][1:]}", safe)


def lines(text: str) -> list[str]:
    """Split text at line feeds only, and sanitize each line."""
    return [printable(line) for line in text.split("\n")]


def markdown(text: str) -> str:
    """Escape text so that Markdown shows it verbatim, in a table cell or a list."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~!])", r"\\\1", printable(text))
    return escaped.replace("@", "@\u200b")


def markdown_line(text: str) -> str:
    """Escape Markdown markup in a line that is partly ours; URLs and names stay readable."""
    return MARKUP.sub(r"\\\1", printable(text)).replace("@", "@\u200b")


def fence(text: str) -> str:
    """Return a code fence that nothing in the block closes."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def cell(text: str) -> str:
    """Escape text that a spreadsheet would take for a formula."""
    safe = printable(text)
    return f"'{safe}" if safe.lstrip()[:1] in FORMULA else safe


def json_text(value: object, indent: int | None = 2) -> str:
    """Write JSON with unprintable characters escaped, for terminals."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return "".join(each if each.isprintable() or each == "\n" else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]


def shortened(text: str, most: int) -> str:
    """Sanitize text and cut it to `most` characters, with an ellipsis."""
    safe = printable(text[: most + 1])
    return safe if len(text) <= most else safe[: most - 1] + "…"
