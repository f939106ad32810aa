"""`leadline demo`: a complete load test on this machine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from leadline.demo.beside import Row


@click.command("demo")
@click.option(
    "--duration", type=click.IntRange(min=6), default=60, show_default=True, help="Seconds of load."
)
@click.option(
    "--vus",
    type=click.IntRange(min=1, max=1000),
    default=50,
    show_default=True,
    help="Virtual users at the peak.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="build/demo",
    show_default=True,
    help="The folder for the report in every format, k6.json and generated/.",
)
@click.option("--keep", is_flag=True, help="Leave everything running until Ctrl-C.")
@click.option(
    "--chaos",
    is_flag=True,
    help="Make the service fail, and follow each alert from the fault to its notification, and back; "
    "an hour of the alerts takes a minute. Takes three minutes and writes chaos/ under --out.",
)
@click.pass_context
def command(context: click.Context, duration: int, vus: int, out: Path, keep: bool, chaos: bool) -> int:
    """Run a complete load test on this machine: service, Prometheus, k6, report.

    k6 loads a service with the metrics of threads-agent while a real Prometheus scrapes it and evaluates the generated
    rules. Then it prints the snapshot of that run, and compares the figures of k6, Leadline and the PromQL of
    dashboards with the truth. The exit code is the verdict's: 4 if a target is undecided.

    With --chaos it also watches Alertmanager: exits 0 if every alert fired and resolved and both notifications were
    delivered; 3 otherwise.

    \b
    Examples:
      leadline demo
      leadline demo --duration 20 --vus 10 --keep
      leadline demo --chaos
    """
    if chaos:
        _refuse_load_options(context)
        from leadline.demo.chaos.told import tell_all

        return tell_all(out / "chaos", _keep if keep else None)
    from leadline.demo.run import finished

    from .rendering import show, written
    from .snapshot import code

    with (
        _progress(duration) as (write, progress),
        finished(out, duration, vus, write, progress) as done,
    ):
        write("")
        show(written(done.report, "text") + "\n")
        _compare(done.rows, done.summary.total, done.summary.rate_limited)
        click.echo(f"\n{done.rules} generated rules, every one healthy and evaluated by Prometheus")
        click.echo(
            f"written to {out}: report.txt, .md, .html, .json, .csv, .xml (JUnit); dashboards.html; k6.json; demo.yaml; generated/"
        )
        if keep:
            _keep(done.urls)
        return code(done.report)


def _refuse_load_options(context: click.Context) -> None:
    for name in ("duration", "vus"):
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} does not apply to --chaos, whose load is steady")


def _compare(rows: tuple[Row, ...], total: int, rate_limited: int) -> None:
    from leadline.base.text_table import table as aligned
    from leadline.base.units import show
    from leadline.demo.beside import HEAD, table

    click.echo("The same run, compared with the truth (difference in brackets)")
    for line in aligned(HEAD, table(rows)):
        click.echo(line)
    click.echo(
        f"  k6 sent {show(total, 'requests')} requests; {rate_limited} were answered 429 before the service recorded "
        "them, so they are in no column"
    )
    click.echo(
        "  k6 measures at the client, so its times include the network and the queue before the service"
    )


def _keep(urls: dict[str, str]) -> None:
    """Wait for Ctrl-C; the verdict is known by then, so it is not an interruption."""
    with contextlib.suppress(KeyboardInterrupt):
        for name, url in urls.items():
            click.echo(f"{name}: {url}")
        click.echo("still running; Ctrl-C stops everything")
        threading.Event().wait()


@contextlib.contextmanager
def _progress(duration: int) -> Iterator[tuple[Callable[[str], None], Callable[[float], None]]]:
    """Show progress on stderr: a bar while the load runs, or plain lines if it is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield (lambda text: click.echo(text, err=True) if text else None), (lambda _: None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=duration)

        def write(text: str) -> None:
            if text:
                bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
                bar.update(task, description=text.partition("\n")[0])
            else:
                bar.stop()

        yield write, lambda seconds: bar.update(task, completed=seconds)
