"""A report as Markdown, for a pull request or a document."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from leadline.base.printable import fence, markdown_line

from .model import Report
from .sections import TITLES, Section, sections


def write(report: Report, *, only: Container[str] = TITLES, provenance: bool = False) -> str:
    """Return a report as GitHub-flavoured Markdown; `only` selects sections."""
    parts = [part for part in sections(report, provenance=provenance) if part.name in only]
    lines = [
        line for index, section in enumerate(parts) for line in _section(section, "#" if index == 0 else "##")
    ]
    return "\n".join(lines).rstrip() + "\n"


def _section(section: Section, level: str) -> Iterator[str]:
    yield f"{level} {markdown_line(section.title)}"
    yield ""
    if section.rows:
        columns = max(len(row) for row in section.rows)
        yield _row(section.head or ("",) * columns)
        yield "|" + " --- |" * columns
        for row in section.rows:
            yield _row(row)
        yield ""
    for line in section.lines:
        yield f"- {_line(line)}"
    if section.lines:
        yield ""
    for block in section.blocks:
        closing = fence(block.text)
        yield from (f"{closing}{block.language}", *block.text.split("\n"), closing, "")


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(markdown_line(cell) for cell in cells) + " |"


def _line(text: str) -> str:
    """Replace alignment for a terminal by a colon, because Markdown collapses blanks."""
    return markdown_line(re.sub(r"^(\w+)\s{2,}", r"\1: ", text))
