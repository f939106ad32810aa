"""`leadline forward`: a tunnel to what runs in the cluster, kept open."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import click

from cli.options import catalog_option, context_of, context_option, tunnel_to
from signals import reading
from signals.catalog import Context
from signals.errors import ConnectionFailedError, UsageError

READY = {
    "grafana": ("/api/health", '"database"'),
    "prometheus": ("/api/v1/status/buildinfo", '"success"'),
    "alertmanager": ("/api/v2/status", '"versionInfo"'),
}
"""What each of them answers where, and nothing else does."""
WAIT_SECONDS = 15.0


@click.command("forward")
@click.argument("what", type=click.Choice(list(READY)))
@catalog_option
@context_option
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The local port; by default the Service's, where free."
)
@click.option("--open", "browse", is_flag=True, help="Open it in the browser.")
def command(what: str, catalog_file: Path, context_name: str | None, port: int | None, browse: bool) -> int:
    r"""Open a tunnel to what a context names as a Service in the cluster, until Ctrl-C.

    It is `kubectl port-forward`, started anew on the same local port whenever it breaks.

    \b
    Example:
      leadline forward grafana --context cluster --open
    """
    catalog = reading.load(catalog_file)
    context = context_of(catalog, context_name)
    with tunnel_to(context, _service(context, what, catalog.file), port) as tunnel:
        _check(what, tunnel.url)
        with contextlib.suppress(KeyboardInterrupt):
            click.echo(f"{what}: {tunnel.url} (Ctrl-C ends it)")
            if browse:
                click.launch(tunnel.url)
            threading.Event().wait()
    return 0


def _service(context: Context, what: str, file: str) -> str:
    endpoint = {
        "grafana": context.grafana,
        "prometheus": context.prometheus,
        "alertmanager": context.alertmanager,
    }[what]
    if endpoint is None:
        raise UsageError(
            f"context '{context.name}' of {file} names no {what}; add {what}: {{service: name:port}}"
        )
    if not endpoint.service:
        raise UsageError(
            f"context '{context.name}' reaches {what} at {endpoint.url}, which needs no tunnel; "
            "choose a context that names a service with --context"
        )
    return endpoint.service


def _check(what: str, url: str) -> None:
    """Make sure that it is what it claims. Raises ConnectionFailedError."""
    import requests

    path, mark = READY[what]
    try:
        text = requests.get(url + path, timeout=WAIT_SECONDS).text
    except requests.RequestException as error:
        raise ConnectionFailedError(
            f"the tunnel is open, but {what} does not answer through it ({type(error).__name__}); is its pod ready?"
        ) from None
    if mark not in text:
        raise ConnectionFailedError(
            f"what answers through the tunnel is not {what}; check the Service and its port"
        )
