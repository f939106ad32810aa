"""`leadline snapshot`: the load-test summary, from live metrics."""

from __future__ import annotations

import sys
import time

import click

from cli.connections import Connection, connected
from cli.options import services, warn_of_shared_folders
from reports.model import MISSED, UNDECIDED, Report


@click.command("snapshot")
@click.argument("names", metavar="[SERVICE]...", nargs=-1)
@connected
@click.option(
    "--window", "length", metavar="DURATION", help="How long a window, for example 15m (the default)."
)
@click.option(
    "--start", metavar="TIME", help="Its start: 2026-11-24T12:00:00Z, seconds since the epoch, or -1h."
)
@click.option("--end", metavar="TIME", help="Its end; by default now, less two scrape intervals.")
@click.option(
    "--undecided",
    type=click.Choice(["fail", "warn", "pass"]),
    default="fail",
    show_default=True,
    help="What an undecided target, or no data, does: exit 4, say so on stderr, or nothing.",
)
@click.option(
    "-o", "--output", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)
def command(
    connection: Connection,
    names: tuple[str, ...],
    length: str | None,
    start: str | None,
    end: str | None,
    undecided: str,
    output: str,
) -> int:
    r"""Measure services over a window and judge them by the catalog.

    Figures are counted from raw samples, with bounds that are certain; a verdict is met (✓), missed (✗) or
    undecided (?), and then says what would decide it. What was not measured is said, never made up.

    \b
    Examples:
      leadline snapshot --window 15m
      leadline snapshot orchestrator --start 2026-11-24T12:00:00Z --end 2026-11-24T12:10:00Z -o markdown
    """
    from cli.windows import window
    from reports import snapshot

    warn_of_shared_folders()
    catalog = connection.load()
    chosen = services(catalog, names)
    span = window(length, start, end, now=time.time(), scrape_interval=float(catalog.scrape_interval))
    with connection.open(catalog) as prometheus:
        source = f"{prometheus.url}, Prometheus {prometheus.build().get('version', 'of unknown version')}"
        report = snapshot.take(catalog, chosen, span, prometheus.ask, source)
    click.echo(written(report, output), nl=False)
    return code(report, undecided)


def written(report: Report, output: str) -> str:
    """Write a report in one of the formats; text is coloured where it goes to a terminal."""
    from reports import document, markdown, text

    if output == "json":
        return document.write(report)
    return markdown.write(report) if output == "markdown" else text.write(report)


def code(report: Report, undecided: str = "fail") -> int:
    """Give the exit code of a report: 1 where a target is missed, 4 where one is undecided or nothing was measured."""
    if MISSED in report.verdicts:
        return 1
    if report.has_data and UNDECIDED not in report.verdicts:
        return 0
    if undecided == "warn":
        what = "a target is undecided" if report.has_data else "nothing was measured"
        print(f"leadline: {what}", file=sys.stderr)
    return 4 if undecided == "fail" else 0
