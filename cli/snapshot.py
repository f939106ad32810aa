"""`leadline snapshot`: the load-test summary, from live metrics."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.completing import words
from cli.connections import Connection, connected
from cli.options import services, warn_of_shared_folders
from cli.rendering import FORMATS, load, save, show, targets, to_github, written
from reports.model import MISSED, UNDECIDED, Report
from signals.errors import UsageError

if TYPE_CHECKING:
    from live.client import Prometheus
    from reports.client import Run
    from reports.frozen import Frozen
    from reports.window import Window
    from signals.catalog import Catalog, Service
    from signals.samples import Answer, Ask

SECTIONS = (
    "head", "summary", "targets", "results", "breakdown", "client", "comparison", "against", "cost", "headroom",
    "in-place", "next-steps", "highlights", "evidence", "remember", "live", "provenance",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be measured, as the command line says it."""

    names: tuple[str, ...]
    length: str | None
    start: str | None
    end: str | None
    detect: str | None
    k6: Path | None
    monthly_requests: float | None
    against_offset: str | None
    draw: bool


@click.command("snapshot")
@click.argument("names", metavar="[SERVICE]...", nargs=-1, shell_complete=words.services)
@connected
@click.option(
    "--window", "length", metavar="DURATION", help="How long a window, for example 15m (the default)."
)
@click.option(
    "--start", metavar="TIME", help="Its start: 2026-11-24T12:00:00Z, seconds since the epoch, or -1h."
)
@click.option("--end", metavar="TIME", help="Its end; by default now, less two scrape intervals.")
@click.option(
    "--detect",
    metavar="DURATION",
    is_flag=False,
    flag_value="6h",
    help="Find the last load run in this time, by default 6h; rates are over its steady state.",
)
@click.option(
    "--k6",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The summary of a k6 run: its window, its figures beside the server's, its thresholds.",
)
@click.option(
    "--against", type=click.Path(path_type=Path, dir_okay=False), help="Compare with this report.json."
)
@click.option(
    "--against-offset", metavar="DURATION", help="Compare with the same window so long ago, for example 1w."
)
@click.option("--fail-on-regression", is_flag=True, help="Exit 1 where a figure became worse.")
@click.option(
    "--monthly-requests", type=click.FloatRange(min=0), help="Project the month's cost for so many requests."
)
@click.option(
    "--freeze",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep all that was answered in this file.",
)
@click.option(
    "--from",
    "frozen_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Judge and render a frozen snapshot again, without Prometheus; with --catalog by another catalog.",
)
@click.option(
    "--undecided",
    type=click.Choice(["fail", "warn", "pass"]),
    default="fail",
    show_default=True,
    help="What an undecided target, or no data, does: exit 4, say so on stderr, or nothing.",
)
@click.option("-o", "--output", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--out",
    "outs",
    metavar="FORMAT=PATH",
    multiple=True,
    help="Write a file too; may be given several times.",
)
@click.option(
    "--section",
    "only",
    type=click.Choice(SECTIONS),
    multiple=True,
    help="Only this part of text or Markdown.",
)
@click.option(
    "--provenance", is_flag=True, help="Add where each figure comes from: query, samples, resets, warnings."
)
@click.option(
    "--annotate",
    "marks",
    metavar="[URL]",
    is_flag=False,
    flag_value="",
    help="Mark the window and its verdicts in Grafana: the context's, or with =URL another.",
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
    frozen_file: Path | None,
    undecided: str,
    output: str,
    outs: tuple[str, ...],
    only: tuple[str, ...],
    provenance: bool,
    marks: str | None,
    github: bool,
) -> int:
    """Measure services over a window and judge them by the catalog.

    Figures are counted from raw samples, with bounds that are certain; a verdict is met (✓), missed (✗) or
    undecided (?), and then says what would decide it. What was not measured is said, never made up.

    \b
    Examples:
      leadline snapshot --window 15m
      leadline snapshot orchestrator --start 2026-11-24T12:00:00Z --end 2026-11-24T12:10:00Z -o markdown
      leadline snapshot --k6 summary.json --out html=report.html --out json=report.json
      leadline snapshot --detect --against last-week.json --fail-on-regression
    """
    warn_of_shared_folders()
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
        raise UsageError("--against and --against-offset say two things; give one")
    if frozen_file:
        _check_alone(wanted, freeze)
        own = ctx.get_parameter_source("catalog_file") == click.core.ParameterSource.COMMANDLINE
        report = _thawed(frozen_file, connection.load() if own else None, draw=wanted.draw)
    else:
        report = _taken(connection, wanted, freeze)
    if against:
        from reports import changes, document

        report = changes.compared(report, document.read(load(against), str(against)), str(against))
    sections = (*only, *(("provenance",) if provenance else ())) if only else None
    for kind, path in files.items():
        save(path, written(report, kind, only=sections, provenance=provenance))
    if github:
        to_github(report)
    if marks is not None:
        from cli.annotating import annotate

        annotate(report, connection, connection.load(), marks)
    text = written(report, output, only=sections, provenance=provenance)
    show(text) if output == "text" else click.echo(text, nl=False)
    return (
        _with_regressions(report, code(report, undecided)) if fail_on_regression else code(report, undecided)
    )


