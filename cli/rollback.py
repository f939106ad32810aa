"""`leadline rollback`: what was there before the last push."""

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

    In Grafana each dashboard that the last push wrote gets the version before it, as a new version; what was edited since is kept
    unless --overwrite is said, and what that push made stays. In Kubernetes and in files it is what the push kept when it wrote.

    \b
    Examples:
      leadline rollback --to grafana
      leadline rollback --to files --rules-dir /etc/prometheus/rules --url http://127.0.0.1:9090
    """
    with destination.rollback() as shipment:
        return do(shipment, yes=yes, dry_run=dry_run)
