"""The demo's service as the subject of faults: change its behaviour, stop it, restart it on the same ports."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import requests

from leadline.base.errors import ToolFailedError

from ..behaviour import PATH, Behaviour
from ..processes import Program, wait_for


class Subject:
    """The service, running or stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ports: Mapping[str, int] = {}
        self.program = self._run()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['orchestrator']}"

    def behave(self, behaviour: Behaviour) -> None:
        """Set its behaviour. Raise ToolFailedError if it is unreachable or rejects it."""
        wait_for("the service to accept its behaviour", lambda: self._is_set(behaviour), self.program)

    def _is_set(self, behaviour: Behaviour) -> bool:
        try:
            answer = requests.post(f"{self.url}{PATH}?{behaviour.query}", timeout=5)
        except requests.ConnectionError:
            return False
        if not answer.ok:
            raise ToolFailedError(f"the demo's service refuses to behave so: {behaviour.query}")
        return True

    @property
    def counts(self) -> bool:
        """Return whether it has counted a task, so that all its series exist."""
        return '"/task"' in requests.get(f"{self.url}/metrics", timeout=5).text

    def stop(self) -> None:
        self.program.stop()

    def start(self) -> None:
        """Restart it on the same ports."""
        self.program = self._run()

    def _run(self) -> Program:
        command = [sys.executable, "-m", "leadline.demo.service", str(self._folder / "truth.jsonl")]
        program = Program(
            "the demo's service", [*command, json.dumps(self.ports)], self._folder / "service.log"
        )
        try:
            self.ports = json.loads(program.first_line())
        except BaseException:
            program.stop()
            raise
        return program


@contextlib.contextmanager
def subject(folder: Path) -> Iterator[Subject]:
    """Run the service while the block runs, and always stop it."""
    found = Subject(folder)
    try:
        yield found
    finally:
        found.stop()