def _check_alone(wanted: Wanted, freeze: Path | None) -> None:
    given = [
        option
        for option, value in (
            ("SERVICE", wanted.names), ("--window", wanted.length), ("--start", wanted.start), ("--end", wanted.end),
            ("--detect", wanted.detect), ("--k6", wanted.k6), ("--monthly-requests", wanted.monthly_requests),
            ("--against-offset", wanted.against_offset), ("--freeze", freeze),
        )
        if value
    ]  # fmt: skip
    if given:
        raise UsageError(f"a frozen snapshot is of its own services and window; leave out {', '.join(given)}")


def _taken(connection: Connection, wanted: Wanted, freeze: Path | None) -> Report:
    """Measure, and keep what was answered where that is asked for."""
    from reports.frozen import Frozen, Recorder
    from reports.frozen import write as frozen_text

    catalog = connection.load()
    chosen = services(catalog, wanted.names)
    k6_text = load(wanted.k6) if wanted.k6 else ""
    with connection.open(catalog) as prometheus, _progress(prometheus.ask) as ask:
        recorder = Recorder(ask)
        window = _window(catalog, chosen, wanted, k6_text, recorder.ask)
        frozen = Frozen(
            catalog=load(connection.catalog_file),
            file=catalog.file,
            sources=catalog.sources,
            services=tuple(service.name for service in chosen),
            window=window,
            source=_source(connection, catalog, prometheus),
            settings={
                "monthly_requests": wanted.monthly_requests,
                "k6": k6_text,
                "k6_file": str(wanted.k6 or ""),
                "against_offset": wanted.against_offset,
                "again": list(_again(connection, catalog, wanted, window)),
            },
        )
        report = _measured(frozen, catalog, chosen, recorder.ask, draw=wanted.draw, whole=bool(freeze))
    if freeze:
        save(freeze, frozen_text(replace(frozen, answers=recorder.answers)))
    return report


def _thawed(path: Path, catalog: Catalog | None, *, draw: bool) -> Report:
    from reports.frozen import read
    from signals import reading

    frozen = read(load(path), str(path))
    judge = catalog or reading.parse(frozen.catalog, frozen.file, frozen.sources.__getitem__)
    return _measured(frozen, judge, services(judge, frozen.services), frozen.ask, draw=draw, whole=True)


def _measured(
    frozen: Frozen, catalog: Catalog, chosen: tuple[Service, ...], ask: Ask, *, draw: bool, whole: bool
) -> Report:
    """Take the snapshot, and the earlier one where it is to be compared; live or frozen, by the same steps.

    What is frozen is fetched whole, so that any format can be drawn from it.
    """
    from reports import changes, snapshot

    settings = frozen.settings
    run = _run(settings["k6"], settings["k6_file"])

    def take(window: Window, run: Run | None) -> Report:
        volume = settings["monthly_requests"]
        return snapshot.take(
            catalog,
            chosen,
            window,
            ask,
            frozen.source,
            monthly_requests=volume,
            run=run,
            draw=draw,
            whole=whole,
        )

    report = replace(take(frozen.window, run), again=tuple(settings["again"]))
    offset = settings["against_offset"]
    if offset:
        from cli.windows import seconds

        ago = seconds("--against-offset", offset)
        report = changes.compared(
            report, take(frozen.window.earlier(ago), None), f"the same window {offset} ago"
        )
    return report


