"""A report as aligned text for a terminal, without colours."""

from __future__ import annotations

import textwrap
from collections.abc import Container, Iterator, Sequence
from itertools import zip_longest

from leadline.base.text_table import table, width

from .model import Report
from .sections import TITLES, Section, sections


def write(
    report: Report, *, columns: int | None = None, only: Container[str] = TITLES, provenance: bool = False
) -> str:
    """Return a report as text; `only` selects sections.

    With `columns`, long cells and lines are wrapped to fit a terminal of that width; without it, lines may be any length.
    """
    parts = [part for part in sections(report, provenance=provenance) if part.name in only]
    return "\n".join(line.rstrip() for part in parts for line in _section(part, columns)).rstrip() + "\n"


def _section(section: Section, columns: int | None) -> Iterator[str]:
    title, *lines = _titled(section, columns)
    yield title
    yield from _fitted(section, columns)
    for line in lines:
        yield from _wrapped(line, columns, "  ")
    for block in section.blocks:
        yield ""
        yield from (f"    {line}" for line in block.text.splitlines())
    yield ""


def _titled(section: Section, columns: int | None) -> Iterator[str]:
    """Yield the title and the lines; in the head, the subject follows the verdict if there is room."""
    if section.name != "head":
        yield from (section.title, *section.lines)
        return
    subject, *lines = section.lines
    taken = width(section.title) + width(subject)
    if columns is None or taken + 4 <= columns:
        gap = 4 if columns is None else min(columns - taken, 12)
        yield f"{section.title}{' ' * gap}{subject}"
    else:
        yield from (section.title, subject)
    yield from lines


def _fitted(section: Section, columns: int | None) -> Iterator[str]:
    """Lay out a table; if it is too wide, wrap the last column, then other wide cells."""
    lines = list(table(section.head, section.rows))
    if columns is None or all(width(line) <= columns for line in lines) or not section.rows:
        yield from lines
        return
    every = [section.head, *section.rows] if section.head else list(section.rows)
    size = max(len(row) for row in every)
    narrow = [(*row, *[""] * (size - len(row)))[: size - 1] for row in every]
    blocks = _wrapped_rows(narrow, columns - 2)
    used = max(width(line) for block in blocks for line in block) + 2
    room = columns - used
    for row, block in zip(every, blocks, strict=True):
        last = row[size - 1] if len(row) == size else ""
        pieces = textwrap.wrap(last, room, break_on_hyphens=False) if room >= LEAST_ROOM else []
        for line, piece in zip_longest(block, pieces, fillvalue=""):
            yield (line + " " * (used - width(line)) + piece).rstrip()
        if last and not pieces:
            yield from _wrapped(last, columns, "      ")


def _wrapped_rows(rows: Sequence[Sequence[str]], columns: int) -> list[list[str]]:
    """Lay out each row in as many lines as its cells need; shrink the widest columns until all fit."""
    sizes = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
    while sum(sizes) + 2 * (len(sizes) - 1) > columns and max(sizes) > LEAST_COLUMN:
        sizes[sizes.index(max(sizes))] -= 1
    blocks = []
    for row in rows:
        cells = [
            textwrap.wrap(cell, size, break_on_hyphens=False) if width(cell) > size else [cell]
            for cell, size in zip(row, sizes, strict=True)
        ]
        lines = [
            "  "
            + "  ".join(
                part + " " * (size - width(part)) for part, size in zip(parts, sizes, strict=True)
            ).rstrip()
            for parts in zip_longest(*cells, fillvalue="")
        ]
        blocks.append(lines)
    return blocks


LEAST_COLUMN = 8
"""Minimum width of a column."""
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
