"""Where servers are, and how they are spoken to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a server is (a URL, or a Service in the cluster as name:port) and how it is spoken to.

    The names are those of Prometheus's own http_config. Secrets are never here, only where they are kept: in a file, in a
    variable, in a Secret of the cluster (its name and key), of which `fetch` is then what reads it.

    header_files  headers whose values are kept in files
    insecure      whether its certificate is not verified
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
    """Where to ask and where to push."""

    name: str
    prometheus: Endpoint | None = None
    grafana: Endpoint | None = None
    alertmanager: Endpoint | None = None
    kube_context: str = ""
    namespace: str = ""
