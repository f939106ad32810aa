"""Candidates for the next word, for click's `shell_complete`; none on any failure.

Only light modules are imported here, because commands import these functions where they are declared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

MATCHING = re.compile(r'([A-Za-z_:][A-Za-z0-9_:]*)\{((?:[^{}"]|"(?:[^"\\]|\\.)*")*(?:"[^"]*)?)$')
"""A metric and the text after its open brace."""
GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(\s*(?:\w+\s*,\s*)*(\w*)$")
VALUE = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)$')
LABEL = re.compile(r"(?:^|,)\s*(\w*)$")
MOST_VALUES = 200
WORD = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*$")
Words = Callable[[click.Context, click.Parameter, str], list[Any]]


def _silent(function: Words) -> Words:
    def words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        try:
            return function(ctx, param, incomplete)
        except Exception:  # noqa: BLE001  completion must never print into the shell
            return []

    return words


@_silent
def expression(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the end of an expression; the candidates may be continued."""
    return [CompletionItem(value, goes_on=True) for value in _expressions(ctx, incomplete)]


def _expressions(ctx: click.Context, incomplete: str) -> list[str]:
    """Complete a metric, else a function; in braces a label or its value; in by () a label."""
    matching, grouping = MATCHING.search(incomplete), GROUPING.search(incomplete)
    if matching:
        return _matchers(ctx, incomplete, matching[1], matching[2])
    if grouping:
        return _labels(ctx, incomplete, grouping[1])
    found = WORD.search(incomplete)
    word = found[0] if found else ""
    before = incomplete[: len(incomplete) - len(word)]
    if (
        before.count("{") > before.count("}")
        or before.count('"') % 2
        or before.endswith(("}", ")", "]", '"'))
    ):
        return []
    names = [name for name in _metrics(ctx) if name.startswith(word)]
    if not names and word:
        from leadline.lint.syntax import AGGREGATIONS, FUNCTIONS

        names = [f"{name}(" for name in (*AGGREGATIONS, *FUNCTIONS) if name.startswith(word)]
    return [before + name for name in names]


def _matchers(ctx: click.Context, incomplete: str, metric: str, inside: str) -> list[str]:
    """Complete in a selector's braces: a value after a quote, else a label."""
    value, label = VALUE.search(inside), LABEL.search(inside)
    if value and inside.count('"') % 2:
        begun = value[2]
        before = incomplete[: len(incomplete) - len(begun)]
        there = [each for each in _names(ctx, metric, value[1]) if each.startswith(begun)]
        plain = [each for each in there if each.isprintable() and not {'"', "'", "\\"} & set(each)]
        return [f'{before}{each}"' for each in plain[:MOST_VALUES]]
    if label is None:
        return []
    before = incomplete[: len(incomplete) - len(label[1])]
    return [
        f'{before}{name}="'
        for name in _names(ctx, metric)
        if name.startswith(label[1]) and name != "__name__"
    ]


def _labels(ctx: click.Context, incomplete: str, begun: str) -> list[str]:
    before = incomplete[: len(incomplete) - len(begun)]
    return [before + name for name in _names(ctx) if name.startswith(begun) and name != "__name__"]


@_silent
def metrics(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete a metric's name."""
    return [name for name in _metrics(ctx) if name.startswith(incomplete)]


@_silent
def services(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a service in the catalog."""
    from .cache import of_catalog

    return [name for name in of_catalog(_catalog(ctx)).services if name.startswith(incomplete)]


@_silent
def contexts(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a context, the catalog's or the user's own."""
    from .cache import of_catalog

    return [name for name in of_catalog(_catalog(ctx)).contexts if name.startswith(incomplete)]


@_silent
def signals(_ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a signal."""
    from leadline.signals.formulas import FORMULAS

    return [name for name in FORMULAS if name.startswith(incomplete)]


def _catalog(ctx: click.Context) -> Path:
    return Path(ctx.params.get("catalog_file") or "leadline.yaml")


def _metrics(ctx: click.Context) -> tuple[str, ...]:
    from .cache import metrics as cached

    return cached(_catalog(ctx), ctx.params.get("url"), ctx.params.get("context_name"))


def _names(ctx: click.Context, metric: str = "", label: str = "") -> tuple[str, ...]:
    """Return the labels of a metric, or of all metrics; or the values of a label."""
    from .cache import labels as cached

    return cached(_catalog(ctx), ctx.params.get("url"), ctx.params.get("context_name"), metric, label)
