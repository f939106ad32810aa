"""Snapshots from histories that are written down: every figure is known beforehand."""

from __future__ import annotations

import json
import math

import pytest

from leadline.catalog.model import Catalog
from leadline.measure.reading import Reading
from leadline.measure.window import Window
from leadline.reports import document, markdown, snapshot, text
from leadline.reports.model import Report
from tests.measure.history import History, steady

WINDOW = Window(start=100, end=200, chosen="a test")
TIMES = [time for time, _ in steady(50, 250, 10, 0)]


def history(rate: float = 2.0, errors: float = 0.02, status: str = "code") -> History:
    """Scrape every 10 s from 50 to 250: 20 requests a scrape at most 0.25 s, of which few fail."""
    past = History()
    past.scraped(TIMES)
    past.add("http_requests_total", steady(50, 250, 10, rate - errors), **{status: "200", "route": "/a"})
    if errors:
        past.add("http_requests_total", steady(50, 250, 10, errors), **{status: "500", "route": "/a"})
    for edge, share in (("0.1", 0.5), ("0.25", 0.96), ("0.5", 1), ("1", 1), ("+Inf", 1)):
        past.add(
            "http_request_duration_seconds_bucket", steady(50, 250, 10, rate * share), le=edge, route="/a"
        )
    past.add("http_request_duration_seconds_count", steady(50, 250, 10, rate), route="/a")
    past.add("http_request_duration_seconds_sum", steady(50, 250, 10, rate * 0.12), route="/a")
    return past


def taken(catalog: Catalog, past: History, window: Window = WINDOW) -> Report:
    return snapshot.take(catalog, catalog.services, window, past.ask)


def reading(report: Report, signal: str) -> Reading:
    found = report.services[0].reading(signal)
    assert found is not None, signal
    return found


def test_every_figure_of_a_steady_service_is_what_was_written_down(minimal: Catalog) -> None:
    report = taken(minimal, history())
    assert reading(report, "requests").value == pytest.approx(200)
    assert reading(report, "throughput").value == pytest.approx(2)
    assert reading(report, "throughput.peak").value == pytest.approx(2)
    assert reading(report, "error_ratio").value == pytest.approx(0.01)
    assert reading(report, "success_ratio").value == pytest.approx(0.99)
    assert reading(report, "latency.mean").value == pytest.approx(0.12)
    assert reading(report, "concurrency").value == pytest.approx(0.24)
    assert reading(report, "within.latency.p95").value == pytest.approx(0.96)
    assert reading(report, "latency.p95").verdict == "met"


def test_what_a_profile_lacks_is_named_and_not_zero(minimal: Catalog) -> None:
    cost = reading(taken(minimal, history()), "cost")
    assert cost.value is None
    assert "no metric for cost" in cost.reason


def test_no_series_of_errors_means_none_only_where_the_status_is_known(minimal: Catalog) -> None:
    assert reading(taken(minimal, history(errors=0)), "error_ratio").value == 0
    unknown = reading(taken(minimal, history(errors=0, status="other")), "error_ratio")
    assert unknown.value is None
    assert "no label status, status_code, code" in unknown.reason
    assert unknown.verdict == "undecided"


def test_a_service_without_traffic_has_no_latency_and_no_ratio(minimal: Catalog) -> None:
    report = taken(minimal, history(rate=0, errors=0))
    assert reading(report, "requests").value == 0
    for signal in ("latency.p95", "latency.mean", "error_ratio"):
        assert reading(report, signal).value is None
        assert reading(report, signal).reason == "no requests in the window"
    assert reading(report, "latency.p95").verdict == "undecided"


def test_throughput_is_demand_unless_a_load_was_run(minimal: Catalog, worked_example: Catalog) -> None:
    assert reading(taken(minimal, history()), "throughput").verdict is None
    load = Window(start=100, end=200, load_start=120, load_end=180)
    report = snapshot.take(worked_example, worked_example.services, load, History().ask)
    assert reading(report, "throughput").verdict == "undecided"


