"""One short demo run that all integration tests read; its Prometheus stays up until the last of them is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.demo.run import Finished, finished
from live.client import Prometheus
from signals.errors import LeadlineError


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="session")
def demo(out: Path) -> Iterator[Finished]:
    with finished(out, 24, 20, print, lambda _: None) as done:
        yield done


def answers(client: Prometheus) -> bool:
    try:
        client.build()
    except LeadlineError:
        return False
    return True
