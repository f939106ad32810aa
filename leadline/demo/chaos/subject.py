"""The demo's service as the thing that fails: told to behave otherwise, stopped, and started again on the same ports."""

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
    """The service while it runs, and while it does not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ports: Mapping[str, int] = {}
        self.program = self._run()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['orchestrator']}"

    def behave(self, behaviour: Behaviour) -> None:
        """Make it behave so. Raises ToolFailedError where it cannot be told, or refuses."""
        wait_for("an answer to how it shall behave", lambda: self._told(behaviour), self.program)

    def _told(self, behaviour: Behaviour) -> bool:
        try:
            answer = requests.post(f"{self.url}{PATH}?{behaviour.query}", timeout=5)
        except requests.ConnectionError:
            return False
        if not answer.ok:
            raise ToolFailedError(f"the demo's service refuses to behave so: {behaviour.query}")
        return True

    @property
    def counts(self) -> bool:
        """Whether it has counted a task, so that all of its series are there."""
        return '"/task"' in requests.get(f"{self.url}/metrics", timeout=5).text

    def stop(self) -> None:
        self.program.stop()

    def start(self) -> None:
        """Start it again, on the ports that it had."""
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
    """Run the service for as long as the block lasts, however it ends."""
    found = Subject(folder)
    try:
        yield found
    finally:
        found.stop()
