"""Where to deploy, from the command line, and the shipment: a plan and the code that applies it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Protocol

import click

from leadline.base.errors import UsageError
from leadline.catalog import loader
from leadline.catalog.endpoints import Endpoint
from leadline.catalog.model import Catalog
from leadline.deploy import to_files
from leadline.deploy.plans import Plan
from leadline.deploy.tree import BASES, OPERATOR
from leadline.grafana import to_grafana
from leadline.grafana.api import Grafana
from leadline.grafana.planning import PushOptions
from leadline.k8s import to_kubernetes
from leadline.k8s.kubectl import Cluster
from leadline.prometheus.client import Prometheus

from ..connection_options import context_option
from ..connections import Reach, cluster_of, given, picked, reached
from ..deadline import deadline, deadline_option
from ..options import catalog_option, without_python
from ..trust_option import trust_option


class Shipment(Protocol):
    """A plan that can be applied. `run` raises ConflictError, before anything is written, if something is refused."""

    plan: Plan

    def run(self, tell: Callable[[str], None]) -> None:
        """Apply the plan, and pass a line for each finished step to `tell`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where to deploy, and what is allowed there, from the command line."""

    to: str
    catalog_file: Path
    url: str | None
    context_name: str | None
    base: str
    rules_dir: Path | None
    push_options: PushOptions = field(default_factory=PushOptions)
    annotate: bool = False
    remember: bool = True
    python: bool = True

    @contextmanager
    def push(self) -> Iterator[Shipment]:
        """Compare what is generated with what is deployed. Only reads. A tunnel stays open while the block lasts."""
        catalog = self._catalog()
        files = self._generated(catalog)
        if self.to == "grafana":
            with self._grafana(catalog) as server:
                yield to_grafana.Push(
                    server, catalog.project, files, self.push_options, annotate=self.annotate
                )
        elif self.to == "files":
            folder = self._rules_dir()
            with self._reached("prometheus", catalog) as (endpoint, _):
                yield to_files.Push(catalog.project, files, folder, endpoint.url, _server(endpoint))
        else:
            cluster = self._cluster(catalog)
            yield to_kubernetes.Push(
                cluster,
                catalog.project,
                files,
                self._base,
                adopt=self.push_options.adopt,
                remember=self.remember,
            )

    @contextmanager
    def prune(self, project: str | None = None) -> Iterator[Shipment]:
        """Find what this project pushed and no longer generates, or all that another project pushed. Only reads."""
        catalog = self._catalog()
        files = self._generated(catalog)
        if project is not None and project != catalog.project:
            catalog, files = replace(catalog, project=project), {}
        if self.to == "grafana":
            with self._grafana(catalog) as server:
                yield to_grafana.Prune(server, catalog.project, files, overwrite=self.push_options.overwrite)
        elif self.to == "files":
            raise UsageError(
                "a push to files removes the rule files that are no longer generated; there is nothing to prune"
            )
        else:
            yield to_kubernetes.Prune(self._cluster(catalog), catalog.project, files, self._base)

    @contextmanager
    def rollback(self) -> Iterator[Shipment]:
        """Find what the last push replaced. Only reads."""
        catalog = loader.load(self.catalog_file)
        if self.to == "grafana":
            with self._grafana(catalog) as server:
                yield to_grafana.Rollback(server, catalog.project, overwrite=self.push_options.overwrite)
        elif self.to == "files":
            folder = self._rules_dir()
            with self._reached("prometheus", catalog) as (endpoint, _):
                yield to_files.Rollback(catalog.project, folder, endpoint.url, _server(endpoint))
        else:
            yield to_kubernetes.Rollback(self._cluster(catalog), catalog.project)

    @property
    def _base(self) -> str:
        return f"kubernetes/{self.base}"

    def _catalog(self) -> Catalog:
        return without_python(loader.load(self.catalog_file), self.python)

    def _generated(self, catalog: Catalog) -> dict[str, str]:
        """Build only the files for this destination."""
        from leadline.compose import generate

        if self.to == "grafana":
            return generate.dashboards_of(catalog)
        return generate.rules_of(catalog) if self.to == "files" else generate.base_of(catalog, self.base)

    def _rules_dir(self) -> Path:
        if self.rules_dir is None:
            raise UsageError(
                "--to files needs --rules-dir, a folder listed under rule_files in prometheus.yml"
            )
        return self.rules_dir

    def _cluster(self, catalog: Catalog) -> Cluster:
        """Return the cluster, with the one namespace for everything, records included: the context's or the catalog's."""
        context = cluster_of(catalog, self.context_name)
        named = {context.namespace, catalog.cluster.namespace} - {""}
        if len(named) > 1:
            raise UsageError(
                f"context '{context.name}' names the namespace {context.namespace}, and kubernetes.namespace of {catalog.file} is "
                f"{catalog.cluster.namespace}; write one of them"
            )
        cluster = Cluster(context=context.kube_context, namespace=next(iter(named), ""))
        return cluster if cluster.namespace else replace(cluster, namespace=cluster.default_namespace())

    @contextmanager
    def _grafana(self, catalog: Catalog) -> Iterator[Grafana]:
        with (
            self._reached("grafana", catalog) as (endpoint, revive),
            Grafana(endpoint, revive, deadline()) as server,
        ):
            yield server

    def _reached(self, what: str, catalog: Catalog) -> AbstractContextManager[Reach]:
        """Return the server: --url with credentials from the environment, or the context's."""
        if self.url:
            return given(what.upper(), self.url)
        return reached(what, *picked(catalog, self.context_name))


