"""`leadline prune`: remove what was pushed earlier and is no longer generated."""

from __future__ import annotations

import click

from .shipping.apply import do, dry_option, yes_option
from .shipping.destination import OVERWRITE, Destination, shipped


@click.command("prune")
@shipped
@OVERWRITE
@click.option(
    "--project",
    help="The project's former name, after it was renamed: remove everything that was pushed under it.",
)
@yes_option
@dry_option
def command(destination: Destination, project: str | None, yes: bool, dry_run: bool) -> int:
    """Remove what this project pushed and no longer generates: shows it, asks, and removes nothing else.

    Removes only what carries the project's mark and was written by a push; keeps copies of a dashboard, and dashboards that merely
    have our title. Dashboards edited since the push are kept unless you pass --overwrite. In a cluster, objects that
    another manager writes to, or that hold anyone else's keys, are kept too.
    To find out what is generated, it runs the Python files that the catalog lists (see leadline push --help).

    \b
    Examples:
      leadline prune --to grafana --dry-run
      leadline prune --to kubernetes --context cluster --yes
      leadline prune --to grafana --project old-name     # after renaming it
    """
    with destination.prune(project) as shipment:
        return do(shipment, yes=yes, dry_run=dry_run)
