"""Render reports to files and the terminal: format, width, colours."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container, Mapping
from pathlib import Path

import click

from leadline.base.errors import UsageError
from leadline.base.files import replaced
from leadline.reports.model import Report

from .terminal import COLOURS, columns, has_colour

FORMATS = ("text", "line", "json", "markdown", "html", "csv", "junit")


def written(
    report: Report, output: str, *, only: Container[str] | None = None, provenance: bool = False
) -> str:
    """Return a report in one of FORMATS; `only` selects sections, in formats that have them."""
    from leadline.base.printable import printable
    from leadline.reports import document, headline, junit, markdown, page, spreadsheet, text
    from leadline.reports.sections import TITLES

    sections = TITLES if only is None else only
    writers: Mapping[str, Callable[[], str]] = {
        "text": lambda: text.write(report, columns=columns(), only=sections, provenance=provenance),
        "line": lambda: printable(headline.of(report).line) + "\n",
        "json": lambda: document.write(report),
        "markdown": lambda: markdown.write(report, only=sections, provenance=provenance),
        "html": lambda: page.write(report),
        "csv": lambda: spreadsheet.write(report),
        "junit": lambda: junit.write(report),
    }
    return writers[output]()


def show(text: str) -> None:
    """Print a text report; on a terminal, colour its verdicts unless NO_COLOR is set."""
    if has_colour():
        text = re.sub(r"(?m)^  ([✓✗?▲▼])(  .*)$", lambda found: _coloured(found[1], found[2]), text)
        text = re.sub(r"(?m)^(\S.*)$", lambda found: click.style(found[1], bold=True), text)
    click.echo(text, nl=False)


def _coloured(symbol: str, rest: str) -> str:
    return "  " + click.style(symbol, fg=COLOURS[symbol]) + rest


def targets(texts: tuple[str, ...]) -> dict[str, Path]:
    """Parse repeated --out FORMAT=PATH. Raises UsageError."""
    found = {}
    for text in texts:
        kind, _, path = text.partition("=")
        if kind not in FORMATS or not path:
            raise UsageError(f"--out {text!r} must be FORMAT=PATH; formats are {', '.join(FORMATS)}")
        found[kind] = Path(path)
    return found


def save(path: Path, content: str, *, private: bool = False) -> None:
    """Write a file atomically. Raises UsageError if it cannot be written."""
    if str(path) in DEVICES or (path.exists() and not path.is_file()):  # a pipe, or the terminal
        try:
            path.write_text(content, "utf-8")
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from None
        return
    replaced(path, content, private=private)


DEVICES = ("/dev/stdout", "/dev/stderr", "/dev/null")


def load(path: Path) -> str:
    """Read a file. Raises UsageError if it cannot be read."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def to_github(report: Report) -> None:
    """Append Markdown to the summary of the GitHub Actions step. Raises UsageError outside of one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        raise UsageError("--github needs GITHUB_STEP_SUMMARY, which GitHub Actions sets")
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(written(report, "markdown") + "\n")
    except OSError as error:
        raise UsageError(f"{path} (GITHUB_STEP_SUMMARY) cannot be written: {error.strerror}") from None
