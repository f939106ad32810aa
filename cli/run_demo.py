"""`leadline demo`: the whole loop on this machine."""

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
    "--vus", type=click.IntRange(min=1, max=1000), default=50, show_default=True, help="Users at the peak."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="build/demo",
    show_default=True,
    help="The folder for the report in every format, k6.json and generated/.",
)
@click.option("--keep", is_flag=True, help="Leave everything that was started running until Ctrl-C.")
@click.option(
    "--chaos",
    is_flag=True,
    help="Make the service fail, and follow each alert from the fault to who is told of it, and back; "
    "an hour of the alerts is a minute. Takes three minutes and writes chaos/ under --out.",
)
@click.pass_context
def command(context: click.Context, duration: int, vus: int, out: Path, keep: bool, chaos: bool) -> int:
    """Run the whole loop on this machine: services, Prometheus, k6, report.

    A service that exposes what threads-agent exposes is loaded by k6 while a real Prometheus scrapes it and
    evaluates the generated rules; then the snapshot of exactly that run is printed, and beside the truth what k6,
    Leadline and the usual PromQL say. The exit code is the verdict's: 4 where a target is undecided.

    With --chaos it is Alertmanager that is watched as well: 0 where every alert fired, was delivered, resolved and was
    delivered as resolved; 3 where one did not.

    \b
    Examples:
      leadline demo
      leadline demo --duration 20 --vus 10 --keep
      leadline demo --chaos
    """
    if chaos:
        _refuse_of_the_usual_run(context)
        from leadline.demo.chaos.told import tell_all

        return tell_all(out / "chaos", _keep if keep else None)
    from leadline.demo.run import finished

    from .rendering import show, written
    from .snapshot import code

    with (
        _shown(duration) as (tell, progress),
        finished(out, duration, vus, tell, progress) as done,
    ):
        tell("")
        show(written(done.report, "text") + "\n")
        _compare(done.rows, done.summary.total, done.summary.rate_limited)
        click.echo(f"\n{done.rules} generated rules, every one healthy and evaluated by Prometheus")
        click.echo(
            f"written to {out}: report.txt, .md, .html, .json, .csv, .xml (JUnit); dashboards.html; k6.json; demo.yaml; generated/"
        )
        if keep:
            _keep(done.urls)
        return code(done.report)


def _refuse_of_the_usual_run(context: click.Context) -> None:
    for name in ("duration", "vus"):
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} is of the usual run; the load of --chaos is steady")


def _compare(rows: tuple[Row, ...], total: int, rate_limited: int) -> None:
    from leadline.base.text_table import table as aligned
    from leadline.base.units import show
    from leadline.demo.beside import HEAD, table

    click.echo("The same run, each beside the truth (in brackets: the difference from it)")
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
    """Wait for Ctrl-C; the verdict is known by then, so that is no interruption."""
    with contextlib.suppress(KeyboardInterrupt):
        for name, url in urls.items():
            click.echo(f"{name}: {url}")
        click.echo("running on; Ctrl-C stops everything")
        threading.Event().wait()


@contextlib.contextmanager
def _shown(duration: int) -> Iterator[tuple[Callable[[str], None], Callable[[float], None]]]:
    """Show on stderr what happens: a bar while the load runs, plain lines where it is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield (lambda text: click.echo(text, err=True) if text else None), (lambda _: None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=duration)

        def tell(text: str) -> None:
            if text:
                bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
                bar.update(task, description=text.partition("\n")[0])
            else:
                bar.stop()

        yield tell, lambda seconds: bar.update(task, completed=seconds)
