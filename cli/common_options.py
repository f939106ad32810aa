"""Options of every command (--verbose, --quiet, --no-color), and the progress line of slow requests."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import TextIO

import click

from leadline.base.activity import BEGIN, LOG
from leadline.base.printable import shortened

SILENT_SECONDS, EVERY_SECONDS = 0.5, 0.1
WITHOUT_PROGRESS = ("watch", "demo", "forward", "completion")
"""Commands that print their own progress."""
ASKING = ("push", "prune", "rollback", "demo", "watch")
"""Commands without --quiet, which would hide their prompts or screens."""


def add(command: click.Command, name: str) -> click.Command:
    """Add the common options to a command and its subcommands."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            add(each, name)
        return command
    if not any(each.name == "verbose" for each in command.params):
        command.params += [_verbose(), *([] if name in ASKING else [_quiet()]), _no_color()]
    return command


def _verbose() -> click.Option:
    return click.Option(
        ["--verbose"],
        is_flag=True,
        expose_value=False,
        callback=_listen,
        help="Print each request to a server, with its time and size, on stderr.",
    )


def _quiet() -> click.Option:
    return click.Option(
        ["--quiet"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_silence,
        help="Print errors only, no remarks and no progress.",
    )


def _no_color() -> click.Option:
    return click.Option(
        ["--no-color"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_uncoloured,
        help="Print no colours, as with NO_COLOR in the environment.",
    )


def _uncoloured(_ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        os.environ["NO_COLOR"] = "1"


def _silence(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        null = ctx.with_resource(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115  closed with the command
        ctx.with_resource(contextlib.redirect_stderr(null))


class _Printed(logging.Handler):
    """Prints each answer when it arrives."""

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "phase", "") != BEGIN:
            click.echo(f"  {shortened(record.getMessage(), 300)}", err=True)


def _listen(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        ctx.with_resource(_listening(_Printed()))


@contextlib.contextmanager
def _listening(handler: logging.Handler) -> Iterator[None]:
    LOG.addHandler(handler)
    LOG.setLevel(logging.DEBUG)
    LOG.propagate = False
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        if not LOG.handlers:
            LOG.setLevel(logging.NOTSET)


class _Line(logging.Handler):
    """A line on a terminal while a slow request is open: answers so far, elapsed time, and the request."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream, self._lock = stream, threading.Lock()
        self._open: dict[str, int] = {}
        self._answered, self._since, self._is_drawn = 0, 0.0, False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        what = str(record.args[0]) if isinstance(record.args, tuple) and record.args else ""
        with self._lock:
            if getattr(record, "phase", "") == BEGIN:
                self._since = self._since or time.monotonic()
                self._open[what] = self._open.get(what, 0) + 1
                return
            self._answered += 1
            self._open[what] = self._open.get(what, 1) - 1
            if not self._open[what]:
                del self._open[what]
            if not self._open:
                self._clear()

    def _draw(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            with self._lock:
                if self._open and time.monotonic() - self._since > SILENT_SECONDS:
                    seconds = time.monotonic() - self._since
                    text = f"{self._answered} answered, {seconds:.0f} s: {next(iter(self._open))}"
                    self._stream.write(f"\r\x1b[K{shortened(text, _columns() - 1)}")
                    self._stream.flush()
                    self._is_drawn = True

    def _clear(self) -> None:
        if self._is_drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._is_drawn = False

    def end(self) -> None:
        self._over.set()
        self._thread.join()
        with self._lock:
            self._clear()


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return 80


@contextlib.contextmanager
def progress(arguments: list[str]) -> Iterator[None]:
    """Show a progress line on a terminal if requests take longer than half a second."""
    if (
        not sys.stderr.isatty()
        or {"--quiet", "--verbose"} & set(arguments)
        or not arguments
        or arguments[0] in WITHOUT_PROGRESS
    ):
        yield
        return
    line = _Line(sys.stderr)
    try:
        with _listening(line):
            yield
    finally:
        line.end()
