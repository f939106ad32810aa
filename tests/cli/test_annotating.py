"""A snapshot's verdict in Grafana: over its exact window, with each target's line."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadline.base.errors import UsageError
from leadline.catalog import loader
from leadline.cli.annotating import annotate, text, worst
from leadline.cli.connections import Connection
from leadline.reports import snapshot
from leadline.reports.model import Report
from tests.doubles import Api
from tests.grafana_double import GrafanaDouble
from tests.reports.test_parts import CATALOG, WINDOW, history


def report(errors: float = 0.0) -> Report:
    catalog = loader.parse(CATALOG.replace("MORE\n", ""), "leadline.yaml")
    return snapshot.take(catalog, catalog.services, WINDOW, history(errors=errors).ask)


def connection() -> Connection:
    return Connection(catalog_file=Path("leadline.yaml"), url=None, context_name=None, timeout=5)


def test_the_verdict_stands_over_the_window_it_is_about(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    double = GrafanaDouble()
    api.answer = double.answer
    contexts = f"contexts: {{here: {{grafana: {{url: '{api.url}'}}}}}}\n"
    catalog = loader.parse(CATALOG.replace("MORE\n", "") + contexts, "leadline.yaml")
    annotate(report(errors=0.5), connection(), catalog)
    (mark,) = double.annotations
    assert (mark["time"], mark["timeEnd"]) == (100_000, 200_000)
    assert set(mark["tags"]) == {"leadline", "leadline:shop", "snapshot", "missed"}
    first, *lines = mark["text"].splitlines()
    assert first == "leadline snapshot: missed"
    assert "✗ web error_ratio 50.00 %, target ≤ 1.00 %" in lines
    assert any(line.startswith("✓ web latency.p99") for line in lines)
    assert "annotated the window in http://127.0.0.1" in capsys.readouterr().err


def test_the_worst_verdict_is_that_of_the_whole() -> None:
    assert worst(report()) in ("met", "undecided")
    assert worst(report(errors=0.5)) == "missed"
    assert text(report()).startswith(f"leadline snapshot: {worst(report())}")


def test_without_a_grafana_the_context_is_told() -> None:
    catalog = loader.parse(
        CATALOG.replace("MORE\n", "") + "contexts: {here: {prometheus: {url: 'http://x'}}}\n", "leadline.yaml"
    )
    with pytest.raises(UsageError, match="names no grafana"):
        annotate(report(), connection(), catalog)
