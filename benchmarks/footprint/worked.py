"""The worked example: the rules that two versions generate from it, and a plausible three days of all that they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import volume
from benchmarks.footprint.workload import DAY, HOUR, History, Scraped, Workload
from leadline.signals import series_names

HERE = Path(__file__).parent.parent.parent
CATALOG = HERE / "leadline.yaml"
OWN = {"project": "threads-agent", "service": "orchestrator"}
HTTP_JOB, MODEL_JOB = "threads-agent-orchestrator", "threads-agent-persona-runtime"
INSTANCES = 3
ENDPOINTS = (
    ("POST", "/task", 30.0),
    ("GET", "/task/status", 60.0),
    ("GET", "/threads", 10.0),
    ("POST", "/search", 5.0),
)
"""Method, path and requests a second of each instance."""
PROBES = (("GET", "/health", 0.2), ("GET", "/metrics", 0.07))
"""What the catalog excludes."""
CODES = {"200": 0.9895, "404": 0.01, "500": 0.0005}
EDGES = {
    "0.005": 0.02, "0.01": 0.08, "0.025": 0.25, "0.05": 0.45, "0.1": 0.7, "0.25": 0.93,
    "0.5": 0.985, "1.0": 0.996, "2.5": 0.9995, "5.0": 1.0, "10.0": 1.0, "+Inf": 1.0,
}  # fmt: skip
"""The share of requests within each bucket."""
MEAN_SECONDS = 0.09
MODELS = {"gpt-4o": (900.0, 0.0045), "gpt-4o-mini": (5000.0, 0.0015), "o4-mini": (100.0, 0.0003)}
"""Tokens and US dollars a second of each instance; the last has no price in the catalog."""
OBJECTIVES = {
    "availability": (315.0, 0.16),
    "latency": (315.0, 4.7),
    "freshness": (1.0, 0.0),
    "cost": (18000.0, 0.0),
}
"""Events and bad events a second of each."""
EVALUATIONS, LEAD_SECONDS = 5, 120
"""Evaluations of each group, whose median time counts, and how long it takes to write the blocks, about."""
RAW_DAYS, PERIOD_DAYS, WEEKS_DAYS = 3, 7, 14


def rule_files(checkout: Path, out: Path) -> tuple[str, ...]:
    """Generate the worked example with the code of a checkout; return the texts of its rule files."""
    volume.generate(checkout, CATALOG, out)
    return tuple(path.read_text("utf-8") for path in sorted((out / volume.RULES).glob("*.yaml")))


def workload() -> Workload:
    """Return what the rules of both versions read, and what both had recorded themselves by now."""
    scraped = sorted((*_requests(), *_durations(), *_model()), key=lambda each: each.name)
    return Workload(scraped=tuple(scraped), histories=tuple(_histories()), raw_days=RAW_DAYS)


def _instances(job: str) -> Iterator[Mapping[str, str]]:
    for number in range(INSTANCES):
        yield {"job": job, "instance": f"{number}:8080"}


def _requests() -> Iterator[Scraped]:
    for target in _instances(HTTP_JOB):
        for method, endpoint, rate in ENDPOINTS:
            for code, share in CODES.items():
                labels = {**target, "method": method, "endpoint": endpoint, "status_code": code}
                yield Scraped(name="http_requests_total", labels=labels, per_second=rate * share)
        for method, endpoint, rate in PROBES:
            labels = {**target, "method": method, "endpoint": endpoint, "status_code": "200"}
            yield Scraped(name="http_requests_total", labels=labels, per_second=rate)
        yield from _process(target)


def _durations() -> Iterator[Scraped]:
    name = "http_request_duration_seconds"
    for target in _instances(HTTP_JOB):
        for method, endpoint, rate in (*ENDPOINTS, *PROBES):
            labels = {**target, "method": method, "endpoint": endpoint}
            for edge, share in EDGES.items():
                yield Scraped(name=f"{name}_bucket", labels={**labels, "le": edge}, per_second=rate * share)
            yield Scraped(name=f"{name}_sum", labels=labels, per_second=rate * MEAN_SECONDS)
            yield Scraped(name=f"{name}_count", labels=labels, per_second=rate)


def _model() -> Iterator[Scraped]:
    for target in _instances(MODEL_JOB):
        for model, (tokens, dollars) in MODELS.items():
            for kind, share in (("prompt", 0.8), ("completion", 0.2)):
                labels = {**target, "model": model, "token_type": kind, "service": "unknown"}
                yield Scraped(name="ai_tokens_total", labels=labels, per_second=tokens * share)
            labels = {**target, "model": model}
            yield Scraped(name="openai_api_costs_usd_total", labels=labels, per_second=dollars)
        for result, rate in (("hit", 35.0), ("miss", 65.0)):
            labels = {**target, "operation": "search", "result": result}
            yield Scraped(name="cache_operations_total", labels=labels, per_second=rate)
        yield from _process(target)


def _process(target: Mapping[str, str]) -> Iterator[Scraped]:
    yield Scraped(name="process_cpu_seconds_total", labels=target, per_second=0.3)
    yield Scraped(name="process_resident_memory_bytes", labels=target, start=2.5e8)
    yield Scraped(name="process_start_time_seconds", labels=target, start=1.7e9)


def _histories() -> Iterator[History]:
    hour = HOUR / DAY
    for objective, (events, bad) in OBJECTIVES.items():
        labels = {**OWN, "objective": objective}
        for rate, counted, each in (
            (series_names.slo_events("5m"), series_names.SLO_EVENTS_COUNTED, events),
            (series_names.slo_bad_events("5m"), series_names.SLO_BAD_EVENTS_COUNTED, bad),
        ):
            yield History(record=counted, labels=labels, value=60 * each, days=PERIOD_DAYS, every_seconds=60)
            yield History(record=rate, labels=labels, value=each, days=RAW_DAYS, every_seconds=15)
    freshness = {**OWN, "objective": "freshness"}
    for record, value in ((series_names.SLO_MOMENTS, 1.0), (series_names.SLO_BAD_MOMENTS, 0.0)):
        yield History(record=record, labels=freshness, value=value, days=RAW_DAYS, every_seconds=15)
    spent = INSTANCES * sum(dollars for _, dollars in MODELS.values())
    days = WEEKS_DAYS + hour
    yield History(record=series_names.cost("1h"), labels=OWN, value=spent, days=days, every_seconds=15)
    days = PERIOD_DAYS + hour
    yield History(record=series_names.requests("30m"), labels=OWN, value=315.0, days=days, every_seconds=15)
    yield History(
        record=series_names.TARGETS_UP, labels=OWN, value=INSTANCES, days=1 + hour, every_seconds=60
    )
