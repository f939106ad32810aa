"""The terminal: width, colours and printing."""

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
"""The colour of each symbol, which it only repeats."""
WIDEST = 60
"""Maximum characters of a label's value in a listing."""
SYMBOL = re.compile(r"(?:^|(?<=  ))([✓✗?])(?= )")


def columns(stream: TextIO | None = None) -> int | None:
    """Return the width of a stream, by default stdout: the terminal's, or COLUMNS; None without a terminal."""
    if os.environ.get("COLUMNS", "").isdigit() or (stream or sys.stdout).isatty():
        return shutil.get_terminal_size().columns
    return None


def has_colour() -> bool:
    """Return whether stdout is a terminal and colours are wanted (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def say(lines: Iterable[str]) -> None:
    """Print lines, safe for a terminal; colour the symbols that begin a column, if wanted."""
    colour = has_colour()
    for line in map(printable, lines):
        click.echo(coloured(line) if colour else line)


def complain(text: str) -> None:
    """Print a problem on stderr, wrapped between words to fit the terminal; keep the indent of lines."""
    pointed = any(line.strip() and not line.strip(" ^") for line in text.splitlines())
    room = None if pointed else columns(sys.stderr)
    for line in text.splitlines():
        safe = printable(line)
        lead = safe[: len(safe) - len(safe.lstrip())]
        message = f"{'' if lead else 'leadline: '}{safe.lstrip()}"
        for index, part in enumerate(
            wrapped(message, (room or 0) - len(lead) - 2) if room and width(message) > room else [message]
        ):
            click.echo(lead + ("  " if index else "") + part, err=True)


def coloured(line: str) -> str:
    """Colour the symbols of a line that begin a column."""
    return SYMBOL.sub(lambda found: click.style(found[1], fg=COLOURS[found[1]]), line)