def _server(endpoint: Endpoint) -> to_files.Server:
    """Return a function that opens the Prometheus that evaluates the rules."""

    def opened() -> Prometheus:
        return Prometheus(endpoint, deadline=deadline())

    return opened


ABOUT_URL = (
    "The Grafana, or for files the Prometheus, at this URL; overrides the context. Credentials come from "
    "LEADLINE_GRAFANA_TOKEN, or LEADLINE_GRAFANA_USER and _PASSWORD; likewise LEADLINE_PROMETHEUS_…"
)
OPTIONS = (
    click.option(
        "--base",
        type=click.Choice(BASES),
        default=OPERATOR,
        show_default=True,
        help="For kubernetes: objects for the Prometheus Operator and Grafana's sidecar, or plain ConfigMaps.",
    ),
    click.option(
        "--rules-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="For files: a folder listed under rule_files in prometheus.yml.",
    ),
    context_option,
    trust_option,
    deadline_option,
    click.option("--url", help=ABOUT_URL),
    catalog_option,
    click.option(
        "--to", type=click.Choice(["grafana", "kubernetes", "files"]), required=True, help="Where to deploy."
    ),
)
OVERWRITE = click.option(
    "--overwrite", is_flag=True, help="For grafana: discard edits made in the browser since the last push."
)
ADOPT = click.option(
    "--adopt",
    is_flag=True,
    help="Take over objects that have our name but are not ours: for grafana a dashboard with our uid (one with our title is renamed), "
    "for kubernetes an object, whose other keys stay.",
)


def shipped(function: Callable[..., int]) -> Callable[..., int]:
    """Add the options of a destination, and pass them to the command as `destination`."""

    @wraps(function)
    def command(
        to: str,
        catalog_file: Path,
        url: str | None,
        context_name: str | None,
        base: str,
        rules_dir: Path | None,
        overwrite: bool = False,
        adopt: bool = False,
        annotate: bool = False,
        remember: bool = True,
        python: bool = True,
        **others: object,
    ) -> int:
        destination = Destination(
            to=to,
            catalog_file=catalog_file,
            url=url,
            context_name=context_name,
            base=base,
            rules_dir=rules_dir,
            push_options=PushOptions(overwrite=overwrite, adopt=adopt),
            annotate=annotate,
            remember=remember,
            python=python,
        )
        return function(destination=destination, **others)

    for option in OPTIONS:
        command = option(command)
    return command
