"""`leadline forward`: a tunnel to a server in the cluster, kept open."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from leadline.base.errors import ConnectionFailedError, LeadlineError, UsageError
from leadline.catalog import loader
from leadline.catalog.context_file import known
from leadline.catalog.endpoints import Context, Endpoint
from leadline.k8s import services
from leadline.k8s.kubectl import Cluster

from .connection_options import context_option
from .connections import tunnel_to
from .options import DEFAULT_FILE, catalog_option

READY = {
    "grafana": ("/api/health", '"database"'),
    "prometheus": ("/api/v1/status/buildinfo", '"success"'),
    "alertmanager": ("/api/v2/status", '"versionInfo"'),
}
"""A path of each server, and text that only its answer contains."""
WAIT_SECONDS = 15.0


@click.command("forward")
@click.argument("what", type=click.Choice(list(READY)))
@catalog_option
@context_option
@click.option("-n", "--namespace", help="Look in this namespace; overrides the context's.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The local port; by default the Service's, if free."
)
@click.option("--open", "browse", is_flag=True, help="Open it in the browser.")
def command(
    what: str,
    catalog_file: Path,
    context_name: str | None,
    namespace: str | None,
    port: int | None,
    browse: bool,
) -> int:
    """Open a tunnel to Grafana, Prometheus or Alertmanager in the cluster, until Ctrl-C.

    Uses the Service that the context names, else one that matches by name or labels; if several match, it asks you to
    choose. Runs `kubectl port-forward`, and restarts it on the same local port whenever it breaks.

    \b
    Examples:
      leadline forward grafana --context cluster --open
      leadline forward prometheus --namespace monitoring --port 9090
    """
    context, file = _context(catalog_file, context_name)
    context = replace(context, namespace=namespace or context.namespace)
    endpoint: Endpoint | None = getattr(context, what)
    if endpoint and endpoint.url:
        raise UsageError(
            f"context '{context.name}' of {file} reaches {what} at {endpoint.url}, which needs no tunnel; "
            "choose a context of the cluster with --context"
        )
    if endpoint:
        service = endpoint.service
    else:
        found = _chosen(what, context)
        service, context = f"{found.name}:{found.port}", replace(context, namespace=found.namespace)
    with tunnel_to(context, service, port) as tunnel:
        _check(what, tunnel.url)
        with contextlib.suppress(KeyboardInterrupt):
            click.echo(f"{what}: {tunnel.url} (Ctrl-C to stop)")
            if browse:
                click.launch(tunnel.url)
            threading.Event().wait()
    return 0


def _context(catalog_file: Path, name: str | None) -> tuple[Context, str]:
    """Return the context and its file, the user's own if there is no catalog; without any, kubectl's current one."""
    has_catalog = catalog_file != Path(DEFAULT_FILE) or catalog_file.exists()
    own = loader.load(catalog_file).contexts if has_catalog else ()
    found = known(own, str(catalog_file))
    if name is None and not (own if has_catalog else found.contexts):
        return Context(name="kubectl's"), ""
    return found.pick(name)


def _chosen(what: str, context: Context) -> services.Found:
    """Find the Service, or let the user choose. Raises UsageError if there is none, or several and no terminal."""
    cluster = Cluster(context=context.kube_context, namespace=context.namespace)
    found = services.looking_like(what, cluster.services())
    where = f"namespace {context.namespace}" if context.namespace else "any namespace"
    if not found:
        raise UsageError(
            f"no Service in {where} looks like {what} (by name, or the labels app.kubernetes.io/name and app); "
            f"name it in the context: {what}: {{service: name:port}}"
        )
    if len(found) == 1:
        return found[0]
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            f"{len(found)} Services in {where} look like {what}: {', '.join(map(str, found))}; choose with --namespace, "
            f"or name one in the context: {what}: {{service: {found[0].name}:{found[0].port}}}"
        )
    return _prompt(what, found)


def _prompt(what: str, found: Sequence[services.Found]) -> services.Found:
    for number, service in enumerate(found, start=1):
        click.echo(f"  {number}  {service}", err=True)
    answer: int = click.prompt(
        f"Which {what}?", type=click.IntRange(1, len(found)), default=1, err=True, show_choices=False
    )
    return found[answer - 1]


def _check(what: str, url: str) -> None:
    """Check that the tunnel leads to the right server. Raises ConnectionFailedError."""
    from leadline.base.http import HttpSession

    path, mark = READY[what]
    try:
        with HttpSession(what=what, where=url, read_seconds=WAIT_SECONDS) as session:
            text = session.send_once("GET", url + path, most_bytes=2**20).text
    except LeadlineError as error:
        raise ConnectionFailedError(
            f"the tunnel is open, but {what} does not answer through it ({error}); is its pod ready?"
        ) from None
    if mark not in text:
        raise ConnectionFailedError(
            f"what answers through the tunnel is not {what}; check the Service and its port"
        )
