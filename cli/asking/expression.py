"""The expression to run: read from the command line, a file or stdin, and checked before it is sent."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from pathlib import Path

from leadline.base.errors import UsageError

SUFFIXES = (
    ("_seconds", "seconds"), ("_seconds_total", "seconds"), ("_seconds_sum", "seconds"), ("_bytes", "bytes"),
    ("_bytes_total", "bytes"), ("_ratio", "ratio"), ("_usd", "usd"), ("_usd_total", "usd"), (":ratio", "ratio"),
)  # fmt: skip
"""Suffixes of metric names, and their units."""


def read(argument: str | None, file: Path | None) -> str:
    """Return the expression: the argument, `-` for stdin, or a file's text. Raises UsageError if there is none, or two."""
    if argument is not None and file is not None:
        raise UsageError("an expression and --file exclude each other; give one")
    if file is not None:
        try:
            return file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read: {error}") from None
    if argument == "-" or (argument is None and not sys.stdin.isatty()):
        return sys.stdin.read().strip()
    if argument is None:
        raise UsageError("there is no expression; write one, - for stdin, or --file")
    return argument.strip()


def check(text: str) -> None:
    """Raise UsageError if an expression is wrong, with the place and a likely remedy."""
    from leadline.lint.syntax import mistake, pointed

    found = mistake(text)
    if found is None:
        return
    lines = [found.what, *(f"  {line}" for line in pointed(text, found) if text)]
    if found.remedy:
        lines.append(f"  {found.remedy}")
    lines.append("--as-is sends it anyway, for example MetricsQL")
    raise UsageError("\n".join(lines))


def groups_by_more(text: str, labels: Collection[str]) -> bool:
    """Return whether an expression groups by a label other than these."""
    from leadline.lint import tree

    try:
        node = tree.parse(text)
    except ValueError:
        return False
    groups = (tree.by_labels(each) for each, _ in tree.walk(node) if tree.is_aggregation(each))
    return any(name not in labels for keeps, names in groups if keeps for name in names)


def unit(text: str) -> str:
    """Guess the unit of a result from the metrics' suffixes: a rate of seconds has none, a quantile is in seconds."""
    from leadline.doctor.empty_answer import metrics

    found = {_unit_of(name) for name in metrics(text)}
    if len(found) != 1:
        return ""
    (named,) = found
    if "/" in re.sub(r'"[^"]*"', "", text):
        return ""  # a quotient has another unit than its operands
    rated = re.search(r"\b(rate|irate|deriv)\s*\(", text)
    if "histogram_quantile" in text:
        return named
    if any(name.endswith("_bucket") for name in metrics(text)):
        return ""
    if rated and named == "seconds":
        return ""
    return (
        "" if re.search(r"\b(count|count_over_time|changes|resets|absent)\s*(by|without|\()", text) else named
    )


def _unit_of(name: str) -> str:
    if name.endswith("_seconds_bucket"):
        return "seconds"
    if name.endswith("_bytes_bucket"):
        return "bytes"
    return next((unit for suffix, unit in SUFFIXES if name.endswith(suffix)), "")
