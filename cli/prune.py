"""`leadline prune`: what was pushed once, and is no longer generated."""

from __future__ import annotations

import click

from .shipping.apply import do, dry_option, yes_option
from .shipping.destination import OVERWRITE, Destination, shipped


@click.command("prune")
@shipped
@OVERWRITE
@click.option(
    "--project",
    help="Of this project, which the catalog no longer is; all that it pushed is then no longer generated.",
)
@yes_option
@dry_option
def command(destination: Destination, project: str | None, yes: bool, dry_run: bool) -> int:
    """Remove what this project pushed and no longer generates: shows it, asks, and removes nothing else.

    Ours is what carries the project's mark and was written by a push; a copy that somebody made of a dashboard is not, nor is
    what has only our title. Dashboards edited since the push are kept unless you pass --overwrite. In a cluster,
    objects that another manager writes to, or that hold anyone else's keys, are kept too.
    To know what is generated it runs the Python files that the catalog names (see leadline push --help).

    \b
    Examples:
      leadline prune --to grafana --dry-run
      leadline prune --to kubernetes --context cluster --yes
      leadline prune --to grafana --project old-name      after the project was renamed
    """
    with destination.prune(project) as shipment:
        return do(shipment, yes=yes, dry_run=dry_run)
