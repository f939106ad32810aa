"""The time limit of a whole command, shared by all of its connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from leadline.base.http import Deadline

SECONDS, RUNNING = "leadline.deadline.seconds", "leadline.deadline"


def _keep(ctx: click.Context, _: click.Parameter, seconds: float) -> None:
    ctx.meta[SECONDS] = seconds


deadline_option = click.option(
    "--deadline",
    type=click.FloatRange(min=0),
    default=300.0,
    show_default=True,
    expose_value=False,
    callback=_keep,
    help="Maximum seconds for the whole command; 0 for no limit.",
)


def deadline() -> Deadline:
    """Return the running command's deadline, shared by its connections; it starts with the first."""
    from leadline.base.http import Deadline

    ctx = click.get_current_context(silent=True)
    if ctx is None:
        return Deadline()
    found: Deadline = ctx.meta.setdefault(RUNNING, Deadline(ctx.meta.get(SECONDS) or None))
    return found


def lift() -> None:
    """Remove the running command's limit, for one that runs until interrupted."""
    click.get_current_context().meta[SECONDS] = 0
