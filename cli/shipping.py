"""What `plan` and `push` share: where to, what would change there, and the options that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Protocol

import click

from cli import __version__
from cli.connections import Reach, context_of, context_option, given, reached
from cli.options import catalog_option
from k8s import grafana, kubectl, rule_files, tree
from k8s.grafana_api import Grafana
from live.client import Prometheus
from signals import reading
from signals.catalog import Catalog
from signals.endpoints import Endpoint
from signals.errors import UsageError

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
    rules_dir: Path | None

    @contextmanager
    def shipment(self) -> Iterator[Shipment]:
        """Compare what is generated with what is there. Only reads. A tunnel stays open for as long as the block lasts."""
        from cli.compose import generated

        catalog = reading.load(self.catalog_file)
        files = generated(catalog)
        if self.to == "grafana":
            with self._reached("grafana", catalog) as (endpoint, revive), Grafana(endpoint, revive) as server:
                yield _ToGrafana(server, grafana.plan(server, catalog.project, files))
        elif self.to == "files":
            folder = self._rules_dir()
            with self._reached("prometheus", catalog) as (endpoint, _):
                yield _ToFiles(files, folder, endpoint)
        else:
            yield _ToKubernetes(catalog, files, self)

    def _rules_dir(self) -> Path:
        if self.rules_dir is None:
            raise UsageError("--to files needs --rules-dir, a folder that rule_files of prometheus.yml names")
        return self.rules_dir

    def _reached(self, what: str, catalog: Catalog) -> AbstractContextManager[Reach]:
        """Give the server: of --url with credentials from the environment, or of the context."""
        if self.url:
            return given(what.upper(), self.url)
        return reached(what, context_of(catalog, self.context_name), catalog.file)


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


class _ToFiles:
    """The rules, into a folder that a Prometheus reads."""

    refused = False

    def __init__(self, files: dict[str, str], folder: Path, endpoint: Endpoint) -> None:
        self._wanted, self._folder, self._endpoint = rule_files.rules_of(files, __version__), folder, endpoint
        self._difference = tree.difference(folder, self._wanted)
        self.where = f"{folder}, which {endpoint.url} reads"
        self.changes = bool(self._difference.missing or self._difference.changed)

    def show(self) -> None:
        for action, names in (("create", self._difference.missing), ("update", self._difference.changed)):
            for name in names:
                click.echo(f"{action:9}  {self._folder / name}")
        if not self.changes:
            click.echo(f"nothing differs in {self._folder}")

    def push(self) -> None:
        if self.changes:
            with Prometheus(self._endpoint) as prometheus:
                count = rule_files.push(self._folder, self._wanted, prometheus)
            click.echo(f"{self._endpoint.url} evaluates {count} rules from {self._folder}")


def shipped(function: Callable[..., int]) -> Callable[..., int]:
    """Add --to, --catalog, --url, --context and --base, given to the command as one `destination`."""

    @wraps(function)
    def command(
        to: str,
        catalog_file: Path,
        url: str | None,
        context_name: str | None,
        base: str,
        rules_dir: Path | None,
        **others: object,
    ) -> int:
        destination = Destination(
            to=to,
            catalog_file=catalog_file,
            url=url,
            context_name=context_name,
            base=base,
            rules_dir=rules_dir,
        )
        return function(destination=destination, **others)

    about = (
        "The Grafana, or for files the Prometheus, at this URL; overrides the context. Credentials come from "
        "LEADLINE_GRAFANA_TOKEN, or LEADLINE_GRAFANA_USER and _PASSWORD; likewise LEADLINE_PROMETHEUS_…"
    )
    for option in (
        click.option(
            "--base",
            type=click.Choice(BASES),
            default="operator",
            show_default=True,
            help="For kubernetes: objects for the Prometheus Operator and Grafana's sidecar, or plain ConfigMaps.",
        ),
        click.option(
            "--rules-dir",
            type=click.Path(path_type=Path, file_okay=False),
            help="For files: a folder that rule_files of prometheus.yml names.",
        ),
        context_option,
        click.option("--url", help=about),
        catalog_option,
        click.option(
            "--to", type=click.Choice(["grafana", "kubernetes", "files"]), required=True, help="Where to."
        ),
    ):
        command = option(command)
    return command
