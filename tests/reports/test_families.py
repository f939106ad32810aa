"""Families of metrics in other units, of several names, with failures counted apart: read into the same signals."""

from __future__ import annotations

import promql_parser
import pytest

from leadline.catalog import loader
from leadline.measure.window import Window
from leadline.reports import snapshot
from leadline.reports.model import ServiceReport
from leadline.signals.formulas import FORMULAS, missing
from tests.measure.history import History, steady

WINDOW = Window(start=100, end=200)
TIMES = [time for time, _ in steady(50, 250, 10, 0)]


def taken(profile: str, past: History, more: str = "") -> ServiceReport:
    text = (
        f"project: shop\nscrape_interval: 10s\n{more}\nservices:\n"
        f"  web: {{profile: {profile}, selector: {{job: web}}, targets: {{latency: {{p95: 500ms}}}}}}\n"
    )
    catalog = loader.parse(text, "leadline.yaml")
    for service in catalog.services:
        for formula in FORMULAS.values():
            if not missing(formula, service.instruments, service.missing, ()):
                promql_parser.parse(formula.write(dict(service.instruments), "5m", ()))
    return snapshot.take(catalog, catalog.services, WINDOW, past.ask).services[0]


def value(service: ServiceReport, signal: str) -> float:
    found = service.reading(signal)
    assert found is not None, signal
    assert found.value is not None, found.reason
    return found.value


def scraped() -> History:
    past = History()
    past.scraped(TIMES)
    return past


def count(past: History, name: str, per_second: float, **labels: str) -> None:
    past.add(name, steady(50, 250, 10, per_second), **labels)


def test_milliseconds_are_told_in_seconds() -> None:
    past = scraped()
    labels = {"reporter": "destination", "response_code": "200"}
    for end in ("destination", "source"):  # both ends report the same requests
        count(past, "istio_requests_total", 10, **{**labels, "reporter": end})
    for edge, share in (("100", 0.5), ("250", 0.9), ("500", 1), ("+Inf", 1)):
        count(past, "istio_request_duration_milliseconds_bucket", 10 * share, le=edge, **labels)
    count(past, "istio_request_duration_milliseconds_count", 10, **labels)
    count(past, "istio_request_duration_milliseconds_sum", 10 * 120, **labels)
    service = taken("istio", past)
    assert value(service, "requests") == pytest.approx(1000)
    assert value(service, "latency.mean") == pytest.approx(0.12)
    p95 = service.reading("latency.p95")
    assert p95 is not None
    assert (p95.lower, p95.upper, p95.verdict) == (0.25, 0.5, "met")
    assert service.histogram[0] == (0.1, 500)


def test_tokens_of_two_metrics_are_one_instrument() -> None:
    past = scraped()
    count(past, "vllm:prompt_tokens_total", 300, model_name="m")
    count(past, "vllm:generation_tokens_total", 100, model_name="m")
    for edge, share in (("0.1", 0.5), ("0.25", 1), ("+Inf", 1)):
        count(past, "vllm:time_to_first_token_seconds_bucket", 10 * share, le=edge, model_name="m")
    count(past, "vllm:time_to_first_token_seconds_count", 10, model_name="m")
    count(past, "vllm:time_to_first_token_seconds_sum", 1, model_name="m")
    past.add("process_cpu_seconds_total", steady(50, 250, 10, 2))
    prices = (
        "prices: {m: {input: 1, output: 2, as_of: 2026-11-01}}\n"
        "infrastructure: {core_hour: 0.04 USD, gib_hour: 0.005 USD, as_of: 2026-11-01}"
    )
    service = taken("vllm", past, prices)
    assert value(service, "tokens") == pytest.approx(40_000)
    assert value(service, "tokens.input") == pytest.approx(30_000)
    assert value(service, "cost") == pytest.approx((30_000 + 2 * 10_000) / 1e6)
    assert value(service, "first_token.mean") == pytest.approx(0.1)
    p50 = service.reading("first_token.p50")
    assert p50 is not None
    assert p50.value is not None
    infrastructure = service.reading("cost.infrastructure")
    assert infrastructure is not None
    assert "neither cpu usage" in infrastructure.reason


def test_failures_that_are_counted_apart_are_errors() -> None:
    past = scraped()
    count(past, "vm_http_requests_total", 10, path="/a")
    count(past, "vm_http_request_errors_total", 0.5, path="/a")
    assert value(taken("victoria-metrics", past), "error_ratio") == pytest.approx(0.05)


def test_a_label_that_only_failures_carry_means_success_where_it_is_absent() -> None:
    past = scraped()
    name = "gen_ai_client_operation_duration_seconds_count"
    count(past, name, 9, gen_ai_request_model="m")
    count(past, name, 1, gen_ai_request_model="m", error_type="timeout")
    assert value(taken("otel-genai", past), "error_ratio") == pytest.approx(0.1)


def test_a_summary_shows_its_own_quantiles_and_none_is_made_of_them() -> None:
    past = scraped()
    count(past, "http_server_requests_seconds_count", 10, status="200")
    count(past, "http_server_requests_seconds_sum", 1, status="200")
    for instance, seconds in (("a:1", 0.12), ("b:1", 0.2)):
        points = [(time, seconds) for time in TIMES]
        past.add("http_server_requests_seconds", points, quantile="0.95", instance=instance)
    service = taken("micrometer", past)
    assert value(service, "latency.mean") == pytest.approx(0.1)
    p95 = service.reading("latency.p95")
    assert p95 is not None
    assert p95.value is None
    assert p95.verdict == "undecided"
    assert "they were latency.p95 120 ms to 200 ms" in p95.reason
    assert p95.provenance is None


def test_machines_cost_what_the_catalog_says_they_do() -> None:
    past = scraped()
    count(past, "http_requests_total", 10, code="200")
    count(past, "process_cpu_seconds_total", 2)
    past.add("process_resident_memory_bytes", [(time, float(2**30)) for time in TIMES])
    prices = "infrastructure: {core_hour: 0.04 USD, gib_hour: 0.005 USD, as_of: 2026-11-01}"
    service = taken("generic-http", past, prices)
    assert value(service, "cost.infrastructure_per_hour") == pytest.approx(2 * 0.04 + 0.005)
    assert value(service, "cost.infrastructure") == pytest.approx(0.085 * 100 / 3600)