def test_a_load_is_divided_by_its_own_span(minimal: Catalog) -> None:
    past = History()
    past.scraped(TIMES)
    points = [(time, min(max(time - 130, 0), 40) * 5) for time in TIMES]
    past.add("http_requests_total", points, code="200")
    report = taken(minimal, past, Window(start=100, end=200, load_start=130, load_end=170))
    assert reading(report, "requests").value == 200
    assert reading(report, "throughput").value == pytest.approx(5)


def test_a_metric_that_does_not_exist_is_told_from_a_wrong_selector_and_a_wrong_window(
    minimal: Catalog,
) -> None:
    assert "there is no metric http_requests_total" in reading(taken(minimal, History()), "requests").reason
    elsewhere = History()
    elsewhere.add("http_requests_total", steady(50, 250, 10, 1), job="other")
    assert 'matches {job="web"' in reading(taken(minimal, elsewhere), "requests").reason
    before = taken(minimal, history(), Window(start=-900, end=-800))
    assert "does it lie before the data" in reading(before, "requests").reason


def test_a_restart_is_counted_through_and_told(minimal: Catalog) -> None:
    past = history()
    past.add("process_start_time_seconds", [(time, 0 if time < 150 else 145) for time in TIMES])
    past.series = [
        (labels, [(t, v if t < 150 else v - dict(points)[140]) for t, v in points])
        if labels["__name__"].startswith("http")
        else (labels, points)
        for labels, points in past.series
    ]
    report = taken(minimal, past)
    requests = reading(report, "requests")
    assert requests.value == pytest.approx(200)
    assert requests.unbounded
    assert requests.provenance is not None
    assert requests.provenance.resets == 1
    assert any("1 restart" in line for line in report.services[0].evidence)


def test_instances_with_different_edges_are_added_at_the_edges_that_all_have(minimal: Catalog) -> None:
    past = history()
    past.scraped(TIMES, instance="b:1")
    for edge in ("0.1", "0.3", "+Inf"):
        past.add("http_request_duration_seconds_bucket", steady(50, 250, 10, 1), le=edge, instance="b:1")
    report = taken(minimal, past)
    p95 = reading(report, "latency.p95")
    assert p95.value is None
    assert p95.lower == 0.1
    assert "different bucket edges" in p95.reason
    assert "0.25, 0.3" in p95.reason
    assert reading(report, "within.latency.p95").upper == 1


def test_a_summary_without_buckets_has_a_mean_and_no_quantile(minimal: Catalog) -> None:
    past = history()
    past.series = [
        (labels, points) for labels, points in past.series if not labels["__name__"].endswith("_bucket")
    ]
    report = taken(minimal, past)
    assert reading(report, "latency.mean").value == pytest.approx(0.12)
    assert "has no buckets" in reading(report, "latency.p95").reason


def test_a_sample_that_is_no_number_is_left_out_and_told(minimal: Catalog) -> None:
    past = history()
    past.series = [
        (labels, [(t, math.nan if t == 150 else v) for t, v in points])
        if labels["__name__"] == "http_requests_total"
        else (labels, points)
        for labels, points in past.series
    ]
    report = taken(minimal, past)
    assert reading(report, "requests").value == pytest.approx(200)
    assert any("NaN" in line for line in report.services[0].evidence)


def test_a_window_between_two_scrapes_measures_nothing_and_says_so(minimal: Catalog) -> None:
    report = taken(minimal, history(), Window(start=101, end=109))
    assert "fewer than two scrapes" in reading(report, "requests").reason


def test_json_is_valid_whatever_was_measured(minimal: Catalog) -> None:
    for past in (history(), History()):
        found = json.loads(document.write(taken(minimal, past)))
        assert found["schema"] == "leadline.report/2"
        for entry in found["services"][0]["readings"]:
            assert entry["value"] is not None or entry["reason"], entry["signal"]
            assert entry["verdict"] != "undecided" or entry["reason"], entry["signal"]


def test_text_and_markdown_say_every_verdict(minimal: Catalog) -> None:
    report = taken(minimal, history())
    for written in (text.write(report), markdown.write(report)):
        assert "✓" in written
        assert "95th percentile" in written
        assert "no data for tokens" in written
