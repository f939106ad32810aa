"""The command line: a table of commands, each imported when it runs, and the one error boundary."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

import click

from leadline.base import errors
from leadline.base.printable import printable
from leadline.base.version import __version__

from . import common_options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "demo": (
        "leadline.cli.run_demo",
        "Run a complete load test on this machine: service, Prometheus, k6, report.",
    ),
    "init": ("leadline.cli.init", "Write a catalog from a live Prometheus."),
    "check": (
        "leadline.cli.check",
        "Check the catalog, or any dashboards and rules, against a live Prometheus.",
    ),
    "generate": ("leadline.cli.generate", "Write dashboards, rules and rule tests from the catalog."),
    "preview": ("leadline.cli.preview", "Render the dashboards as one HTML page, without Grafana."),
    "plan": ("leadline.cli.plan", "Show what a push would change, without changing it."),
    "push": ("leadline.cli.push", "Deploy dashboards and rules to Grafana, Kubernetes or Prometheus."),
    "prune": ("leadline.cli.prune", "Remove what was pushed earlier and is no longer generated."),
    "rollback": ("leadline.cli.rollback", "Restore what the last push replaced."),
    "doctor": (
        "leadline.cli.diagnose",
        "Diagnose missing data in Prometheus, Grafana and the cluster.",
    ),
    "forward": (
        "leadline.cli.forward",
        "Open a tunnel to Grafana, Prometheus or Alertmanager in the cluster.",
    ),
    "snapshot": ("leadline.cli.snapshot", "Measure services over a window and judge them by the catalog."),
    "compare": ("leadline.cli.compare", "Compare two snapshots: what got better or worse."),
    "context": ("leadline.cli.context", "List, choose, show and check the servers to use."),
    "completion": ("leadline.cli.completion", "Print the shell completion script."),
    "profiles": (
        "leadline.cli.list_profiles",
        "List profiles (how families of services name their metrics), or explain one.",
    ),
    "prices": ("leadline.cli.list_prices", "Print model prices as catalog entries."),
    "signals": ("leadline.cli.list_signals", "List the signals of the catalog's services."),
    "signal": ("leadline.cli.ask_signal", "Query one signal of the catalog's services."),
    "watch": (
        "leadline.cli.run_watch",
        "Watch services live: traffic, errors, quantiles, saturation, spend, alerts.",
    ),
    "alerts": ("leadline.cli.list_alerts", "List pending and firing alerts."),
    "targets": ("leadline.cli.list_targets", "List scrape targets, and which are down."),
    "metrics": ("leadline.cli.list_metrics", "List the available metrics."),
    "query": ("leadline.cli.query", "Run one PromQL expression."),
    "schema": ("leadline.cli.schema", "Print the JSON Schema of leadline.yaml, for editors."),
    "version": ("leadline.cli.version", "Print versions, for bug reports."),
}
"""Each command: the module that defines it as `command`, and its summary."""
GROUPS = {
    "Start": ("demo", "init", "doctor", "context"),
    "Measure": ("snapshot", "compare", "watch"),
    "Look": ("query", "signal", "signals", "alerts", "targets", "metrics"),
    "Generate": ("generate", "check", "preview", "profiles", "prices", "schema"),
    "Ship": ("plan", "push", "prune", "rollback", "forward"),
    "Help": ("completion", "version"),
}
"""The commands in the order of --help."""

OK, MISSED, USAGE, UNREACHABLE, UNDECIDED, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 4, 70, 130

CODES: tuple[tuple[type[errors.LeadlineError], int], ...] = (
    (errors.CatalogError, USAGE),
    (errors.UsageError, USAGE),
    (errors.ConflictError, MISSED),
    (errors.NoDataError, UNDECIDED),
    (errors.LeadlineError, UNREACHABLE),
)
"""The exit code of each kind of error; the first match wins."""


class Lazy(click.Group):
    """A group that lists its commands and their help without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return common_options.add(command, cmd_name)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the names of commands, without importing them, or the options."""
        from click.shell_completion import CompletionItem

        named = [
            CompletionItem(name, help=about)
            for name, (_, about) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return named or click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            raise click.UsageError(f"there is no command {args[0]!r}{_nearest(args[0])}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, COMMANDS[name][1]) for name in names])


def _nearest(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, COMMANDS, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(COMMANDS)}"


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="leadline")
def group() -> None:
    """Dashboards, rules and load-test reports for Prometheus and Grafana, from one catalog.

    \b
    Exit codes: 0 met, or nothing to do; 1 a target missed, or files differ;
    2 usage or catalog error; 3 Prometheus could not be reached or queried;
    4 undecided or no data; 70 internal error; 130 interrupted.

    \b
    Example:
      leadline snapshot --url http://127.0.0.1:9090 --window 15m
    """


def main() -> None:
    """Run the command line and exit with its code. SIGTERM and a closed terminal act like Ctrl-C.

    Commands have released everything when `run` returns, so `os._exit` skips the interpreter's teardown, which would take a
    sixth of the time of `leadline query`.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if os.environ.get("_LEADLINE_COMPLETE"):
        from .completing.shells import prepare

        prepare()
    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code. Every failure is reported here and nowhere else."""
    try:
        with common_options.progress(arguments):
            result = group.main(arguments, prog_name="leadline", standalone_mode=False)
            sys.stdout.flush()
    except (click.ClickException, errors.LeadlineError) as error:
        return _reported(error)
    except (click.Abort, KeyboardInterrupt):
        click.echo("leadline: interrupted", err=True)
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # click exits only if a pipe is closed
        _detach_stdout()
        return OK
    except OSError as error:
        return _unwritable(error)
    except Exception:  # noqa: BLE001  the boundary: anything else is a defect, so keep its traceback
        return _defect()
    return result if isinstance(result, int) else OK


UNWRITABLE = (errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT)


def _unwritable(error: OSError) -> int:
    """Report that stdout cannot be written, for example because a disk is full."""
    if error.filename is not None or error.errno not in UNWRITABLE:
        return _defect()
    _detach_stdout()
    click.echo(f"leadline: the output cannot be written: {error.strerror}", err=True)
    return USAGE


def _detach_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _defect() -> int:
    """Print the traceback of an internal error."""
    import traceback

    traceback.print_exc()
    click.echo("leadline: internal error; please report it with the lines above", err=True)
    return INTERNAL


def _reported(error: click.ClickException | errors.LeadlineError) -> int:
    from .terminal import complain

    if isinstance(error, click.ClickException):
        error.show()
        return USAGE
    complain(str(error))
    if isinstance(error, errors.QueryRejectedError) and error.query:
        click.echo(f"  query: {printable(' '.join(error.query.split()))}", err=True)
    return next(code for kind, code in CODES if isinstance(error, kind))
