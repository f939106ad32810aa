"""A tunnel to a Service in the cluster: `kubectl port-forward`, kept alive on a local port."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Self

from leadline.base.errors import ConnectionFailedError, ToolFailedError, UsageError

from .kubectl import program

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before kubectl is restarted, doubled after each failure."""
UP_SECONDS, STOP_SECONDS = 20.0, 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A Service and its port; empty context and namespace mean kubectl's current settings."""

    service: str
    port: int
    context: str = ""
    namespace: str = ""

    def command(self, local_port: int) -> list[str]:
        where = [f"--context={self.context}"] if self.context else []
        where += [f"--namespace={self.namespace}"] if self.namespace else []
        ports = f"{local_port}:{self.port}"
        return [program(), *where, "port-forward", "--address=127.0.0.1", f"svc/{self.service}", ports]


class Tunnel:
    """Forwards a local port while its block runs. `report` is called when it breaks and when it is back."""

    def __init__(self, route: Route, local_port: int, report: Callable[[str], None] = lambda _: None) -> None:
        self.route, self.local_port, self._report = route, local_port, report
        self.url = f"http://127.0.0.1:{local_port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._up, self._stopped = threading.Event(), threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        """Open the tunnel. Raise ToolFailedError with kubectl's message if it cannot be opened."""
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._end()
        self._keeper.join(UP_SECONDS)
        self._end()

    def revive(self) -> None:
        """Wait until the tunnel is open again. Raise ConnectionFailedError if that takes too long."""
        time.sleep(0.05)  # a killed tunnel is noticed a moment later
        if not self._up.wait(UP_SECONDS):
            raise ConnectionFailedError(
                f"the tunnel to {self.route.service} has been down for {UP_SECONDS:g} s"
            )

    def _start(self) -> None:
        """Start kubectl and wait until it listens."""
        with tempfile.TemporaryFile() as errors:
            self._process = subprocess.Popen(
                self.route.command(self.local_port),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
            line = self._process.stdout.readline() if self._process.stdout else b""
            if line.startswith(b"Forwarding from"):
                self._up.set()
                return
            self._end()
            raise ToolFailedError(f"kubectl port-forward svc/{self.route.service} failed: {_text(errors)}")

    def _keep(self) -> None:
        """Restart kubectl whenever it exits, with growing pauses while it fails."""
        pause = FIRST_PAUSE
        while not self._stopped.is_set():
            if self._process and self._process.poll() is None:
                self._drain()
                continue
            if self._up.is_set():
                self._up.clear()
                self._report(f"the tunnel to {self.route.service} broke; opening it again")
            if self._stopped.wait(pause):
                return
            try:
                self._start()
            except ToolFailedError as error:
                self._report(str(error))
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                self._report(f"the tunnel to {self.route.service} is open again")
                pause = FIRST_PAUSE

    def _drain(self) -> None:
        """Read kubectl's output until it exits, so that its pipe never fills."""
        stream = self._process.stdout if self._process else None
        while stream and stream.readline():
            pass
        if self._process:
            self._process.wait()

    def _end(self) -> None:
        process = self._process
        if process is None:
            return
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)


def local_port(wanted: int | None, preferred: int) -> int:
    """Choose a local port: the wanted one, else the preferred one if free, else any.

    Raise UsageError if the wanted one is in use.
    """
    if wanted is not None:
        if not _is_free(wanted):
            raise UsageError(f"the local port {wanted} is in use; choose another with --port")
        return wanted
    if _is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return " ".join(stream.read().decode(errors="replace").split()) or "it printed nothing"
