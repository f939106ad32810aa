"""`leadline context`: where the servers are, and whether they can be reached."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

import click
from click.core import ParameterSource

from leadline.base.errors import UsageError
from leadline.base.files import replaced
from leadline.base.printable import printable
from leadline.catalog.context_file import Known, added, known, use, user_file
from leadline.catalog.endpoints import Context, Endpoint
from leadline.catalog.trust import remember

from .completing import words
from .options import catalog_option
from .terminal import say
from .trust_option import trust_option

SIGNS = {True: "✓", False: "✗", None: "?"}
SERVERS = ("prometheus", "grafana", "alertmanager")


@click.group("context")
def command() -> None:
    """Manage contexts: where Prometheus, Grafana and Alertmanager are, and how to reach them.

    Contexts are in the catalog and in your own file ($XDG_CONFIG_HOME/leadline/config.yaml, by default ~/.config/…); if a name is
    in both, the catalog's wins. --context and LEADLINE_CONTEXT choose one for a single command.

    \b
    Examples:
      leadline context add staging --url https://prometheus.staging.example
      leadline context use staging
      leadline context check
    """


def _known(catalog_file: Path) -> Known:
    """Return the contexts of the catalog, if there is one, and the user's."""
    from leadline.catalog import loader

    if not catalog_file.is_file():
        return known((), "")
    catalog = loader.load(catalog_file)
    return known(catalog.contexts, catalog.file)


@command.command("list")
@catalog_option
def list_(catalog_file: Path) -> int:
    """List contexts: which is in use, the file each is in, and its Prometheus.

    \b
    Example:
      leadline context list
    """
    from leadline.base.text_table import table

    found = _known(catalog_file)
    if not found.contexts:
        click.echo(f"there are no contexts; add them to the catalog or {user_file()}")
        return 0
    used = found.pick(None)[0].name
    rows = [
        ("*" if name == used else "", name, _address(context.prometheus), file)
        for name, (context, file) in found.contexts.items()
    ]
    for line in table(("", "context", "prometheus", "from"), rows, indent=""):
        click.echo(printable(line))
    return 0


@command.command("add")
@click.argument("name")
@click.option("--url", help="URL of its Prometheus.")
@click.option(
    "--service", help="Its Prometheus as a Service in the cluster, NAME:PORT, reached through a tunnel."
)
@click.option("--grafana", help="URL of its Grafana.")
@click.option("--username", help="User name for its Prometheus; the password is in --password-file.")
@click.option("--password-file", help="File with the password.")
@click.option("--token-file", help="File with the token for its Prometheus.")
@click.option("--dry-run", is_flag=True, help="Show what would be added, and write nothing.")
def add_(name: str, dry_run: bool, grafana: str | None, **given: str | None) -> int:
    """Add a context to your own file, and show the difference. Secrets stay in their own files.

    \b
    Examples:
      leadline context add staging --url https://prometheus.staging.example
      leadline context add here --url http://127.0.0.1:9090
    """
    if (given["url"] is None) == (given["service"] is None):
        raise UsageError("give --url or --service, where its Prometheus is")
    prometheus = {KEYS[key]: value for key, value in given.items() if value is not None}
    servers = {"prometheus": prometheus, **({"grafana": {"url": grafana}} if grafana else {})}
    path, old, new = added(name, servers)
    difference = difflib.unified_diff(old.splitlines(), new.splitlines(), str(path), str(path), lineterm="")
    for line in difference:
        click.echo(printable(line))
    if not dry_run:
        path.parent.mkdir(parents=True, exist_ok=True)
        replaced(path, new)
        click.echo(f"added to {path}; next: leadline context check {name}", err=True)
    return 0


KEYS = {
    "url": "url",
    "service": "service",
    "username": "basic_auth.username",
    "password_file": "basic_auth.password_file",
    "token_file": "authorization.credentials_file",
}
"""The key of each option in a server's table."""


@command.command("use")
@click.argument("name", shell_complete=words.contexts)
@catalog_option
def use_(name: str, catalog_file: Path) -> int:
    """Use this context by default; the choice is kept in your own file.

    \b
    Example:
      leadline context use staging
    """
    _known(catalog_file).pick(name)
    click.echo(f"{name} is now the default context, set in {use(name)}")
    return 0


