"""The loop, end to end: k6 loads, Prometheus scrapes, and the snapshot says what was really so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from leadline.catalog import loader
from leadline.catalog.endpoints import Endpoint
from leadline.cli.main import run
from leadline.compose.generate import generated
from leadline.demo.beside import Row
from leadline.demo.run import Finished, catalog
from leadline.demo.truth import quantile
from leadline.deploy import tree
from leadline.prometheus.client import Prometheus
from tests.conftest import ROOT

pytestmark = pytest.mark.integration

VARIABLES = {"$service": ".+", "${service}": ".+", "$route": ".+", "${route}": ".+", "$__rate_interval": "1m"}


@pytest.fixture(scope="session")
def prometheus(demo: Finished) -> Prometheus:
    return Prometheus(Endpoint(url=demo.urls["Prometheus"]))


def row(demo: Finished, signal: str) -> Row:
    return next(each for each in demo.rows if each.signal == signal)


def test_requests_and_errors_equal_k6s_less_its_429s_exactly(demo: Finished) -> None:
    summary = demo.summary
    assert summary.rate_limited > 0
    assert row(demo, "requests").reading.value == summary.total - summary.rate_limited == summary.recorded
    errors = row(demo, "error_ratio").reading.value
    assert errors == pytest.approx(summary.errors / summary.recorded, rel=1e-12)
    assert summary.errors > 0


def test_throughput_over_the_loads_span_is_k6s_within_one_percent(demo: Finished) -> None:
    throughput = row(demo, "throughput")
    assert throughput.reading.value == pytest.approx(throughput.k6, rel=0.01)


def test_tokens_and_cost_are_what_the_service_counted(demo: Finished) -> None:
    for signal in ("tokens", "cost"):
        assert row(demo, signal).reading.value == pytest.approx(row(demo, signal).truth, rel=1e-9)


def test_the_truth_is_inside_every_bound(demo: Finished) -> None:
    assert {each.signal for each in demo.rows} >= {"latency.p50", "latency.p90", "latency.p95", "latency.p99"}
    for each in demo.rows:
        assert each.inside, each


def test_figures_whose_bounds_meet_are_the_truth(demo: Finished) -> None:
    exact = [each for each in demo.rows if each.reading.lower == each.reading.upper]
    assert {each.signal for each in exact} >= {"requests", "error_ratio", "latency.mean", "tokens", "cost"}
    for each in exact:
        assert each.reading.value == pytest.approx(each.truth, rel=1e-9), each.signal


def test_verdicts_are_never_at_odds_with_the_truth(demo: Finished) -> None:
    for each in demo.rows:
        target, verdict = each.reading.target, each.reading.verdict
        if target is None or verdict not in ("met", "missed"):
            continue
        kept = each.truth >= target if each.reading.floor else each.truth <= target
        assert verdict == ("met" if kept else "missed"), each.signal


def test_every_generated_rule_is_healthy(demo: Finished, prometheus: Prometheus) -> None:
    rules = [rule for group in prometheus.rule_groups() for rule in group["rules"]]
    assert len(rules) == demo.rules > 20
    assert {rule["health"] for rule in rules} == {"ok"}


def test_every_panel_returns_data_or_names_what_is_lacking(
    demo: Finished, out: Path, prometheus: Prometheus
) -> None:
    asked, empty = 0, []  # asked at the end of the load, and now: what is summed seldom is there only later
    for path in sorted((out / "generated/grafana").glob("*.json")):
        dashboard = json.loads(path.read_text("utf-8"))
        for panel in dashboard["panels"]:
            if panel["type"] == "text":
                assert re.search(r"instrument|leadline snapshot|profile", panel["options"]["content"])
            for target in panel.get("targets", []):
                query = _substituted(target["expr"])
                then, now = (prometheus.ask(query, at=at) for at in (demo.report.window.end, None))
                asked += 1
                if not any(series.samples for series in (*then.series, *now.series)):
                    empty.append((path.name, panel["title"], target["legendFormat"]))
    assert asked > 80
    assert {(title, legend) for _, title, legend in empty} <= RIGHTLY_EMPTY, empty


RIGHTLY_EMPTY = {
    ("Requests per second over half an hour, and a week before", "{{service}} a week before"),
    ("USD per hour, and what past weeks' same hour cost", "{{service}} past weeks"),
    ("USD per hour, and what past weeks' same hour cost", "{{service}} anomaly"),
    ("Least budget left", "Least budget left"),
    ("Services", "Budget left"),
    ("Budget left", "{{objective}}"),
    ("Budget left", "{{service}} {{objective}}"),
    ("Objectives", "Budget left"),
    ("Objectives", "Lasts for, at this rate"),
    ("Budget lasts for, at the present rate", "{{service}} {{objective}}"),
}
"""What a Prometheus of a minute's age cannot know."""


def _substituted(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression.replace("$1", "").replace("${1}", ""), expression
    return expression


def test_every_variable_of_a_dashboard_offers_something(
    demo: Finished, out: Path, prometheus: Prometheus
) -> None:
    names = prometheus.ask('count by (service, route) ({__name__="route:requests:rate5m"})').series
    assert {series.labels["service"] for series in names} == {"orchestrator"}
    assert "/task" in {series.labels["route"] for series in names}
    assert not {series.labels["route"] for series in names} & {"/health", "/metrics"}


def test_what_a_user_asked_for_is_written(demo: Finished, out: Path) -> None:
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert report["schema"] == "leadline.report/2"
    assert _readings(report)["requests"]["value"] == demo.summary.recorded
    assert "95th percentile" in (out / "report.md").read_text("utf-8")
    k6 = json.loads((out / "k6.json").read_text("utf-8"))
    assert k6["metrics"]["http_reqs"]["values"]["count"] == demo.summary.total
    assert not tree.difference(out / "generated", generated(catalog()))


def test_the_footprint_of_the_rules_is_asked_of_the_demos_prometheus(
    demo: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    demo_catalog = str(ROOT / "leadline/demo/leadline.yaml")
    assert run(["generate", "--footprint", "--url", demo.urls["Prometheus"], "-c", demo_catalog]) == 0
    said = capsys.readouterr().out
    total = next(line.split() for line in said.splitlines() if line.strip().startswith("all"))
    assert int(total[1]) + int(total[2]) == demo.rules
    assert int(total[3].replace(",", "")) > 50
    assert re.search(r"\d+ alerts read .* samples per evaluation", said)


def _readings(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["signal"]: entry for entry in report["services"][0]["readings"]}


def test_the_demo_observes_the_worked_examples_service() -> None:
    example = loader.load(ROOT / "leadline.yaml").services[0]
    shown = catalog().services[0]
    assert (shown.name, shown.profile) == (example.name, example.profile)
    own = dict(shown.instruments)
    assert own.pop("cpu_limit").constant == 1  # one Python process on this machine
    assert own == example.instruments
    differing = {target.signal for target in set(shown.targets) ^ set(example.targets)}
    assert differing == {"throughput"}
    assert shown.objectives == example.objectives


def test_quantiles_of_the_truth_are_those_of_k6() -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.5
    assert quantile([1.0], 0.99) == 1.0
