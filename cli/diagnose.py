"""`leadline doctor`: diagnose missing data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.base.errors import UsageError
from leadline.base.printable import printable

from .connection_options import context_option
from .connections import Connection, picked, reached
from .deadline import deadline, deadline_option
from .options import catalog_option
from .trust_option import trust_option

if TYPE_CHECKING:
    from leadline.catalog.endpoints import Context
    from leadline.catalog.model import Catalog
    from leadline.doctor.diagnose import Finding

SIGNS = {"fine": "✓", "wrong": "✗", "unknown": "?"}


@click.command("doctor")
@catalog_option
@context_option
@trust_option
@deadline_option
@click.option(
    "--url",
    envvar="LEADLINE_URL",
    show_envvar=True,
    help="Check only the Prometheus at this URL; credentials as for other commands.",
)
def command(catalog_file: Path, context_name: str | None, url: str | None) -> int:
    """Check the context's cluster, Grafana and Prometheus, and explain why pushed dashboards and rules do not appear.

    Exits 1 if something is wrong, 4 if something could not be checked.

    \b
    Examples:
      leadline doctor --context cluster
      leadline doctor --url http://127.0.0.1:9090
    """
    from leadline.catalog import loader

    catalog = loader.load(catalog_file)
    if url and not context_name:
        findings = _of_prometheus(
            catalog, Connection(catalog_file=catalog_file, url=url, context_name=None, timeout=30)
        )
    else:
        findings = _findings(catalog, *picked(catalog, context_name), catalog_file)
    states = set()
    for finding in findings:
        states.add(finding.state)
        click.echo(printable(f"{SIGNS[finding.state]} {finding.what}"))
        if finding.remedy:
            click.echo(printable(f"    {finding.remedy}"))
    return 1 if "wrong" in states else 4 if "unknown" in states else 0


def _findings(catalog: Catalog, context: Context, named_in: str, file: Path) -> Iterator[Finding]:
    from leadline.doctor import diagnose
    from leadline.grafana.api import Grafana
    from leadline.k8s.kubectl import Cluster

    if not (context.kube_context or context.namespace or context.grafana or context.prometheus):
        raise UsageError(
            f"context '{context.name}' of {file} names no kubernetes, grafana or prometheus to check"
        )
    if context.kube_context or context.namespace:
        cluster = Cluster(context=context.kube_context, namespace=context.namespace)
        yield from diagnose.safely(diagnose.of_cluster(cluster, catalog), "the cluster cannot be queried")
    if context.grafana:

        def of_grafana() -> Iterator[Finding]:
            with (
                reached("grafana", context, named_in) as (endpoint, revive),
                Grafana(endpoint, revive, deadline()) as server,
            ):
                yield from diagnose.of_grafana(server, catalog)

        yield from diagnose.safely(of_grafana(), "Grafana cannot be queried")
    if context.prometheus:
        connection = Connection(catalog_file=file, url=None, context_name=context.name, timeout=30)
        yield from _of_prometheus(catalog, connection)


def _of_prometheus(catalog: Catalog, connection: Connection) -> Iterator[Finding]:
    from leadline.doctor import diagnose

    def of_rules() -> Iterator[Finding]:
        with connection.open(catalog) as prometheus:

            def count(expression: str) -> float:
                series = prometheus.ask(f"count({expression})").series
                return series[0].samples[0].value if series else 0

            yield from diagnose.of_rules(count, catalog)

    yield from diagnose.safely(of_rules(), "Prometheus cannot be queried")
