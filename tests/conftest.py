"""What all tests share: the worked example, small catalogs, and a Prometheus that is made of values."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from leadline.catalog import loader
from leadline.catalog.model import Catalog
from tests.doubles import Api

hypothesis.settings.register_profile("untimed", deadline=None)  # two cores are busy at times
hypothesis.settings.load_profile("untimed")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def worked_example() -> Catalog:
    return loader.load(ROOT / "leadline.yaml")


@pytest.fixture(autouse=True)
def own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the contexts of whoever runs the tests out of them."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("LEADLINE_CONTEXT", "LEADLINE_URL", "LEADLINE_TRUST"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def api() -> Iterator[Api]:
    """A server on a free port that answers as it is told to."""
    with Api() as server:
        yield server


MINIMAL = """\
project: shop
scrape_interval: 10s
services:
  web:
    profile: generic-http
    selector: {job: web}
    instruments:
      latency: {buckets: [0.1, 0.25, 0.5, 1]}
    targets:
      latency: {p95: 250ms}
      error_ratio: 1%
"""


@pytest.fixture
def minimal() -> Catalog:
    return loader.parse(MINIMAL, "leadline.yaml")


@pytest.fixture
def catalog_file(tmp_path: Path) -> Callable[[str], Path]:
    """Write a catalog and give its path."""

    def write(text: str = MINIMAL) -> Path:
        path = tmp_path / "leadline.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a stand-in for kubectl on PATH (`tests/stand_in_kubectl.py`), given the port behind each Service."""

    def install(**targets: int) -> None:
        script = tmp_path / "bin" / "kubectl"
        script.parent.mkdir()
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "tests/stand_in_kubectl.py"} "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
        monkeypatch.setenv("STAND_IN_TARGETS", json.dumps(targets))

    return install


NOT_RUN: pytest.StashKey[list[str]] = pytest.StashKey()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = (report.longrepr for report in terminalreporter.stats.get("skipped", []))
    reasons = {str(each[2]).removeprefix("Skipped: ") for each in skipped if isinstance(each, tuple)}
    found: list[str] = sorted(reasons)
    terminalreporter.config.stash[NOT_RUN] = found


def pytest_unconfigure(config: pytest.Config) -> None:
    """End with a line that names what was not run, and why."""
    if NOT_RUN in config.stash:
        found: list[str] = config.stash[NOT_RUN]
        print("not run:", "; ".join(found) or "nothing")
