"""`leadline plan`: what a push would change."""

from __future__ import annotations

import click

from cli.shipping import Destination, shipped, show


@click.command("plan")
@shipped
def command(destination: Destination) -> int:
    r"""Show what a push would change; change nothing. Exits 1 where something would, or is refused.

    \b
    Example:
      leadline plan --to grafana --url http://127.0.0.1:3000
    """
    from cli.compose import generated
    from k8s import grafana
    from k8s.grafana_api import Grafana

    catalog = destination.load()
    with Grafana(destination.endpoint(catalog)) as server:
        planned = grafana.plan(server, catalog.project, generated(catalog))
    show(planned)
    return 1 if planned.having(grafana.CREATE, grafana.UPDATE, grafana.REFUSED) else 0
