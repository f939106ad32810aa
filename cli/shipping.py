"""What `plan` and `push` share: where to push, and how a plan is shown."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.options import catalog_option, checked_url, context_of, context_option
from signals import reading
from signals.catalog import Catalog, Endpoint
from signals.errors import UsageError

if TYPE_CHECKING:
    from k8s.grafana import Plan

USER, PASSWORD, TOKEN = "LEADLINE_GRAFANA_USER", "LEADLINE_GRAFANA_PASSWORD", "LEADLINE_GRAFANA_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where to push, as the command line says it."""

    catalog_file: Path
    url: str | None
    context_name: str | None

    def load(self) -> Catalog:
        return reading.load(self.catalog_file)

    def endpoint(self, catalog: Catalog) -> Endpoint:
        """Give the Grafana: of --url with credentials from the environment, or of the context."""
        if self.url:
            return from_environment(checked_url(self.url))
        context = context_of(catalog, self.context_name)
        if context.grafana is None or not context.grafana.url:
            raise UsageError(
                f"context '{context.name}' of {catalog.file} names no URL of a grafana; give --url"
            )
        return context.grafana


def from_environment(url: str) -> Endpoint:
    """Give the endpoint of a URL, with the credentials that the environment holds."""
    if os.environ.get(TOKEN):
        return Endpoint(url=url, credentials_env=TOKEN)
    if os.environ.get(USER):
        return Endpoint(url=url, username=os.environ[USER], password_env=PASSWORD)
    return Endpoint(url=url)


def shipped(function: Callable[..., int]) -> Callable[..., int]:
    """Add --to, --catalog, --url and --context, given to the command as one `destination`."""

    @wraps(function)
    def command(
        to: str, catalog_file: Path, url: str | None, context_name: str | None, **others: object
    ) -> int:
        del to  # one choice so far; required, so that adding others changes no command line
        return function(
            destination=Destination(catalog_file=catalog_file, url=url, context_name=context_name), **others
        )

    about = f"The Grafana at this URL; overrides the context. Credentials: {TOKEN}, or {USER} and {PASSWORD}."
    for option in (
        context_option,
        click.option("--url", help=about),
        catalog_option,
        click.option("--to", type=click.Choice(["grafana"]), required=True, help="Where to."),
    ):
        command = option(command)
    return command


def show(planned: Plan) -> None:
    """Print a plan, a line a dashboard; remarks go to stderr."""
    for remark in planned.remarks:
        click.echo(f"remark: {remark}", err=True)
    if planned.folder is None and planned.changes:
        click.echo(f"create     folder {planned.project}")
    for step in planned.steps:
        why = f": {step.why}" if step.why else ""
        click.echo(f"{step.action:9}  {step.title} ({step.dashboard['uid']}){why}")
