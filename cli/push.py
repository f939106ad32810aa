"""`leadline push`: what is generated, to where it is used."""

from __future__ import annotations

import click

from cli import __version__
from cli.shipping import Destination, shipped, show


@click.command("push")
@shipped
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be done; do nothing.")
def command(destination: Destination, yes: bool, dry_run: bool) -> int:
    r"""Bring the generated dashboards into Grafana: shows the plan, asks, and writes only what differs.

    They go into a folder named after the project and carry its tag. A dashboard that has our uid or title and is
    not ours, or is provisioned from a file, is refused, and then nothing is written.

    \b
    Examples:
      leadline push --to grafana
      LEADLINE_GRAFANA_TOKEN=… leadline push --to grafana --url https://grafana.example.com --yes
    """
    from cli.compose import generated
    from k8s import grafana
    from k8s.grafana_api import Grafana

    catalog = destination.load()
    with Grafana(destination.endpoint(catalog)) as server:
        planned = grafana.plan(server, catalog.project, generated(catalog))
        show(planned)
        if dry_run:
            return 1 if planned.having(grafana.REFUSED) else 0
        asks = planned.changes and not (planned.having(grafana.REFUSED) or yes)
        if asks and not click.confirm(f"Write to {server.url}?", err=True):
            click.echo("nothing was written", err=True)
            return 1
        grafana.push(server, planned, __version__, lambda step: click.echo(f"wrote      {step.title}"))
    click.echo(
        f"{len(planned.changes)} to write, {len(planned.having(grafana.UNCHANGED))} unchanged", err=True
    )
    return 0
