"""k6's summaries: both shapes, recognised by themselves, and beside the server's figures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leadline.base.errors import UsageError
from leadline.catalog import loader
from leadline.measure.window import Window
from leadline.reports import client, snapshot
from leadline.reports.model import MET, MISSED
from tests.conftest import MINIMAL
from tests.reports.test_snapshot import history

HANDLED: dict[str, Any] = {
    "state": {"testRunDurationMs": 100_000},
    "setup_data": {"started": 100_000},
    "metrics": {
        "http_reqs": {"type": "counter", "contains": "default", "values": {"count": 210, "rate": 2.1}},
        "http_req_failed": {
            "type": "rate",
            "contains": "default",
            "values": {"rate": 0.05, "passes": 10, "fails": 200},
        },
        "http_req_duration": {
            "type": "trend",
            "contains": "time",
            "values": {"avg": 120, "min": 5, "med": 90, "max": 600, "p(90)": 200, "p(95)": 240},
            "thresholds": {"p(95)<400": {"ok": True}, "p(90)<100": {"ok": False}},
        },
        "rate_limited": {"type": "counter", "contains": "default", "values": {"count": 10, "rate": 0.1}},
    },
}
EXPORTED: dict[str, Any] = {
    "metrics": {
        "http_reqs": {"count": 210, "rate": 2.1},
        "http_req_failed": {"passes": 10, "fails": 200, "value": 0.05},
        "http_req_duration": {
            "avg": 120, "min": 5, "med": 90, "max": 600, "p(90)": 200, "p(95)": 240,
            "thresholds": {"p(95)<400": False, "p(90)<100": True},
        },
        "rate_limited": {"count": 10, "rate": 0.1},
    },
    "root_group": {},
}  # fmt: skip


@pytest.mark.parametrize(("document", "shape"), [(HANDLED, "handleSummary"), (EXPORTED, "summary-export")])
def test_both_shapes_are_read_alike(document: dict[str, Any], shape: str) -> None:
    """In --summary-export a threshold that is true has FAILED; in handleSummary `ok` says that it held."""
    run = client.read(json.dumps(document), "k6.json")
    assert run.shape == shape
    assert (run.requests, run.rejected) == (210, 10)
    assert run.seconds == pytest.approx(100)
    assert run.durations["p95"] == pytest.approx(0.24)
    verdicts = {each.signal: each.verdict for each in client.judged(run) if each.verdict}
    assert verdicts == {
        "client.http_req_duration p(95)<400": MET,
        "client.http_req_duration p(90)<100": MISSED,
    }
    (p90,) = [each for each in client.judged(run) if "p(90)" in each.signal]
    assert p90.unit == "seconds"
    assert p90.value == pytest.approx(0.2)
    assert p90.target == pytest.approx(0.1)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"metrics": {}}', '{"metrics": {"http_reqs": 3}}', "k6"])
def test_what_is_no_summary_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"k6\.json is not a k6 summary"):
        client.read(text, "k6.json")


def test_the_difference_between_client_and_server_is_explained() -> None:
    catalog = loader.parse(MINIMAL, "leadline.yaml")
    window = Window(start=100, end=200, load_start=100, load_end=200)
    run = client.read(json.dumps(HANDLED), "k6.json")
    service = snapshot.take(catalog, catalog.services, window, history().ask, run=run).services[0]
    rows = {each.signal: (each.client, each.server) for each in service.client}
    assert rows["requests but 429"][0] == 200
    assert rows["requests but 429"][1] == pytest.approx(200)
    assert (
        "the service counted every request of k6, except 10 answered 429, and no others"
        in service.client_notes
    )
    assert any("no p(99)" in note for note in service.client_notes)
    (step,) = [each for each in service.next_steps if "turned away" in each.title]
    assert "10 requests were answered 429" in step.evidence
    assert "Counter(" in step.snippet
    blind = json.loads(json.dumps(HANDLED))
    del blind["metrics"]["rate_limited"]
    run = client.read(json.dumps(blind), "k6.json")
    service = snapshot.take(catalog, catalog.services, window, history().ask, run=run).services[0]
    assert any("the service counted 10 fewer" in note for note in service.client_notes)
