"""Pages of evidence: one with a figure missing is not written."""

from __future__ import annotations

import re
from pathlib import Path

from leadline.base.errors import LeadlineError

MISSING = re.compile(r"\b(None|nan|NaN|inf|Infinity)\b|(?<![\w.])0 samples\b")
"""What a figure that was not measured looks like in a page."""


class IncompleteError(LeadlineError):
    """A page was to be written in which a figure is missing."""


def write(path: Path, page: str) -> None:
    """Write a page. Raise IncompleteError with each line that lacks a figure: a cell that is empty, or no number."""
    every = page.splitlines()
    headings = {number - 1 for number, line in enumerate(every) if line.startswith("| ---")}
    lines = [
        f"line {number + 1}: {line}"
        for number, line in enumerate(every)
        if MISSING.search(_plain(line)) or (number not in headings and _has_gap(line))
    ]
    if lines:
        raise IncompleteError(f"{path} is not written, figures are missing:\n" + "\n".join(lines))
    path.write_text(page, "utf-8")


def _plain(line: str) -> str:
    """Leave out code, which is quoted and not measured."""
    return re.sub(r"`[^`]*`", "", line)


def _has_gap(line: str) -> bool:
    """Return whether a row of a table has an empty cell; what there cannot be is written as a dash."""
    return line.startswith("|") and any(not cell.strip() for cell in line.strip().strip("|").split("|"))
