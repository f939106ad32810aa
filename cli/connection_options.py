"""Options of commands that query a Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path

import click
from click.core import ParameterSource

from .completing import words
from .connections import Connection
from .deadline import deadline_option
from .options import catalog_option
from .trust_option import trust_option

_url_option = click.option(
    "--url",
    envvar="LEADLINE_URL",
    show_envvar=True,
    help="Query the Prometheus at this URL; overrides the context. Credentials: LEADLINE_PROMETHEUS_TOKEN, or _USER and _PASSWORD; CA: _CA_FILE.",
)
context_option = click.option(
    "--context",
    "context_name",
    envvar="LEADLINE_CONTEXT",
    show_envvar=True,
    shell_complete=words.contexts,
    help="The context to use; by default the one in use, else the first.",
)
_timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=30.0,
    show_default=True,
    help="Maximum seconds per query.",
)


def _is_overruled() -> bool:
    """Return whether --context on the command line overrides a URL from the environment."""
    source = click.get_current_context().get_parameter_source
    return (
        source("context_name") is ParameterSource.COMMANDLINE and source("url") is ParameterSource.ENVIRONMENT
    )


def connected(function: Callable[..., int]) -> Callable[..., int]:
    """Add --catalog, --url, --context, --timeout, --deadline and --trust; pass them to the command as `connection`."""

    @wraps(function)
    def command(
        catalog_file: Path,
        url: str | None,
        context_name: str | None,
        timeout: float,
        **others: object,
    ) -> int:
        connection = Connection(
            catalog_file=catalog_file,
            url=None if _is_overruled() else url,
            context_name=context_name,
            timeout=timeout,
        )
        return function(connection=connection, **others)

    for option in (trust_option, deadline_option, _timeout, context_option, _url_option, catalog_option):
        command = option(command)
    return command
