"""The option --trust: send the secrets that a catalog names, for one command."""

from __future__ import annotations

import click

META = "leadline.trust"


def _keep(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    ctx.meta[META] = value


trust_option = click.option(
    "--trust",
    is_flag=True,
    envvar="LEADLINE_TRUST",
    show_envvar=True,
    expose_value=False,
    callback=_keep,
    help="Send the secrets that the catalog names to the servers that it names, for this command, as in CI.",
)


def is_granted() -> bool:
    """Return whether the running command has --trust."""
    ctx = click.get_current_context(silent=True)
    return bool(ctx and ctx.meta.get(META))
