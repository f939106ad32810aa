"""Options that several commands share, and what they lead to."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from signals.catalog import DEFAULT_FILE, Catalog, Context, Endpoint, Service
from signals.errors import UsageError

if TYPE_CHECKING:
    from k8s.tunnel import Tunnel
    from live.client import Prometheus

T = TypeVar("T")

catalog_option = click.option(
    "-c",
    "--catalog",
    "catalog_file",
    type=click.Path(path_type=Path),
    default=DEFAULT_FILE,
    envvar="LEADLINE_CATALOG",
    show_default=True,
    show_envvar=True,
    help="The catalog file.",
)

_url_option = click.option(
    "--url",
    help="Ask the Prometheus at this URL; overrides the context. Credentials: LEADLINE_PROMETHEUS_TOKEN, or _USER and _PASSWORD.",
)
context_option = click.option(
    "--context",
    "context_name",
    envvar="LEADLINE_CONTEXT",
    show_envvar=True,
    help="This context of the catalog; its first one by default.",
)
_timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=30.0,
    show_default=True,
    help="Seconds that one query may take.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where to ask, as the command line says it."""

    catalog_file: Path
    url: str | None
    context_name: str | None
    timeout: float

    def load(self) -> Catalog:
        from signals import reading

        return reading.load(self.catalog_file)

    @contextmanager
    def open(self, catalog: Catalog | None = None) -> Iterator[Prometheus]:
        """Open the Prometheus that was asked for; the catalog is read only where no URL is given.

        A context that names a Service in the cluster gets a tunnel for as long as the block lasts.
        """
        from live.client import Prometheus

        if self.url:
            with Prometheus(
                from_environment(checked_url(self.url), "PROMETHEUS"), timeout_seconds=self.timeout
            ) as client:
                yield client
            return
        context, endpoint = _prometheus_of(catalog or self.load(), self.context_name)
        if endpoint.url:
            with Prometheus(endpoint, timeout_seconds=self.timeout) as client:
                yield client
            return
        with (
            tunnel_to(context, endpoint.service, None) as tunnel,
            Prometheus(
                replace(endpoint, url=tunnel.url), timeout_seconds=self.timeout, revive=tunnel.revive
            ) as client,
        ):
            yield client


def tunnel_to(context: Context, service: str, port: int | None) -> Tunnel:
    """Give a tunnel to a Service (name:port) of a context's cluster; what happens to it is told on stderr."""
    from k8s.tunnel import Route, Tunnel, local_port

    name, _, remote = service.rpartition(":")
    route = Route(service=name, port=int(remote), context=context.kube_context, namespace=context.namespace)
    return Tunnel(route, local_port(port, route.port), lambda text: click.echo(f"leadline: {text}", err=True))


def connected(function: Callable[..., int]) -> Callable[..., int]:
    """Add --catalog, --url, --context and --timeout, given to the command as one `connection`."""

    @wraps(function)
    def command(
        catalog_file: Path, url: str | None, context_name: str | None, timeout: float, **others: object
    ) -> int:
        connection = Connection(
            catalog_file=catalog_file, url=url, context_name=context_name, timeout=timeout
        )
        return function(connection=connection, **others)

    for option in (_timeout, context_option, _url_option, catalog_option):
        command = option(command)
    return command


def from_environment(url: str, what: str) -> Endpoint:
    """Give the endpoint of a URL; its credentials are in LEADLINE_<what>_TOKEN, or _USER and _PASSWORD."""
    token, user, password = (f"LEADLINE_{what}_{name}" for name in ("TOKEN", "USER", "PASSWORD"))
    if os.environ.get(token):
        return Endpoint(url=url, credentials_env=token)
    if os.environ.get(user):
        return Endpoint(url=url, username=os.environ[user], password_env=password)
    return Endpoint(url=url)


def checked_url(text: str) -> str:
    if not text.startswith(("http://", "https://")) or not text.split("://", 1)[1]:
        raise UsageError(f"--url {text!r} is not a URL; it starts with http:// or https://")
    if "@" in text.split("://", 1)[1].split("/", 1)[0]:
        raise UsageError("--url must not carry a password; describe the server as a context, with basic_auth")
    return text.rstrip("/")


def _prometheus_of(catalog: Catalog, name: str | None) -> tuple[Context, Endpoint]:
    context = context_of(catalog, name)
    if context.prometheus is None:
        raise UsageError(f"context '{context.name}' of {catalog.file} names no prometheus")
    return context, context.prometheus


def context_of(catalog: Catalog, name: str | None) -> Context:
    if not catalog.contexts:
        raise UsageError(f"{catalog.file} names no contexts, so where Prometheus is must be said with --url")
    if name is None:
        return catalog.contexts[0]
    return chosen(name, {context.name: context for context in catalog.contexts}, "context", catalog.file)


def services(catalog: Catalog, names: Iterable[str]) -> tuple[Service, ...]:
    """Give the services named, or all."""
    known = {service.name: service for service in catalog.services}
    picked = dict.fromkeys(names)
    return tuple(chosen(name, known, "service", catalog.file) for name in picked) or catalog.services


def chosen(name: str, known: dict[str, T], kind: str, file: str) -> T:
    """Look a name up; an unknown one is told with its nearest neighbour."""
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
    raise UsageError(f"{file} has no {kind} {name!r}; {hint}")


def warn_of_shared_folders() -> None:
    """Say so where another distribution installed into one of our top-level folders: imports would mix."""
    from importlib.metadata import packages_distributions

    found = packages_distributions()
    for folder in ("signals", "live", "dashboards", "alerts", "reports", "k8s", "cli"):
        others = sorted(set(found.get(folder, [])) - {"leadline"})
        if others:
            click.echo(
                f"leadline: {', '.join(others)} also installs a package '{folder}', and the two may mix; "
                "install leadline in an environment of its own (pipx, uv tool)",
                err=True,
            )
