"""The server that the command line names, through a tunnel if needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.base.errors import UsageError
from leadline.catalog.endpoints import Context, Endpoint
from leadline.catalog.trust import is_trusted, require

from .deadline import deadline
from .trust_option import is_granted

if TYPE_CHECKING:
    from leadline.catalog.model import Catalog
    from leadline.k8s.tunnel import Tunnel
    from leadline.prometheus.client import Prometheus

Reach = tuple[Endpoint, Callable[[], None] | None]
"""A server with its URL and, for a tunnel, a function that waits until a broken tunnel is open again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The Prometheus to query, as given on the command line."""

    catalog_file: Path
    url: str | None
    context_name: str | None
    timeout: float

    def load(self) -> Catalog:
        from leadline.catalog import loader

        return loader.load(self.catalog_file)

    def _picked(self, catalog: Catalog | None) -> tuple[Context, str]:
        """Return the context to query; without a catalog, one of the user's own."""
        from leadline.catalog.context_file import known

        if catalog is None and not self.catalog_file.is_file():
            return known((), "").pick(self.context_name)
        return picked(catalog or self.load(), self.context_name)

    def context(self, catalog: Catalog) -> Context:
        """Return the context to query when no URL is given."""
        return context_of(catalog, self.context_name)

    def is_trusted(self) -> bool:
        """Return whether the server may be contacted: it is on the command line, the user's own, or trusted."""
        from leadline.catalog.context_file import user_file

        if self.url:
            return True
        context, file = self._picked(None)
        endpoint = context.prometheus
        return endpoint is not None and (file == str(user_file()) or is_trusted(context, endpoint))

    def needs_tunnel(self) -> bool:
        """Return whether the server is reached through a tunnel into a cluster."""
        if self.url:
            return False
        endpoint = self._picked(None)[0].prometheus
        return endpoint is not None and not endpoint.url

    @contextmanager
    def open(self, catalog: Catalog | None = None) -> Iterator[Prometheus]:
        """Open the Prometheus; read the catalog only if no URL is given.

        A context that names a Service in the cluster gets a tunnel while the block lasts.
        """
        from leadline.prometheus.client import Prometheus

        if self.url:
            reach = given("PROMETHEUS", self.url)
        else:
            context, file = self._picked(catalog)
            reach = reached("prometheus", context, file)
        with (
            reach as (endpoint, revive),
            Prometheus(
                endpoint,
                timeout_seconds=self.timeout,
                deadline=deadline(),
                revive=revive,
            ) as client,
        ):
            yield client


@contextmanager
def given(what: str, url: str, option: str = "--url") -> Iterator[Reach]:
    """Yield the server at a URL from the command line."""
    from leadline.prometheus.credentials import from_environment

    yield from_environment(checked_url(url, option), what), None


@contextmanager
def reached(what: str, context: Context, file: str) -> Iterator[Reach]:
    """Yield a server of a context (`grafana`, `prometheus`, `alertmanager`) with a URL, while the block lasts.

    Raises UsageError if the context does not name it, or sends secrets that the user has not approved, and what `Tunnel`
    raises.
    """
    endpoint: Endpoint | None = getattr(context, what)
    if endpoint is None:
        raise UsageError(
            f"context '{context.name}' of {file} names no {what}; add {what}: {{url: …}} or {{service: name:port}}, "
            "or give --url"
        )
    require(context, endpoint, file, granted=is_granted())
    if endpoint.secret:
        endpoint = replace(endpoint, fetch=_fetching(context, *endpoint.secret))
    if endpoint.url:
        yield endpoint, None
        return
    with tunnel_to(context, endpoint.service, None) as tunnel:
        yield replace(endpoint, url=tunnel.url), tunnel.revive


def _fetching(context: Context, name: str, key: str) -> Callable[[], str]:
    from leadline.k8s.kubectl import Cluster

    return lambda: Cluster(context=context.kube_context, namespace=context.namespace).secret(name, key)


def tunnel_to(context: Context, service: str, port: int | None) -> Tunnel:
    """Return a tunnel to a Service (name:port) in a context's cluster. It reports its state on stderr."""
    from leadline.k8s.tunnel import Route, Tunnel, local_port

    name, _, remote = service.rpartition(":")
    route = Route(service=name, port=int(remote), context=context.kube_context, namespace=context.namespace)
    return Tunnel(route, local_port(port, route.port), lambda text: click.echo(f"leadline: {text}", err=True))


def checked_url(text: str, option: str = "--url") -> str:
    if not text.startswith(("http://", "https://")) or not text.split("://", 1)[1]:
        raise UsageError(f"{option} {text!r} is not a URL; write for example http://127.0.0.1:9090")
    if "@" in text.split("://", 1)[1].split("/", 1)[0]:
        raise UsageError(
            f"{option} must not carry a password; describe the server as a context, with basic_auth"
        )
    return text.rstrip("/")


def picked(catalog: Catalog, name: str | None) -> tuple[Context, str]:
    """Return a context of the catalog or the user, by name, else the one in use; and its file."""
    from leadline.catalog.context_file import known

    return known(catalog.contexts, catalog.file).pick(name)


def context_of(catalog: Catalog, name: str | None) -> Context:
    return picked(catalog, name)[0]


def cluster_of(catalog: Catalog, name: str | None) -> Context:
    """Return the context of the cluster; if none is named and the catalog has none, kubectl's current one."""
    if name is None and not catalog.contexts:
        return Context(name="kubectl's")
    return context_of(catalog, name)
