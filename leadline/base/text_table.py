"""Text tables for terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

LEAST = 24
"""Minimum cells of the last column; with fewer, it moves below its row."""


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "  ", room: int | None = None
) -> Iterator[str]:
    """Align columns by their width on a terminal.

    room  available cells; if a row is wider, wrap the last column of all rows between words, or move it below the row
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
    """Wrap the last column beside the others, or below them if there is little room."""
    beside = room - width(lead)
    if beside < LEAST:
        yield lead.rstrip()
        yield from wrapped(last, room, indent=" " * 4) if last else ()
        return
    first, *others = wrapped(last, beside)
    yield (lead + first).rstrip()
    yield from (" " * width(lead) + other for other in others)


def wrapped(text: str, room: int, indent: str = "") -> list[str]:
    """Wrap text between words into lines of at most `room` cells; a longer word stays whole."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and width(indent + longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return [indent + line for line in lines]


def width(text: str) -> int:
    """Return the width of a text on a terminal, in cells."""
    return cell_len(text)
