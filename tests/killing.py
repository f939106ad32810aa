"""Kill -9 at every write of a command: a child counts what Python does to files, and ends itself at the nth."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leadline.cli.main import run

CHANGING = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink"}
WRITING = os.O_WRONLY | os.O_RDWR
LIMIT = 2000
"""More writes than any command of a test does."""


def at_every_write(arguments: list[str], prepare: Callable[[], None], after: Callable[[int], None]) -> int:
    """Run a command again and again, killed at its first write, its second, and so on; return how many there were.

    prepare  makes the files as they are before the command
    after    is called with the number of the write after each kill, to look at what is left, and to run the command again
    """
    for number in range(LIMIT):
        prepare()
        child = os.fork()
        if child == 0:
            _killed_at(number)
            os._exit(run(arguments))
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0, arguments
            return number
        assert os.WTERMSIG(status) == signal.SIGKILL
        after(number)
    raise AssertionError("the command never ended")


def _killed_at(number: int) -> None:
    """Kill this process before its nth change of a file; a file that is opened to be written again is one more, cut to nothing."""
    count = 0
    dying = False

    def one_more(cut: str | None = None) -> None:
        nonlocal count, dying
        if count == number:
            dying = True
            if cut is not None:
                os.truncate(cut, 0)
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    def hook(event: str, values: tuple[Any, ...]) -> None:
        if dying:
            return
        if event in CHANGING:
            one_more()
        elif event == "open" and values[2] & WRITING and not str(values[0]).startswith("/dev/"):
            one_more()
            if values[2] & os.O_TRUNC and isinstance(values[0], str) and Path(values[0]).is_file():
                one_more(values[0])

    sys.addaudithook(hook)
