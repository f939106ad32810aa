"""The commands that the documentation shows, in their order."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

GENERATED = ("commands.md",)


def pages() -> Iterator[Path]:
    yield ROOT / "README.md"
    yield from (
        page
        for page in sorted((ROOT / "docs").rglob("*.md"))
        if page.name not in GENERATED and page.parent.name != "evidence"
    )


def commands(page: Path) -> Iterator[str]:
    """Return each command line of a page that begins with `leadline`, without its comment and what it is piped into."""
    for line in page.read_text("utf-8").splitlines():
        found = re.match(r"(?: {4}|\t)?(leadline (?!:).*)$", line)
        if found:
            words = shlex.split(found[1], comments=True)
            ends = [index for index, word in enumerate(words) if word in ("|", ">", "&&")]
            yield shlex.join(words[: ends[0]] if ends else words)


def every() -> dict[str, str]:
    """Return each command once, and the page that shows it first."""
    found: dict[str, str] = {}
    for page in pages():
        for command in commands(page):
            found.setdefault(command, str(page.relative_to(ROOT)))
    return found
