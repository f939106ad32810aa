"""Objectives and alerts in the window: budgets that burned, and what fired meanwhile."""

from __future__ import annotations

import pytest

from leadline.catalog import loader
from leadline.reports import snapshot, text
from leadline.reports.model import Report
from tests.conftest import MINIMAL
from tests.measure.history import History
from tests.reports.test_snapshot import TIMES, WINDOW, history

CATALOG = loader.parse(
    MINIMAL.rstrip()
    + "\n    objectives: {availability: {target: 99.9%, period: 7d}, latency: {target: 90%, within: 250ms, period: 7d}}\n",
    "leadline.yaml",
)


def taken(past: History) -> Report:
    return snapshot.take(CATALOG, CATALOG.services, WINDOW, past.ask)


def test_a_budget_burns_as_fast_as_what_failed_exceeds_what_is_allowed() -> None:
    availability, latency = taken(history()).services[0].burns
    assert availability.rate == pytest.approx(0.01 / 0.001)
    assert availability.spent == pytest.approx(10 * 100 / (7 * 86400))
    assert "lasts 0.7 days" in availability.note
    assert latency.rate == pytest.approx(0.04 / 0.1)


def test_alerts_that_were_active_in_the_window_are_named_the_firing_ones_first() -> None:
    past = history()
    for name, state, service in (
        ("A", "pending", "web"),
        ("B", "firing", "web"),
        ("C", "firing", "api"),
        ("D", "firing", ""),
    ):
        labels = {
            "alertname": name,
            "alertstate": state,
            "service": service,
            "project": "shop",
            "severity": "critical",
        }
        past.add("ALERTS", [(time, 1) for time in TIMES if 150 <= time <= 180], **labels)
    past.add("ALERTS", [(time, 1) for time in TIMES], alertname="E", alertstate="firing", project="other")
    report = taken(past)
    assert [(each.name, each.state) for each in report.services[0].alerts] == [
        ("B", "firing"),
        ("D", "firing"),
        ("A", "pending"),
    ]
    assert (report.services[0].alerts[0].start, report.services[0].alerts[0].end) == (150, 180)
    assert "firing: B (critical) of web, from 1970-01-01T00:02:30.000Z" in text.write(report)


def test_what_does_not_burn_and_does_not_fire_is_said() -> None:
    written = text.write(taken(history(errors=0)))
    assert "no alert was pending or firing" in written
    assert "✓  availability 99.900 %" in written
