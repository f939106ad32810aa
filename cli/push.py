"""`leadline push`: deploy dashboards and rules."""

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
@click.option("--annotate", is_flag=True, help="For grafana: annotate the dashboards with the push.")
@click.option(
    "--rollback/--no-rollback",
    "remember",
    default=True,
    show_default=True,
    help="For kubernetes: save what is replaced, in a ConfigMap there.",
)
@plan_option
@yes_option
@dry_option
def command(destination: Destination, planned: Path | None, yes: bool, dry_run: bool) -> int:
    """Deploy dashboards and rules: shows the plan, asks, and writes only what differs.

    In Grafana, dashboards go into a folder named after the project and carry its tag. A dashboard edited in the browser since the
    last push is kept unless you pass --overwrite. One that has our uid or title and is not ours is refused unless you pass --adopt;
    if one is refused, or provisioned from a file, nothing is written. In Kubernetes, kubectl applies them server-side under the
    field manager "leadline"; objects that Leadline does not own are refused, and objects that another manager also writes are left
    alone, unless you pass --adopt. If a push fails midway, it prints what was done; the next push finishes it.

    \b
    Examples:
      leadline push --to grafana
      leadline push --to grafana --url https://grafana.example.com --yes
      leadline push --to kubernetes --context cluster --plan plan.json
    """
    with destination.push() as shipment:
        return do(shipment, yes=yes, dry_run=dry_run, planned=planned)
