"""Server addresses, and how to connect to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A server's address (a URL, or a Service in the cluster as name:port) and how to connect to it.

    Names follow Prometheus's http_config. Secrets are never stored here, only references: a file, a variable, or a Secret in
    the cluster.

    header_files  headers whose values are in files
    secret        (name, key) of a Secret in the cluster
    fetch         reads that Secret
    insecure      whether to skip certificate verification
    """

    url: str = ""
    service: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    username: str = ""
    password_file: str = ""
    password_env: str = ""
    credentials_file: str = ""
    credentials_env: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    insecure: bool = False
    proxy_url: str = ""
    header_files: tuple[tuple[str, str], ...] = ()
    secret: tuple[str, str] | None = None
    fetch: Callable[[], str] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The servers of one environment."""

    name: str
    prometheus: Endpoint | None = None
    grafana: Endpoint | None = None
    alertmanager: Endpoint | None = None
    kube_context: str = ""
    namespace: str = ""
