"""The short faults suite: simulated fleets in a real Prometheus, every request logged, every figure beside the truth."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from evidence.faults import scenarios
from evidence.faults.run import Result, results
from evidence.faults.scenarios import FAMILIES, FAULTS
from leadline.measure import thinning
from leadline.measure.reading import Reading
from leadline.reports.model import UNDECIDED

pytestmark = pytest.mark.integration
SHORT = [fault for fault in FAULTS.values() if fault.short]


@pytest.fixture(scope="module")
def found() -> Mapping[str, Result]:
    return {result.fault.name: result for result in results(SHORT)}


def reading(found: Mapping[str, Result], fault: str, signal: str) -> Reading:
    result = found[fault].report.reading(signal)
    assert result is not None
    return result


def test_every_family_of_faults_is_registered() -> None:
    folder = Path(scenarios.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(FAMILIES)
    assert len(FAMILIES) == len(set(FAMILIES))


@pytest.mark.parametrize("fault", [fault.name for fault in SHORT])
def test_no_figure_is_untrue(fault: str, found: Mapping[str, Result]) -> None:
    assert [cell.untrue for cell in found[fault].cells if cell.untrue] == []


def test_a_long_window_is_true_by_few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take ten minutes for a long window, and six cells for many: points in between, raw samples where something happened."""
    monkeypatch.setattr(thinning, "LONG_SCRAPES", 10)
    monkeypatch.setattr(thinning, "CELLS", 6)
    wrong = {
        result.fault.name: [cell.untrue for cell in result.cells if cell.untrue]
        for result in results(each for each in SHORT if each.name != "remote-write-without-up")
    }
    assert {name: found for name, found in wrong.items() if found} == {}


def test_the_short_suite_has_twenty_faults_of_every_kind() -> None:
    assert len(SHORT) >= 20
    assert {fault.kind for fault in SHORT} == {fault.kind for fault in FAULTS.values()} - {"windows"}
    assert len(FAULTS) >= 60
    assert sum(bool(fault.outside) for fault in FAULTS.values()) <= 5


@pytest.mark.parametrize(
    "fault", ["steady", "scale-up", "rolling-update-drained", "gap", "round-robin-pods", "honor-labels"]
)
def test_a_fault_that_loses_nothing_leaves_figures_exact_and_verdicts_decided(
    fault: str, found: Mapping[str, Result]
) -> None:
    for signal in ("requests", "error_ratio", "latency.mean", "cost_per_1k_tokens"):
        assert reading(found, fault, signal).is_exact, signal
    assert reading(found, fault, "error_ratio").verdict == "met"
    assert reading(found, fault, "latency.p95").verdict == "missed"


@pytest.mark.parametrize("fault", ["scraped-by-two-jobs", "replicas-without-a-label-known"])
def test_one_process_scraped_twice_is_counted_once_and_said(fault: str, found: Mapping[str, Result]) -> None:
    requests, truth = reading(found, fault, "requests"), next(iter(found[fault].cells)).truth
    assert requests.value == truth
    assert not requests.is_exact
    assert any("may be one process" in line for line in found[fault].report.evidence)


def test_a_known_replica_label_chooses_the_more_complete_replica(found: Mapping[str, Result]) -> None:
    assert any(
        "more complete replica" in line for line in found["replicas-with-replica-labels"].report.evidence
    )


def test_an_incomplete_answer_leaves_every_verdict_undecided(found: Mapping[str, Result]) -> None:
    report = found["half-of-the-answer-is-missing"].report
    judged = [each for each in report.readings if each.verdict]
    assert judged
    assert all(each.verdict == UNDECIDED and "incomplete" in each.reason for each in judged)


def test_around_a_restart_what_may_be_missing_is_said_with_what_would_change_the_verdict(
    found: Mapping[str, Result],
) -> None:
    errors = reading(found, "restart-that-lost-errors", "error_ratio")
    assert errors.value == 0
    assert errors.verdict == UNDECIDED
    assert "may be missing" in errors.reason
    assert "failed ones change the verdict" in errors.reason
    evidence = found["restart-that-lost-errors"].report.evidence
    assert any("unobserved before a restart or the end" in line for line in evidence)
