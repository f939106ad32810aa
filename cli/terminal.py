"""The terminal: how wide it is, and what is coloured on it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable

import click

from signals.printable import printable

COLOURS = {"✓": "green", "✗": "red", "?": "yellow", "▲": "green", "▼": "red"}
"""Of each symbol; colour only repeats what the symbol says."""
SYMBOL = re.compile(r"(?:^|(?<=  ))([✓✗?])(?= )")


def columns() -> int | None:
    """Give the width to fit: the terminal's, or COLUMNS; None where nobody looks at a screen."""
    if os.environ.get("COLUMNS", "").isdigit() or sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return None


def has_colour() -> bool:
    """Say whether colours are seen and wanted (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def say(lines: Iterable[str]) -> None:
    """Print lines, harmless to a terminal, the symbols that begin a column coloured where that is wanted."""
    colour = has_colour()
    for line in map(printable, lines):
        click.echo(coloured(line) if colour else line)


def coloured(line: str) -> str:
    """Colour the symbols of a line that begin a column."""
    return SYMBOL.sub(lambda found: click.style(found[1], fg=COLOURS[found[1]]), line)
