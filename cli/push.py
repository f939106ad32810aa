"""`leadline push`: what is generated, to where it is used."""

from __future__ import annotations

import click

from cli.shipping import Destination, shipped


@click.command("push")
@shipped
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be done; do nothing.")
def command(destination: Destination, yes: bool, dry_run: bool) -> int:
    """Bring what is generated to where it is used: shows the plan, asks, and writes only what differs.

    In Grafana dashboards go into a folder named after the project and carry its tag. A dashboard that has our uid or
    title and is not ours, or is provisioned from a file, is refused, and then nothing is written. To Kubernetes
    they go by kubectl, server-side, under the field manager "leadline".

    \b
    Examples:
      leadline push --to grafana
      LEADLINE_GRAFANA_TOKEN=… leadline push --to grafana --url https://grafana.example.com --yes
      leadline push --to kubernetes --context cluster
    """
    with destination.shipment() as shipment:
        shipment.show()
        if dry_run:
            return 1 if shipment.refused else 0
        asks = shipment.changes and not (shipment.refused or yes)
        if asks and not click.confirm(f"Write to {shipment.where}?", err=True):
            click.echo("nothing was written", err=True)
            return 1
        shipment.push()
    return 0
