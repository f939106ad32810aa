"""`leadline snapshot`: a load-test summary from live metrics."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from leadline.base.errors import UsageError
from leadline.reports.model import MISSED, UNDECIDED, Report

from .completing import words
from .connection_options import connected
from .connections import Connection
from .rendering import FORMATS, load, save, show, targets, to_github, written

SECTIONS = (
    "head", "next-steps", "highlights", "summary", "targets", "results", "comparison", "cost", "headroom", "in-place",
    "snippets", "objectives", "client", "breakdown", "against", "evidence", "remember", "window", "provenance", "live",
)  # fmt: skip
"""The keys of reports.sections.TITLES, which --help does not import."""


@click.command("snapshot")
@click.argument("names", metavar="[SERVICE]...", nargs=-1, shell_complete=words.services)
@connected
@click.option(
    "--window", "length", metavar="DURATION", help="Length of the window, for example 15m (the default)."
)
@click.option(
    "--start",
    metavar="TIME",
    help="Start of the window: 2026-11-24T12:00:00Z, seconds since the epoch, or -1h.",
)
@click.option("--end", metavar="TIME", help="End of the window; by default now, less two scrape intervals.")
@click.option(
    "--detect",
    metavar="DURATION",
    is_flag=False,
    flag_value="6h",
    help="Find the last load run within this time, by default 6h; rates are over its steady state.",
)
@click.option(
    "--k6",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Summary of a k6 run: sets the window, compares its figures with the server's, includes its thresholds.",
)
@click.option(
    "--against", type=click.Path(path_type=Path, dir_okay=False), help="Compare with this report.json."
)
@click.option(
    "--against-offset", metavar="DURATION", help="Compare with the same window this long ago, for example 1w."
)
@click.option("--fail-on-regression", is_flag=True, help="Exit 1 if a figure got worse.")
@click.option(
    "--monthly-requests",
    type=click.FloatRange(min=0),
    help="Project the cost of a month with this many requests.",
)
@click.option(
    "--freeze",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Save all answers in this file.",
)
@click.option(
    "--from",
    "recording",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Judge and render a frozen snapshot again, without Prometheus; --catalog judges it by another catalog.",
)
@click.option(
    "--unverified", is_flag=True, help="Accept a frozen snapshot that was changed since it was recorded."
)
@click.option(
    "--undecided",
    type=click.Choice(["fail", "warn", "pass"]),
    default="fail",
    show_default=True,
    help="On an undecided target or no data: exit 4, warn on stderr, or do nothing.",
)
@click.option("-o", "--output", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--out",
    "outs",
    metavar="FORMAT=PATH",
    multiple=True,
    help="Also write a file; repeatable.",
)
@click.option(
    "--section",
    "only",
    type=click.Choice(SECTIONS),
    metavar="NAME",
    multiple=True,
    help=f"Only this section of text or Markdown; repeatable. One of: {', '.join(SECTIONS)}.",
)
@click.option(
    "--provenance", is_flag=True, help="Add where each figure comes from: query, samples, resets, warnings."
)
@click.option(
    "--annotate",
    "grafana_url",
    metavar="[URL]",
    is_flag=False,
    flag_value="",
    help="Annotate the window and its verdicts in the context's Grafana, or with =URL in another.",
)
@click.option("--github", is_flag=True, help="Append Markdown to the summary of the GitHub Actions step.")
@click.pass_context
def command(
    ctx: click.Context,
    connection: Connection,
    names: tuple[str, ...],
    length: str | None,
    start: str | None,
    end: str | None,
    detect: str | None,
    k6: Path | None,
    against: Path | None,
    against_offset: str | None,
    fail_on_regression: bool,
    monthly_requests: float | None,
    freeze: Path | None,
    recording: Path | None,
    unverified: bool,
    undecided: str,
    output: str,
    outs: tuple[str, ...],
    only: tuple[str, ...],
    provenance: bool,
    grafana_url: str | None,
    github: bool,
) -> int:
    """Measure services over a window and judge them by the catalog.

    Figures are counted from raw samples, with strict bounds. A verdict is met (✓), missed (✗) or undecided (?), with
    what would decide it. If something could not be measured, the report says why.

    \b
    Examples:
      leadline snapshot --window 15m
      leadline snapshot orchestrator --start -2h --end -1h -o markdown
      leadline snapshot --k6 summary.json --out html=report.html
      leadline snapshot --detect --against last-week.json --fail-on-regression
    """
    from leadline.reports.request import Wanted, check_alone

    from .measuring.capture import replayed, taken

    files = targets(outs)
    wanted = Wanted(
        names=names,
        length=length,
        start=start,
        end=end,
        detect=detect,
        k6=k6,
        monthly_requests=monthly_requests,
        against_offset=against_offset,
        draw="html" in (output, *files),
    )
    if against and against_offset:
        raise UsageError("--against and --against-offset exclude each other; give one")
    if recording:
        check_alone(wanted, freeze)
        own = ctx.get_parameter_source("catalog_file") == click.core.ParameterSource.COMMANDLINE
        report = replayed(
            recording, connection.load() if own else None, draw=wanted.draw, verify=not unverified
        )
    else:
        report = taken(connection, wanted, freeze)
    if against:
        from leadline.reports import changes, document

        report = changes.compared(report, document.read(load(against), str(against)), str(against))
    sections = (*only, *(("provenance",) if provenance else ())) if only else None
    for kind, path in files.items():
        save(path, written(report, kind, only=sections, provenance=provenance))
    if github:
        to_github(report)
    if grafana_url is not None:
        from .annotating import annotate

        annotate(report, connection, connection.load(), grafana_url)
    text = written(report, output, only=sections, provenance=provenance)
    show(text) if output == "text" else click.echo(text, nl=False)
    return (
        _with_regressions(report, code(report, undecided)) if fail_on_regression else code(report, undecided)
    )


def code(report: Report, undecided: str = "fail") -> int:
    """Return the exit code of a report: 1 if a target is missed, 4 if one is undecided or nothing was measured."""
    if MISSED in report.verdicts:
        return 1
    if report.has_data and UNDECIDED not in report.verdicts:
        return 0
    if undecided == "warn":
        what = "a target is undecided" if report.has_data else "nothing was measured"
        print(f"leadline: {what}", file=sys.stderr)
    return 4 if undecided == "fail" else 0


def _with_regressions(report: Report, otherwise: int) -> int:
    from leadline.reports.changes import regressions

    worse = regressions(report)
    if worse:
        click.echo(f"leadline: worse than before: {', '.join(worse)}", err=True)
    return 1 if worse else otherwise
