"""What is generated from the worked example, reviewed as output. `make golden` rewrites it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from leadline.catalog import loader
from leadline.catalog.model import Catalog
from leadline.compose.generate import base_of, generated
from leadline.deploy import tree
from leadline.deploy.tree import PLAIN
from leadline.measure.window import Window
from leadline.reports import markdown, snapshot, text
from tests.conftest import MINIMAL, ROOT
from tests.reports.test_snapshot import history

FOLDER = Path(__file__).parent
WRITE = os.environ.get("LEADLINE_GOLDEN") == "write"


def test_the_worked_example_generates_what_was_reviewed(worked_example: Catalog) -> None:
    files, inside = generated(worked_example), "kubernetes/"
    every = files | base_of(worked_example, PLAIN)
    manifests = {path.removeprefix(inside): text for path, text in every.items() if path.startswith(inside)}
    others = {path: text for path, text in files.items() if not path.startswith(inside)}
    for folder, expected in ((FOLDER / "generated", others), (ROOT / "k8s/manifests", manifests)):
        if WRITE:
            _rewrite(folder, expected)
        found = tree.difference(folder, expected)
        assert not found, f"{found}; run make golden and review the diff"


def _rewrite(folder: Path, files: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, "utf-8")


@pytest.mark.parametrize("name", ["report.txt", "report.md"])
def test_a_report_reads_as_was_reviewed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    catalog = loader.parse(MINIMAL, str(ROOT / "leadline.yaml"))
    window = Window(start=100, end=200, chosen="--window 100s")
    report = snapshot.take(catalog, catalog.services, window, history().ask, "http://prometheus.example.com")
    written = (text if name.endswith("txt") else markdown).write(report)
    if WRITE:
        (FOLDER / name).write_text(written, "utf-8")
    assert (FOLDER / name).read_text("utf-8") == written
