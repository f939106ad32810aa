"""Columns on a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence


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
