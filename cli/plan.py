"""`leadline plan`: what a push would change."""

from __future__ import annotations

from pathlib import Path

import click

from leadline.deploy import plans

from .options import python_option
from .rendering import save
from .shipping.apply import show
from .shipping.destination import ADOPT, OVERWRITE, Destination, shipped


@click.command("plan")
@shipped
@python_option
@OVERWRITE
@ADOPT
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Output format.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Also save the plan, for push --plan."
)
@click.option(
    "--exit-code/--no-exit-code",
    default=True,
    show_default=True,
    help="Exit 1 if something would change or is refused.",
)
def command(destination: Destination, output: str, out: Path | None, exit_code: bool) -> int:
    """Show what a push would change, without changing it.

    \b
    Examples:
      leadline plan --to grafana --url http://127.0.0.1:3000
      leadline plan --to kubernetes -o markdown       # for a pull request
      leadline plan --to grafana --out plan.json      # for push --plan plan.json
    """
    with destination.push() as shipment:
        plan = shipment.plan
    show(plan, output)
    if out:
        save(out, plans.as_json(plan))
    return 1 if exit_code and (plan.changes or plan.refused) else 0
