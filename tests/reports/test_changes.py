"""Two snapshots: better and worse only where it is more than chance, and in the direction that matters."""

from __future__ import annotations

import json
import random
from bisect import bisect_right
from dataclasses import replace

import pytest

from leadline.base.errors import UsageError
from leadline.catalog import loader
from leadline.measure.reading import Reading
from leadline.measure.window import Window
from leadline.reports import changes, document, snapshot
from leadline.reports.changes import BETTER, SAME, WORSE
from leadline.reports.model import Change, Report
from tests.conftest import MINIMAL
from tests.measure.history import History

TIMES = list(range(50, 251, 10))
EDGES = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


def report(median: float, *, count: int = 4000, errors: int = 0, seed: int = 1) -> Report:
    """Return the snapshot of requests of lognormal latency, all between two scrapes inside the window."""
    chance = random.Random(seed)
    values = sorted(median * chance.lognormvariate(0, 0.5) for _ in range(count))
    past = History()
    past.scraped([float(time) for time in TIMES])

    def step(total: float) -> list[tuple[float, float]]:
        return [(float(time), 0.0 if time < 150 else total) for time in TIMES]

    past.add("http_requests_total", step(count - errors), code="200")
    past.add("http_requests_total", step(errors), code="500")
    for edge in EDGES:
        past.add("http_request_duration_seconds_bucket", step(bisect_right(values, edge)), le=str(edge))
    past.add("http_request_duration_seconds_bucket", step(count), le="+Inf")
    past.add("http_request_duration_seconds_count", step(count))
    past.add("http_request_duration_seconds_sum", step(sum(values)))
    catalog = loader.parse(MINIMAL, "leadline.yaml")
    window = Window(start=100, end=200, load_start=110, load_end=190)
    return snapshot.take(catalog, catalog.services, window, past.ask)


def found(now: Report, before: Report) -> dict[str, str]:
    service = changes.compared(now, before, "before").services[0]
    return {each.signal: each.change for each in service.changes}


def test_slower_is_worse_and_faster_is_better() -> None:
    slow, fast = report(0.12), report(0.06, seed=2)
    assert found(slow, fast)["latency.p95"] == WORSE
    assert found(fast, slow)["latency.p95"] == BETTER
    assert found(slow, fast)["latency.mean"] == WORSE


def test_another_draw_of_the_same_is_no_difference() -> None:
    for seed in range(2, 8):
        result = found(report(0.08, seed=seed), report(0.08, seed=1))
        assert {result[f"latency.{name}"] for name in ("p50", "p95", "p99", "mean")} == {SAME}


def test_few_requests_cannot_tell_what_many_can() -> None:
    assert found(report(0.09, count=30, seed=3), report(0.08, count=30))["latency.p50"] == SAME
    assert found(report(0.09, count=20_000, seed=3), report(0.08, count=20_000))["latency.p50"] == WORSE


def test_throughput_has_a_floor_and_errors_a_ceiling() -> None:
    less, more = report(0.08, count=2000), report(0.08, count=4000)
    assert found(less, more)["throughput"] == WORSE
    assert found(more, less)["throughput"] == BETTER
    assert found(report(0.08, errors=200), report(0.08, errors=20))["error_ratio"] == WORSE


def test_demand_has_no_better_direction() -> None:
    quiet = replace(report(0.08, count=2000), window=Window(start=100, end=200))
    assert found(quiet, report(0.08, count=4000))["throughput"] == "differs"


def test_regressions_are_named_and_survive_the_json() -> None:
    slow, fast = report(0.12), report(0.06, seed=2)
    again = document.read(document.write(slow), "slow.json")
    compared = changes.compared(again, document.read(document.write(fast), "fast.json"), "fast.json")
    assert "web latency.p95" in changes.regressions(compared)
    assert compared.against.startswith("fast.json, 1970-01-01")


def test_what_has_no_data_is_told() -> None:
    nothing = snapshot.take(
        catalog := loader.parse(MINIMAL, "leadline.yaml"),
        catalog.services,
        Window(start=100, end=200),
        History().ask,
    )
    service = changes.compared(nothing, report(0.08), "before").services[0]
    assert any(note.startswith("requests has no data now") for note in service.change_notes)


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "other/1"}', '{"schema": "leadline.report/1"}'])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"x\.json is not a report"):
        document.read(text, "x.json")


def changed(now: Report, before: Report, signal: str) -> Change:
    service = changes.compared(now, before, "before").services[0]
    return next(each for each in service.changes if each.signal == signal)


def with_reading(report: Report, signal: str, **more: object) -> Report:
    service = report.services[0]
    readings = [replace(each, **more) if each.signal == signal else each for each in service.readings]  # type: ignore[arg-type]
    return replace(report, services=(replace(service, readings=tuple(readings)),))


def test_an_estimate_that_moved_against_what_was_counted_is_never_better() -> None:
    """More requests took longer than the edge, though the estimate inside the bucket fell."""
    before, now = report(0.08), report(0.12, seed=2)
    told = with_reading(now, "latency.p95", value=0.01)
    change = changed(told, before, "latency.p95")
    assert change.change == SAME
    assert "the estimate moved the other way" in change.reason


def test_a_ratio_of_few_lookups_is_judged_by_these_and_not_by_all_requests() -> None:
    before, now = report(0.08), report(0.08, seed=2)
    cache = Reading(signal="cache_hit_ratio", unit="ratio", value=0.5, lower=0.5, upper=0.5, events=20)
    few = [
        replace(each, services=(replace(service, readings=(*service.readings, reading)),))
        for each, reading in ((before, cache), (now, replace(cache, value=0.6, lower=0.6, upper=0.6)))
        for service in each.services
    ]
    assert changed(few[1], few[0], "cache_hit_ratio").change == SAME


def test_an_incomplete_answer_is_no_evidence() -> None:
    slow, fast = report(0.12), report(0.06, seed=2)
    partial = with_reading(slow, "latency.p95", incomplete="store eu-1 did not answer")
    assert changed(partial, fast, "latency.p95").change == SAME


def test_a_report_of_schema_1_is_compared_and_said_to_mean_less() -> None:
    now = report(0.08)
    old = json.loads(document.write(now))
    old["schema"] = "leadline.report/1"
    for each in old["services"][0]["readings"]:
        for key in ("exact", "missing", "assumption", "incomplete", "events"):
            each.pop(key)
    before = document.read(json.dumps(old), "old.json")
    service = changes.compared(now, before, "old.json").services[0]
    assert {each.change for each in service.changes} == {SAME}
    assert any("leadline.report/1" in note for note in service.change_notes)