@command.command("show")
@click.argument("name", required=False, shell_complete=words.contexts)
@catalog_option
def show_(name: str | None, catalog_file: Path) -> int:
    """Show a context: its servers and where its secrets are kept, never the secrets.

    \b
    Example:
      leadline context show cluster
    """
    context, file = _known(catalog_file).pick(name)
    click.echo(f"{context.name} ({file})")
    for line in _described(context):
        click.echo(printable(f"  {line}"))
    return 0


@command.command("trust")
@click.argument("name", required=False, shell_complete=words.contexts)
@catalog_option
def trust_(name: str | None, catalog_file: Path) -> int:
    """Allow requests to this context's servers, with the secrets that the catalog names. Kept in your own file.

    The catalog in your working folder may not be yours. Until you run this, or pass --trust, no variable, file or Secret it names is
    sent, and completion makes no request. A different URL or secret needs your approval again.

    \b
    Example:
      leadline context trust cluster
    """
    context, file = _known(catalog_file).pick(name)
    for place, names in remember(context):
        say([f"{context.name} ({file}): {place} is sent {', '.join(names) or 'no secret'}"])
    return 0


@command.command("check")
@click.argument("name", required=False, shell_complete=words.contexts)
@trust_option
@catalog_option
@click.option(
    "--url",
    envvar="LEADLINE_URL",
    show_envvar=True,
    help="Check the Prometheus at this URL, without a context; credentials as for other commands.",
)
def check_(name: str | None, catalog_file: Path, url: str | None) -> int:
    """Check each step to its Prometheus: name, connection, TLS, credentials, API, clock, retention; show what failed and the remedy.

    Exits 3 if a step failed.

    \b
    Examples:
      leadline context check cluster
      leadline context check --url http://127.0.0.1:9090
    """
    from .connections import given, reached

    is_given = click.get_current_context().get_parameter_source("url") is ParameterSource.COMMANDLINE
    if url and name and is_given:
        raise UsageError("a context and --url exclude each other; give one")
    if url and not name:
        with given("PROMETHEUS", url) as (endpoint, _):
            return _probe(endpoint.url, endpoint)
    context, file = _known(catalog_file).pick(name)
    if context.prometheus is None:
        raise UsageError(f"context '{context.name}' of {file} names no prometheus")
    with reached("prometheus", context, file) as (endpoint, _):
        return _probe(f"{context.name}: {endpoint.url}", endpoint)


def _probe(title: str, endpoint: Endpoint) -> int:
    from leadline.prometheus.probe import probe

    say([title])
    failed = False
    for step in probe(endpoint):
        failed |= step.ok is False
        say(
            [
                f"{SIGNS[step.ok]} {step.name:11}{step.what}",
                *([f"             {step.remedy}"] if step.remedy else []),
            ]
        )
    return 3 if failed else 0


def _address(endpoint: Endpoint | None) -> str:
    if endpoint is None:
        return "–"
    return endpoint.url or f"Service {endpoint.service}"


def _described(context: Context) -> Iterator[str]:
    if context.kube_context or context.namespace:
        yield f"kubernetes    context {context.kube_context or 'in use'}, namespace {context.namespace or 'in use'}"
    for name in SERVERS:
        endpoint: Endpoint | None = getattr(context, name)
        if endpoint:
            yield f"{name:13} {_address(endpoint)}" + "".join(f", {each}" for each in _credentials(endpoint))


def _credentials(endpoint: Endpoint) -> Iterator[str]:
    if endpoint.username:
        yield f"as {endpoint.username}, password in {endpoint.password_file or endpoint.password_env or 'nothing'}"
    token_source = endpoint.credentials_file or endpoint.credentials_env or "/".join(endpoint.secret or ())
    if token_source:
        yield f"token in {token_source}"
    if endpoint.ca_file:
        yield f"authority {endpoint.ca_file}"
    if endpoint.cert_file:
        yield f"certificate {endpoint.cert_file}"
    if endpoint.proxy_url:
        yield "through a proxy"
    if endpoint.insecure:
        yield "certificate NOT verified"
    if endpoint.headers or endpoint.header_files:
        names = [name for name, _ in (*endpoint.headers, *endpoint.header_files)]
        yield f"headers {', '.join(names)}"
