"""Values at the limits: what Prometheus or Kubernetes would refuse is refused by file, line and key, with a remedy."""

from __future__ import annotations

from decimal import Decimal

import pytest

from leadline.base.errors import CatalogError
from leadline.catalog import loader
from leadline.catalog.model import Catalog
from leadline.signals.promql import le_matcher


def catalog(text: str, top: str = "") -> Catalog:
    return loader.parse(
        f"project: p\nservices: {{s: {{profile: generic-http, selector: {{job: x}}, {text}}}}}\n{top}", "f"
    )


NINES = "9" * 5000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"targets: {{latency: {{p95: {NINES}ms}}}}", "too long for a duration"),
        (f"targets: {{error_ratio: 0.{NINES}}}", "characters; write a number of at most 15 digits"),
        (f"objectives: {{availability: {{target: 99.{NINES}%, period: 28d}}}}", "at most 15 digits"),
        ("objectives: {availability: {target: 99.99999%, period: 28d}}", "more than can be measured; write at most 99.9999%"),
        ("targets: {throughput: 1e400 rps}", "is not a rate"),
        ("targets: {latency: {p99.9: 1s, p999: 2s}}", "p999 is the same quantile as p99.9"),
        ("targets: {latency: {p95: 1s, p95.0: 2s}}", "p95.0 is the same quantile as p95"),
        ("targets: {cost_per_request: 0 USD}", "must be more than zero"),
        ("alerts: {restarts: 0}", "between 1 and 20"),
        ("alerts: {headroom: 1e12}", "more than 1000 times"),
        ("alerts: {traffic_drop: 0.0001%}", "between 0.1% and 99.9%"),
        ("alerts: {least_bad: 1000000000}", "more than 100000"),
        ("instruments: {cpu_limit: {value: 0}}", "not above zero"),
        ("instruments: {cpu_limit: {value: -2}}", "not above zero"),
        ("instruments: {latency: {buckets: [-1, 1]}}", "cannot be below zero"),
        ("instruments: {requests: {labels: {status: []}}}", "names no label"),
        ("instruments: {requests: {labels: {status: [a, a]}}}", "names a label twice"),
        ("instruments: {requests: {labels: {status: {source: a, values: {'': b}}}}}", "cannot be renamed"),
        ("instruments: {requests: {selector: {__name__: x}}}", "is chosen by each rule"),
        ("instruments: {requests: {selector: {job: []}}}", "is an empty list"),
    ],
)  # fmt: skip
def test_of_a_service(text: str, says: str) -> None:
    with pytest.raises(CatalogError, match=r"^f:2 services\.s") as raised:
        catalog(text)
    assert says in str(raised.value)


@pytest.mark.parametrize("selector", ["{job: []}", "{job: ''}", "{job: '~.*'}", "{job: '!~x'}", "{}"])
def test_a_selector_that_keeps_no_series_out_is_refused(selector: str) -> None:
    with pytest.raises(CatalogError, match=r"empty list|every series"):
        loader.parse(f"project: p\nservices: {{s: {{profile: generic-http, selector: {selector}}}}}", "f")


@pytest.mark.parametrize(
    ("top", "says"),
    [
        ("prices: {m: {input: 1, output: 1, as_of: 2026-99-99}}", "'2026-99-99' is not a date"),
        ("prices: {m: {input: 1, output: 1, as_of: 2026-02-29}}", "not a date"),
        ("prices: {m: {input: -1, output: 1, as_of: 2026-01-01}}", "is negative"),
        ("prices: {m: {input: 0, output: 0, as_of: 2026-01-01}}", "every price is zero"),
        ("budget: {monthly: 0 USD}", "must be more than zero"),
        ("scrape_interval: 5m", "between 1s and 120s"),
        ("evaluation_interval: 1ms", "between 1s and 300s"),
        ("retention: 99999999999d", "longer than ten years"),
    ],
)
def test_of_the_catalog(top: str, says: str) -> None:
    with pytest.raises(CatalogError, match=r"^f:3 "):
        catalog("", top)
    with pytest.raises(CatalogError, match=says):
        catalog("", top)


def test_the_projects_own_rules_keep_their_name() -> None:
    with pytest.raises(CatalogError, match="'project' names the rules of the whole project"):
        loader.parse("project: p\nservices: {project: {profile: generic-http, selector: {job: x}}}", "f")


@pytest.mark.parametrize(
    "schedule", ["0 0 * * 0", "@daily", "@hourly", "*/5 * * * *", "0 9-17/2 * jan-mar MON,fri", "0 0 ? * *"]
)
def test_a_schedule_that_kubernetes_accepts(schedule: str) -> None:
    read = catalog("", f"kubernetes: {{snapshot: {{image: i, schedule: '{schedule}'}}}}")
    assert read.cluster.snapshot
    assert read.cluster.snapshot.schedule == schedule


@pytest.mark.parametrize(
    "schedule",
    ["0 0 * * 7", "@reboot", "0 0 * *", "60 * * * *", "0 0 0 * *", "0 0 * * fri-mon", "TZ=UTC 0 0 * * *"],
)
def test_a_schedule_that_kubernetes_refuses(schedule: str) -> None:
    with pytest.raises(CatalogError, match="not a schedule that Kubernetes accepts"):
        catalog("", f"kubernetes: {{snapshot: {{image: i, schedule: '{schedule}'}}}}")


def test_an_edge_that_shows_how_a_float_was_computed_is_the_edge_that_is_meant() -> None:
    objective = "objectives: {latency: {target: 99%, within: 300ms, period: 28d}}"
    service = catalog(
        f"instruments: {{latency: {{buckets: [0.1, 0.30000000000000004, 1]}}}}, {objective}"
    ).services[0]
    latency = service.instruments["latency"]
    assert latency.buckets == (Decimal("0.1"), Decimal("0.3"), Decimal(1))
    assert latency.raw_edge(Decimal("0.3")) == "0.30000000000000004"


@pytest.mark.parametrize(
    ("edge", "spellings"),
    [
        ("1", ("1", "1.0")),
        ("0.5", ("0.5",)),
        ("0.00001", ("0.00001", "1e-05")),
        ("0.000025", ("0.000025", "2.5e-05")),
        ("1000000", ("1000000", "1000000.0", "1e+06")),
        ("2500000", ("2500000", "2500000.0", "2.5e+06")),
    ],
)
def test_an_edge_is_matched_however_client_libraries_write_it(edge: str, spellings: tuple[str, ...]) -> None:
    assert all(le_matcher(edge).holds(each) for each in spellings)
    assert not le_matcher(edge).holds("7")
