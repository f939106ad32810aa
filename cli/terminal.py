"""The terminal: how wide it is, and what is coloured on it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable
from typing import TextIO

import click

from leadline.base.printable import printable
from leadline.base.text_table import width, wrapped

COLOURS = {"✓": "green", "✗": "red", "?": "yellow", "▲": "green", "▼": "red"}
"""Of each symbol; colour only repeats what the symbol says."""
WIDEST = 60
"""So many characters of a label's value are shown at most in a listing."""
SYMBOL = re.compile(r"(?:^|(?<=  ))([✓✗?])(?= )")


def columns(stream: TextIO | None = None) -> int | None:
    """Return the width to fit on a stream, stdout where none is given: the terminal's, or COLUMNS; None where it is no screen."""
    if os.environ.get("COLUMNS", "").isdigit() or (stream or sys.stdout).isatty():
        return shutil.get_terminal_size().columns
    return None


def has_colour() -> bool:
    """Return whether colours are seen and wanted (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def say(lines: Iterable[str]) -> None:
    """Print lines, harmless to a terminal, the symbols that begin a column coloured where that is wanted."""
    colour = has_colour()
    for line in map(printable, lines):
        click.echo(coloured(line) if colour else line)


def complain(text: str) -> None:
    """Print what is wrong on stderr, broken between words where the terminal is narrower; a line with an indent keeps it."""
    pointed = any(line.strip() and not line.strip(" ^") for line in text.splitlines())
    room = None if pointed else columns(sys.stderr)
    for line in text.splitlines():
        safe = printable(line)
        lead = safe[: len(safe) - len(safe.lstrip())]
        told = f"{'' if lead else 'leadline: '}{safe.lstrip()}"
        for index, part in enumerate(
            wrapped(told, (room or 0) - len(lead) - 2) if room and width(told) > room else [told]
        ):
            click.echo(lead + ("  " if index else "") + part, err=True)


def coloured(line: str) -> str:
    """Colour the symbols of a line that begin a column."""
    return SYMBOL.sub(lambda found: click.style(found[1], fg=COLOURS[found[1]]), line)
