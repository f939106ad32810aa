"""Columns on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

LEAST = 24
"""A last column that would have fewer cells stands below its row instead."""


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "  ", room: int | None = None
) -> Iterator[str]:
    """Align columns by their width on a terminal: the first to the left, the last as it is.

    room  the cells that there are; where a row is wider, its last column is wrapped between words, or stands below every row
    """
    every = [tuple(head), *rows] if head else list(rows)
    columns = max((len(row) for row in every), default=0)
    widths = [max(width(row[column]) for row in every if column < len(row)) for column in range(columns)]
    taken = width(indent) + sum(widths) + 2 * (columns - 1)
    flows = room is not None and taken > room and columns > 1
    for row in every:
        cells = [cell + " " * (size - width(cell)) for cell, size in zip(row, widths, strict=False)]
        if room is not None and flows and len(row) == columns:
            yield from _flowing(indent + "  ".join(cells[:-1]) + "  ", row[-1], room)
        else:
            yield (indent + "  ".join(cells)).rstrip()


def _flowing(lead: str, last: str, room: int) -> Iterator[str]:
    """Wrap the last column beside the others, or below them where little room is left."""
    beside = room - width(lead)
    if beside < LEAST:
        yield lead.rstrip()
        yield from wrapped(last, room, indent=" " * 4) if last else ()
        return
    first, *others = wrapped(last, beside)
    yield (lead + first).rstrip()
    yield from (" " * width(lead) + other for other in others)


def wrapped(text: str, room: int, indent: str = "") -> list[str]:
    """Break a text between words into lines of so many cells; a word that is longer stays whole."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and width(indent + longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return [indent + line for line in lines]


def width(text: str) -> int:
    """Return how many cells a text takes on a terminal."""
    return cell_len(text)
