"""The output of `leadline demo --chaos`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from leadline.base.errors import ToolFailedError

from . import table
from .faults import FAULTS
from .run import PACE, RESULT, finished


def tell_all(out: Path, keep: Callable[[dict[str, str]], None] | None) -> int:
    """Run, print events as they happen, and return the exit code. Raise ToolFailedError if something is missing.

    keep  called with the servers' URLs; returns when they may be stopped
    """
    click.echo(f"The generated rules, {PACE} times as fast: an hour of an alert is a minute here")
    for fault in FAULTS:
        click.echo(f"  {fault.name.ljust(table.FIRST)}{fault.says}, until {fault.alert} is delivered")
    click.echo("starting the service, its load, Prometheus and Alertmanager", err=True)
    with finished(out, lambda text: click.echo(text, nl=False)) as done:
        click.echo()
        if done.early:
            click.echo(f"Delivered before any fault, Prometheus having just begun: {', '.join(done.early)}\n")
        for line in table.held_back(done.held):
            click.echo(line)
        click.echo(f"written to {out}: {RESULT}, alertmanager.yml, generated/")
        if keep:
            keep(done.urls)
        if done.missing:
            raise ToolFailedError("\n".join(done.missing))
    return 0
