"""`leadline signals`: the signals of the catalog's services."""

from __future__ import annotations

from pathlib import Path

import click

from leadline.catalog import loader
from leadline.catalog.model import Catalog
from leadline.signals.formulas import FORMULAS, Formula, missing

from .options import catalog_option
from .terminal import columns, say

MOST_NAMES = 3


@click.command("signals")
@catalog_option
def command(catalog_file: Path) -> int:
    """List the signals of the catalog's services: the labels that split each, and the services that have it.

    \b
    Example:
      leadline signals
    """
    from leadline.base.text_table import table, wrapped

    catalog = loader.load(catalog_file)
    rows, nowhere = [], []
    for name, formula in FORMULAS.items():
        having = [
            service.name
            for service in catalog.services
            if not missing(formula, service.instruments, service.missing, ())
        ]
        if having:
            labels = [label for label in formula.by if _is_split(formula, catalog, label)]
            rows.append(
                (name, ", ".join(labels) or "–", _names(having, len(catalog.services)), formula.about)
            )
        else:
            nowhere.append(name)
    say(table(("signal", "by", "services", "what it is"), rows, indent="", room=columns()))
    if nowhere:
        say(wrapped(f"no service has {', '.join(nowhere)}", columns() or 120))
    return 0


def _names(names: list[str], of: int) -> str:
    """Name the services that have a signal; count them if there are many."""
    return (
        ", ".join(names)
        if len(names) <= MOST_NAMES
        else "all"
        if len(names) == of
        else f"{len(names)} of {of}"
    )


def _is_split(formula: Formula, catalog: Catalog, label: str) -> bool:
    """Return whether any service can split a formula by a label."""
    return any(
        not missing(formula, service.instruments, service.missing, (label,)) for service in catalog.services
    )
