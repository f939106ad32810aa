"""`leadline plan`: what a push would change."""

from __future__ import annotations

import click

from cli.shipping import Destination, shipped


@click.command("plan")
@shipped
def command(destination: Destination) -> int:
    """Show what a push would change; change nothing. Exits 1 where something would, or is refused.

    \b
    Examples:
      leadline plan --to grafana --url http://127.0.0.1:3000
      leadline plan --to kubernetes --context cluster
    """
    with destination.shipment() as shipment:
        shipment.show()
        return 1 if shipment.changes or shipment.refused else 0
