"""What `plan` and `push` share: where to, what would change there, and the options that say so."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Protocol

import click

from cli import __version__
from cli.options import catalog_option, checked_url, context_of, context_option
from k8s import grafana, kubectl
from k8s.grafana_api import Grafana
from signals import reading
from signals.catalog import Catalog, Endpoint
from signals.errors import UsageError

USER, PASSWORD, TOKEN = "LEADLINE_GRAFANA_USER", "LEADLINE_GRAFANA_PASSWORD", "LEADLINE_GRAFANA_TOKEN"
BASES = ("operator", "plain")


class Shipment(Protocol):
    """What would be pushed to one place.

    where    what it is called when asking
    changes  whether anything would be written
    refused  whether something stands in the way
    """

    where: str
    changes: bool
    refused: bool

    def show(self) -> None:
        """Print the plan."""
        ...

    def push(self) -> None:
        """Do what the plan says. Raises ConflictError, before anything is written, where it is refused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where to push, as the command line says it."""

    to: str
    catalog_file: Path
    url: str | None
    context_name: str | None
    base: str

    def shipment(self) -> Shipment:
        """Compare what is generated with what is there. Only reads."""
        from cli.compose import generated

        catalog = reading.load(self.catalog_file)
        files = generated(catalog)
        if self.to == "grafana":
            server = Grafana(self._grafana(catalog))
            return _ToGrafana(server, grafana.plan(server, catalog.project, files))
        return _ToKubernetes(catalog, files, self)

    def _grafana(self, catalog: Catalog) -> Endpoint:
        """Give the Grafana: of --url with credentials from the environment, or of the context."""
        if self.url:
            return _from_environment(checked_url(self.url))
        context = context_of(catalog, self.context_name)
        if context.grafana is None or not context.grafana.url:
            raise UsageError(
                f"context '{context.name}' of {catalog.file} names no URL of a grafana; give --url"
            )
        return context.grafana


def _from_environment(url: str) -> Endpoint:
    if os.environ.get(TOKEN):
        return Endpoint(url=url, credentials_env=TOKEN)
    if os.environ.get(USER):
        return Endpoint(url=url, username=os.environ[USER], password_env=PASSWORD)
    return Endpoint(url=url)


class _ToGrafana:
    """The dashboards, into Grafana."""

    def __init__(self, server: Grafana, planned: grafana.Plan) -> None:
        self._server, self._planned = server, planned
        self.where = server.url
        self.changes = bool(planned.changes)
        self.refused = bool(planned.having(grafana.REFUSED))

    def show(self) -> None:
        planned = self._planned
        for remark in planned.remarks:
            click.echo(f"remark: {remark}", err=True)
        if planned.folder is None and planned.changes:
            click.echo(f"create     folder {planned.project}")
        for step in planned.steps:
            why = f": {step.why}" if step.why else ""
            click.echo(f"{step.action:9}  {step.title} ({step.dashboard['uid']}){why}")

    def push(self) -> None:
        grafana.push(
            self._server, self._planned, __version__, lambda step: click.echo(f"wrote      {step.title}")
        )


class _ToKubernetes:
    """The objects of one kustomize base, into a cluster."""

    refused = False

    def __init__(self, catalog: Catalog, files: dict[str, str], destination: Destination) -> None:
        context = context_of(catalog, destination.context_name) if catalog.contexts else None
        self._cluster = kubectl.Cluster(
            context=context.kube_context if context else "", namespace=context.namespace if context else ""
        )
        self._files, self._base = files, f"kubernetes/{destination.base}"
        self.where = f"the cluster of kubectl's context {self._cluster.context or 'in use'}"
        self._diff = self._cluster.diff(files, self._base)
        self.changes = bool(self._diff.strip())

    def show(self) -> None:
        click.echo(self._diff if self.changes else f"nothing differs in {self.where}", nl=not self.changes)

    def push(self) -> None:
        if self.changes:
            click.echo(self._cluster.apply(self._files, self._base), nl=False)


def shipped(function: Callable[..., int]) -> Callable[..., int]:
    """Add --to, --catalog, --url, --context and --base, given to the command as one `destination`."""

    @wraps(function)
    def command(
        to: str, catalog_file: Path, url: str | None, context_name: str | None, base: str, **others: object
    ) -> int:
        destination = Destination(
            to=to, catalog_file=catalog_file, url=url, context_name=context_name, base=base
        )
        return function(destination=destination, **others)

    about = f"The Grafana at this URL; overrides the context. Credentials: {TOKEN}, or {USER} and {PASSWORD}."
    for option in (
        click.option(
            "--base",
            type=click.Choice(BASES),
            default="operator",
            show_default=True,
            help="For kubernetes: objects for the Prometheus Operator and Grafana's sidecar, or plain ConfigMaps.",
        ),
        context_option,
        click.option("--url", help=about),
        catalog_option,
        click.option("--to", type=click.Choice(["grafana", "kubernetes"]), required=True, help="Where to."),
    ):
        command = option(command)
    return command
