"""`leadline signals`: what can be asked of the catalog's services."""

from __future__ import annotations

from pathlib import Path

import click

from cli.options import catalog_option
from signals import reading
from signals.formulas import FORMULAS, missing


@click.command("signals")
@catalog_option
def command(catalog_file: Path) -> int:
    """List the signals, and which services have them.

    \b
    Example:
      leadline signals
    """
    from reports.aligned import table

    catalog = reading.load(catalog_file)
    rows = []
    for name, formula in FORMULAS.items():
        having = [service.name for service in catalog.services if not missing(formula, service, ())]
        rows.append((name, formula.about, ", ".join(formula.by) or "–", ", ".join(having) or "no service"))
    for line in table(("signal", "what it is", "by", "services"), rows, indent=""):
        click.echo(line)
    return 0
