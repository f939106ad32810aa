"""The words that may stand next, for click's `shell_complete`; whatever fails, there are none.

Only light modules are imported here: these functions are named where the commands are declared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click

WORD = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*$")
Words = Callable[[click.Context, click.Parameter, str], list[str]]


def _silent(function: Words) -> Words:
    def words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        try:
            return function(ctx, param, incomplete)
        except Exception:  # noqa: BLE001  a shell that completes must not be written into, whatever happens
            return []

    return words


@_silent
def expression(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete the last name of an expression: a metric, else a function."""
    found = WORD.search(incomplete)
    word = found[0] if found else ""
    before = incomplete[: len(incomplete) - len(word)]
    if before.count("{") > before.count("}") or before.count('"') % 2:
        return []
    names = [name for name in _metrics(ctx) if name.startswith(word)]
    if not names and word:
        from checks.syntax import AGGREGATIONS, FUNCTIONS

        names = [f"{name}(" for name in (*AGGREGATIONS, *FUNCTIONS) if name.startswith(word)]
    return [before + name for name in names]


@_silent
def metrics(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete a metric's name."""
    return [name for name in _metrics(ctx) if name.startswith(incomplete)]


@_silent
def services(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a service of the catalog."""
    from cli.completing.cache import of_catalog

    return [name for name in of_catalog(_catalog(ctx)).services if name.startswith(incomplete)]


@_silent
def contexts(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a context, of the catalog or the user's own."""
    from cli.completing.cache import of_catalog

    return [name for name in of_catalog(_catalog(ctx)).contexts if name.startswith(incomplete)]


@_silent
def signals(_ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a signal."""
    from signals.formulas import FORMULAS

    return [name for name in FORMULAS if name.startswith(incomplete)]


def _catalog(ctx: click.Context) -> Path:
    return Path(ctx.params.get("catalog_file") or "leadline.yaml")


def _metrics(ctx: click.Context) -> tuple[str, ...]:
    from cli.completing.cache import metrics as cached

    return cached(_catalog(ctx), ctx.params.get("url"), ctx.params.get("context_name"))