def _run(text: str, where: str) -> Run | None:
    from reports import client

    return client.read(text, where) if text else None


def _window(catalog: Catalog, chosen: tuple[Service, ...], wanted: Wanted, k6_text: str, ask: Ask) -> Window:
    from cli import windows
    from reports import plateau
    from reports.questions import pad

    now, interval = time.time(), float(catalog.scrape_interval)
    explicit = wanted.length or wanted.start or wanted.end
    if wanted.detect and explicit:
        raise UsageError("--detect finds the window; leave out --window, --start and --end")
    run = _run(k6_text, str(wanted.k6))
    if run and len(chosen) > 1:
        names = ", ".join(service.name for service in chosen)
        raise UsageError(f"--k6 is the run against one service; name it: one of {names}")
    if wanted.detect:
        look_back = windows.seconds("--detect", wanted.detect)
        found = plateau.find(chosen, ask, now - pad(interval), look_back, interval)
        return windows.of_plateau(found, now=now, scrape_interval=interval)
    if run and wanted.k6 and not explicit:
        at = wanted.k6.stat().st_mtime
        return windows.of_run(run, at, str(wanted.k6), now=now, scrape_interval=interval)
    return windows.window(wanted.length, wanted.start, wanted.end, now=now, scrape_interval=interval)


def _source(connection: Connection, catalog: Catalog, prometheus: Prometheus) -> str:
    """Say where it was asked: the context, the URL (a tunnel's local one is told by its Service), and what answered."""
    what = prometheus.flavour()
    if connection.url:
        return f"{prometheus.url}, {what}"
    context = connection.context(catalog)
    service = context.prometheus.service if context.prometheus else ""
    return f"context {context.name}, {service or prometheus.url}, {what}"


def _again(connection: Connection, catalog: Catalog, wanted: Wanted, window: Window) -> Iterator[str]:
    """Give the commands that show it live, and take it again."""
    from reports.window import utc

    where = f" --url {connection.url}" if connection.url else ""
    if not connection.url:
        context = connection.context(catalog)
        where = f" --context {context.name}"
        if context.grafana and context.grafana.service:
            yield f"leadline forward grafana --context {context.name} --open"
    file = "" if str(connection.catalog_file) == "leadline.yaml" else f" --catalog {connection.catalog_file}"
    names = "".join(f" {name}" for name in wanted.names)
    yield f"leadline snapshot{names}{file}{where} --start {utc(window.start)} --end {utc(window.end)}"
    if wanted.k6:
        yield f"k6 run --summary-export={wanted.k6} YOUR-SCRIPT.js && leadline snapshot{names}{file}{where} --k6 {wanted.k6}"


@contextmanager
def _progress(ask: Ask) -> Iterator[Ask]:
    """Show on stderr how many questions were answered, where it is a terminal."""
    if not sys.stderr.isatty():
        yield ask
        return
    lock, done = threading.Lock(), [0, 0]

    def counted(query: str, *, at: float | None = None) -> Answer:
        answer = ask(query, at=at)
        with lock:
            done[0] += 1
            done[1] += sum(len(series.samples) + len(series.histograms) for series in answer.series)
            click.echo(f"\r{done[0]} questions answered, {done[1]:,} samples", err=True, nl=False)
        return answer

    try:
        yield counted
    finally:
        click.echo("\r\x1b[K", err=True, nl=False)


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


def _with_regressions(report: Report, otherwise: int) -> int:
    from reports.changes import regressions

    worse = regressions(report)
    if worse:
        click.echo(f"leadline: worse than before: {', '.join(worse)}", err=True)
    return 1 if worse else otherwise
