"""A report as text for a terminal: aligned by itself, coloured by whoever prints it."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Container, Iterator, Sequence

from reports.model import Report
from reports.sections import TITLES, Section, sections


def write(
    report: Report, *, columns: int | None = None, only: Container[str] = TITLES, provenance: bool = False
) -> str:
    """Write a report; `only` names the sections to write.

    With `columns` long cells and lines are wrapped to fit a terminal of that width; without it the last column of a
    table runs free, so that nothing is cut.
    """
    parts = [part for part in sections(report, provenance=provenance) if part.name in only]
    return "\n".join(line.rstrip() for part in parts for line in _section(part, columns)).rstrip() + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "  ") -> Iterator[str]:
    """Align columns by their width on a terminal: the first to the left, the last as it is."""
    every = [tuple(head), *rows] if head else list(rows)
    columns = max((len(row) for row in every), default=0)
    widths = [max(width(row[column]) for row in every if column < len(row)) for column in range(columns)]
    for row in every:
        cells = [cell + " " * (size - width(cell)) for cell, size in zip(row, widths, strict=False)]
        yield (indent + "  ".join(cells)).rstrip()


def width(text: str) -> int:
    """Count the cells that a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _section(section: Section, columns: int | None) -> Iterator[str]:
    yield section.title
    yield from _fitted(section, columns)
    for line in section.lines:
        yield from _wrapped(line, columns, "  ")
    for block in section.blocks:
        yield ""
        yield from (f"    {line}" for line in block.text.splitlines())
    yield ""


def _fitted(section: Section, columns: int | None) -> Iterator[str]:
    """Lay out a table; where it is too wide the last column goes on under itself."""
    lines = list(table(section.head, section.rows))
    if columns is None or all(width(line) <= columns for line in lines) or not section.rows:
        yield from lines
        return
    every = [section.head, *section.rows] if section.head else list(section.rows)
    size = max(len(row) for row in every)
    narrow = [(*row, *[""] * (size - len(row)))[: size - 1] for row in every]
    used = max(width(line) for line in table((), narrow)) + 2
    room = columns - used
    for row, line in zip(every, table((), narrow), strict=True):
        last = row[size - 1] if len(row) == size else ""
        if not last:
            yield line
        elif room >= LEAST_ROOM:
            pieces = textwrap.wrap(last, room, break_on_hyphens=False) or [""]
            yield line + " " * (used - width(line)) + pieces[0]
            yield from (" " * used + piece for piece in pieces[1:])
        else:
            yield line
            yield from _wrapped(last, columns, "      ")


LEAST_ROOM = 24
"""A last column narrower than this goes under its row instead."""


def _wrapped(text: str, columns: int | None, indent: str) -> Iterator[str]:
    if columns is None or width(text) + len(indent) <= columns:
        yield indent + text
        return
    yield from textwrap.wrap(
        text,
        max(columns, 2 * LEAST_ROOM),
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
