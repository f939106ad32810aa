"""`leadline push`: what is generated, to where it is used."""

from __future__ import annotations

from pathlib import Path

import click

from .options import python_option
from .shipping.apply import do, dry_option, plan_option, yes_option
from .shipping.destination import ADOPT, OVERWRITE, Destination, shipped


@click.command("push")
@shipped
@python_option
@OVERWRITE
@ADOPT
@click.option("--annotate", is_flag=True, help="For grafana: mark the push on the dashboards' time axes.")
@click.option(
    "--rollback/--no-rollback",
    "remember",
    default=True,
    show_default=True,
    help="For kubernetes: keep what is replaced, in a ConfigMap there.",
)
@plan_option
@yes_option
@dry_option
def command(destination: Destination, planned: Path | None, yes: bool, dry_run: bool) -> int:
    """Bring what is generated to where it is used: shows the plan, asks, and writes only what differs.

    In Grafana dashboards go into a folder named after the project and carry its tag. One that was edited in the browser since the
    last push is kept unless --overwrite is said. One that has our uid or title and is not ours is refused unless --adopt is said;
    then, and where one is provisioned from a file, nothing is written. To Kubernetes they go by kubectl, server-side, under the
    field manager "leadline"; objects that Leadline does not own are refused, and objects that
    another manager also writes are left alone, unless you pass --adopt. Where it fails midway it says what was done; the next push finishes it.

    \b
    Examples:
      leadline push --to grafana
      LEADLINE_GRAFANA_TOKEN=… leadline push --to grafana --url https://grafana.example.com --yes
      leadline push --to kubernetes --context cluster --plan plan.json
    """
    with destination.push() as shipment:
        return do(shipment, yes=yes, dry_run=dry_run, planned=planned)
