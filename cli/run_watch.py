"""`leadline watch`: services live in the terminal."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from leadline.base.errors import LeadlineError, UsageError

from .completing import words
from .connection_options import connected
from .connections import Connection
from .deadline import lift
from .options import services
from .terminal import coloured, has_colour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .watch.frame import History
    from .watch.keys import Keys
    from .watch.poll import Look

WINDOWS = ("1m", "5m", "15m", "1h")
HOME, CLEAR_LINE, CLEAR_REST, HIDE, SHOW = "\x1b[H", "\x1b[K", "\x1b[J", "\x1b[?25l", "\x1b[?25h"
UNREACHABLE = 3
OTHER_SCREEN, THIS_SCREEN = "\x1b[?1049h", "\x1b[?1049l"


@click.command("watch")
@click.argument("names", metavar="[SERVICE]...", nargs=-1, shell_complete=words.services)
@connected
@click.option(
    "--every", default=5.0, show_default=True, type=click.FloatRange(0.2, 3600), help="Seconds between polls."
)
@click.option(
    "--over",
    default="5m",
    show_default=True,
    help="The rate window; keys + and - change it.",
)
@click.option("--count", type=click.IntRange(min=1), help="Stop after this many polls.")
def command(
    connection: Connection, names: tuple[str, ...], every: float, over: str, count: int | None
) -> int:
    """Watch services live: traffic, errors, quantiles with their bounds, saturation, spend, firing alerts.

    A figure with a target has ✓, ✗, or ? if the target lies inside its bounds. Services that need attention come first. Keys:
    + and - change the window, s the order, f shows only what needs attention, ↑ and ↓ scroll, p pauses, ? shows help, q quits and
    leaves the last frame. Without a terminal, each poll prints one line per service. If Prometheus goes away, it retries.

    \b
    Examples:
      leadline watch
      leadline watch orchestrator --every 2 --over 1m
      leadline watch --count 1 | cat
    """
    from leadline.base.units import duration, promql_duration

    from .watch.keys import pressed

    try:
        window = promql_duration(duration(over))
    except ValueError as error:
        raise UsageError(f"--over: {error}") from None
    lift()  # it runs until interrupted
    catalog = connection.load()
    chosen = services(catalog, names)
    with connection.open(catalog) as prometheus, pressed() as keys:
        from .watch.poll import look, past

        watch = _Watch(
            look=lambda wide: look(prometheus, chosen, catalog, wide),
            past=lambda wide, points: past(prometheus, chosen, wide, points, every),
            keys=keys,
            every=every,
            window=window,
            count=count,
            url=prometheus.url,
        )
        return watch.run()


class _Watch:
    """The loop: poll, draw, wait for a key."""

    def __init__(
        self,
        *,
        look: Callable[[str], Look],
        past: Callable[[str, int], Mapping[tuple[str, str], Sequence[float]]],
        keys: Keys,
        every: float,
        window: str,
        count: int | None,
        url: str,
    ) -> None:
        from .watch.frame import Choice, History

        self._look, self._past = look, past
        self._keys, self._every, self._left = keys, every, count
        self._windows = sorted({*WINDOWS, window}, key=_seconds)
        self._at = self._windows.index(window)
        self._history: History = History(every)
        self._curves_window = ""
        self._last: Look | None = None
        self._draws = sys.stdout.isatty()
        self._paused = False
        self._error = ""
        self._url = url
        self._choice = Choice()
        self._help = False

    def run(self) -> int:
        """Poll and draw until it is quit or `count` is reached, then restore the terminal's own screen.

        Return the exit code: 3 if the last poll failed.
        """
        if self._draws:
            sys.stdout.write(OTHER_SCREEN + HIDE)
            self._draw()
        try:
            while True:
                begun = time.monotonic()
                if not self._paused:
                    self._take(self._look(self._windows[self._at]))
                    if self._left is not None:
                        self._left -= 1
                self._draw()
                if self._left == 0 or not self._wait(begun + self._every):
                    return UNREACHABLE if self._error else 0
        finally:
            if self._draws:
                sys.stdout.write(SHOW + THIS_SCREEN)
                self._leave()
                sys.stdout.flush()

    def _take(self, found: Look) -> None:
        from .watch.frame import plain

        self._error = found.lost
        if not self._draws:
            for line in plain(found, self._windows[self._at]):
                click.echo(line)
            return
        if not found.lost:
            self._begin()
            self._last = found
            self._history.add(found)

    def _begin(self) -> None:
        """Start the curves with past values when the window changes; start empty if they cannot be queried."""
        from .watch.frame import KEPT

        window = self._windows[self._at]
        if self._curves_window != window:
            self._curves_window = window
            try:
                self._history.begin(self._past(window, KEPT))
            except LeadlineError:
                self._history.begin({})

    def _draw(self) -> None:
        if not self._draws:
            return
        paint = coloured if has_colour() else str
        text = "".join(f"{paint(line)}{CLEAR_LINE}\r\n" for line in self._lines())
        sys.stdout.write(HOME + text + CLEAR_REST)
        sys.stdout.flush()

    def _lines(self) -> Iterator[str]:
        from leadline.base.printable import printable

        from .watch.frame import lines

        columns, rows = shutil.get_terminal_size()
        if self._help:
            yield from (line[:columns] for line in KEYS)
            return
        if self._last:
            window = self._windows[self._at]
            yield from lines(self._last, self._history, window, columns, rows - 4, self._choice)
        else:
            yield printable(f"waiting for {self._url}")[:columns]
        if self._error:
            yield printable(f"✗ {self._error}; retrying")[:columns]
        yield ""
        keys = "+/- window  s order  f filter  p pause  ? keys  q quit"
        yield ("paused; p resumes" if self._paused else keys)[:columns]

    def _leave(self) -> None:
        """Print the last frame on the terminal's own screen."""
        from leadline.base.printable import printable

        from .watch.frame import lines

        if self._last:
            columns, _ = shutil.get_terminal_size()
            paint = coloured if has_colour() else str
            window, every = self._windows[self._at], len(self._last.seen) + 40
            for line in lines(
                self._last, self._history, window, columns, every, replace(self._choice, offset=0)
            ):
                sys.stdout.write(f"{paint(line)}\r\n")
        if self._error:
            sys.stdout.write(f"{printable(self._error)}\r\n")

    def _handle(self, key: str) -> bool:
        """Handle a key that changes the view; return whether to draw again."""
        from .watch.frame import SORTS

        choice, orders = self._choice, list(SORTS)
        if key == "s":
            choice = replace(choice, sort=orders[(orders.index(choice.sort) + 1) % len(orders)], offset=0)
        if key == "f":
            choice = replace(choice, only_bad=not choice.only_bad, offset=0)
        if key in ("up", "down", "k", "j"):
            most = max(0, len(self._last.seen) - 1) if self._last else 0
            choice = replace(
                choice, offset=min(most, max(0, choice.offset + (1 if key in ("down", "j") else -1)))
            )
        self._choice = choice
        return key != ""

    def _wait(self, until: float) -> bool:
        """Wait for the next poll and handle keys until then; return whether to continue."""
        while (left := until - time.monotonic()) > 0:
            key = self._keys.wait(left)
            if key == "q":
                return False
            if key:
                self._help = key == "?" and not self._help
            if self._handle(key):
                self._draw()
            if key == "p":
                self._paused = not self._paused
                self._draw()
            if key in ("+", "=", "-"):
                step = -1 if key == "-" else 1
                self._at = min(max(0, self._at + step), len(self._windows) - 1)
                return True
        return True


KEYS = (
    "+ -   longer or shorter window",
    "s     order: worst first, by name, traffic, errors, p95, spend",
    "f     only services that need attention: a firing alert, a target missed or possibly missed",
    "↑ ↓   scroll",
    "p     pause",
    "q     quit",
    "",
    "✓ ✗ ? a target is met, missed, or lies inside the bounds of the figure",
    "",
    "press any key to go back",
)


def _seconds(window: str) -> float:
    from leadline.base.units import duration

    return float(duration(window))
