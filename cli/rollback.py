"""`leadline rollback`: restore what the last push replaced."""

from __future__ import annotations

import click

from .shipping.apply import do, dry_option, yes_option
from .shipping.destination import OVERWRITE, Destination, shipped


@click.command("rollback")
@shipped
@OVERWRITE
@yes_option
@dry_option
def command(destination: Destination, yes: bool, dry_run: bool) -> int:
    """Restore what the last push replaced: shows it, asks, and writes it.

    In Grafana, each dashboard that the last push wrote gets its previous version back, as a new version; dashboards edited since
    are kept unless you pass --overwrite, and dashboards that the push created stay. In Kubernetes and in files, it restores what
    the push saved.

    \b
    Examples:
      leadline rollback --to grafana
      leadline rollback --to files --rules-dir /etc/prometheus/rules
    """
    with destination.rollback() as shipment:
        return do(shipment, yes=yes, dry_run=dry_run)
