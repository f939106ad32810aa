"""`leadline compare`: two snapshots, side by side."""

from __future__ import annotations

from pathlib import Path

import click

from .rendering import load, show
from .terminal import columns

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("compare")
@click.argument("before", type=FILE)
@click.argument("now", type=FILE)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="Ignore relative changes below this.",
)
@click.option("--fail-on-regression", is_flag=True, help="Exit 1 if a figure got worse.")
@click.option(
    "-o", "--output", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)
def command(before: Path, now: Path, tolerance: float, fail_on_regression: bool, output: str) -> int:
    """Show what got better (▲), got worse (▼) or stayed the same (=) between two reports of `leadline snapshot -o json`.

    Quantiles are compared by the counted share of requests within a bucket edge: two proportions that differ beyond
    noise. Totals are compared by their bounds.

    \b
    Example:
      leadline compare last-week.json report.json --fail-on-regression
    """
    from leadline.reports import changes, document, markdown, text

    earlier = document.read(load(before), str(before))
    report = changes.compared(document.read(load(now), str(now)), earlier, str(before), tolerance)
    only = ("head", "against")
    if output == "json":
        click.echo(document.write(report), nl=False)
    elif output == "markdown":
        click.echo(markdown.write(report, only=only), nl=False)
    else:
        show(text.write(report, columns=columns(), only=only))
    worse = changes.regressions(report)
    if worse and fail_on_regression:
        click.echo(f"leadline: worse than before: {', '.join(worse)}", err=True)
    return 1 if worse and fail_on_regression else 0
