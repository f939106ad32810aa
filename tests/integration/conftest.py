"""One short demo run that all integration tests read, and one of chaos; the demo's Prometheus stays up until the last is done.

Both mostly wait, so they are made side by side where both are read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from leadline.base.errors import LeadlineError
from leadline.demo.chaos import run as chaotic
from leadline.demo.chaos.faults import FAULTS
from leadline.demo.run import Finished, finished
from leadline.prometheus.client import Prometheus


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


MADE = FAULTS if os.environ.get("LEADLINE_ALL") == "1" else FAULTS[-2:]
"""All faults take three minutes; errors, and a service that is stopped, one and a half."""
Chaos = tuple[chaotic.Finished, str, Path]
"""What a run gave, what it printed, and where it wrote."""


@pytest.fixture(scope="session")
def chaos_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[Chaos]]:
    """Begin a run of chaos."""
    folder = tmp_path_factory.mktemp("chaos")

    def made() -> Chaos:
        printed: list[str] = []
        with chaotic.finished(folder, printed.append, MADE) as done:
            pass
        return done, "".join(printed), folder

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(made)


@pytest.fixture(scope="session")
def demo(request: pytest.FixtureRequest, out: Path) -> Iterator[Finished]:
    if any("chaos_run" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("chaos_run")
    with finished(out, 24, 20, print, lambda _: None) as done:
        yield done


def answers(client: Prometheus) -> bool:
    try:
        client.build()
    except LeadlineError:
        return False
    return True
