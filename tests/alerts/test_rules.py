"""Rules: they parse, they pass promtool, and what was left out is said."""

from __future__ import annotations

import subprocess
from pathlib import Path

import promql_parser
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alerts import rules
from alerts.model import Alert, Recording
from cli.compose import generated, remarks
from k8s import tree
from signals import reading
from signals.catalog import Catalog
from tests.conftest import MINIMAL

OTEL = """\
project: shop
services:
  web:
    profile: otel-http
    selector: {job: [web, 'we"b.2']}
    targets: {latency: {p95: 400ms, p99: 20s}, error_ratio: 1%}
    objectives:
      availability: {target: 99%, period: 28d}
      latency: {target: 99%, within: 500ms, period: 30d}
  api:
    profile: generic-http
    selector: {job: api}
    objectives:
      availability: {target: 90%, period: 7d}
budget: {monthly: 10 USD}
"""


def every_rule(catalog: Catalog) -> list[Recording | Alert]:
    return [rule for file in rules.build(catalog) for group in file.groups for rule in group.rules]


@pytest.fixture(params=["worked example", "minimal", "otel"])
def catalog(request: pytest.FixtureRequest, worked_example: Catalog) -> Catalog:
    texts = {"minimal": MINIMAL, "otel": OTEL}
    return (
        worked_example if request.param == "worked example" else reading.parse(texts[request.param], "x.yaml")
    )


def test_every_expression_parses(catalog: Catalog) -> None:
    for rule in every_rule(catalog):
        promql_parser.parse(rule.expr)


def test_promtool_accepts_rules_and_their_tests(catalog: Catalog, tmp_path: Path) -> None:
    tree.write(tmp_path, generated(catalog))
    promtool("check", sorted(tmp_path.glob("prometheus/rules/*.yaml")))
    promtool("test", sorted(tmp_path.glob("prometheus/tests/*.yaml")))


def promtool(verb: str, files: list[Path]) -> None:
    assert files
    done = subprocess.run(["promtool", verb, "rules", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_proven_to_fire_to_stay_silent_and_to_bear_no_data(catalog: Catalog) -> None:
    alerts = [rule for rule in every_rule(catalog) if isinstance(rule, Alert)]
    assert alerts
    for alert in alerts:
        fires = [case for case in alert.cases if case.annotations is not None]
        silent = [case for case in alert.cases if case.annotations is None]
        assert fires, alert.name
        assert silent, alert.name
        assert any("no data" in case.name or not case.inputs for case in alert.cases), alert.name


def test_a_broken_alert_fails_its_generated_test(worked_example: Catalog, tmp_path: Path) -> None:
    files = dict(generated(worked_example))
    path = "prometheus/rules/threads-agent-orchestrator.yaml"
    document = yaml.safe_load(files[path])
    for rule in document["groups"][0]["rules"]:
        if rule.get("alert") == "ErrorBudgetBurn":
            rule["expr"] = f"({rule['expr']}) and vector(1) > 2"
    tree.write(tmp_path, {**files, path: yaml.safe_dump(document)})
    tests = sorted(tmp_path.glob("prometheus/tests/*orchestrator*"))
    done = subprocess.run(["promtool", "test", "rules", *tests], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "ErrorBudgetBurn" in done.stdout + done.stderr


def test_what_cannot_be_generated_is_said() -> None:
    said = remarks(reading.parse(OTEL, "x.yaml"))
    assert any(line.startswith("api") and "total outage would meet it" in line for line in said), said
    assert any("bucket edges" in line for line in said)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30))
def test_whatever_a_job_is_called_its_rules_parse(job: str) -> None:
    text = yaml.safe_dump(
        {
            "project": "p",
            "services": {
                "w": {"profile": "otel-http", "selector": {"job": job}, "targets": {"latency": {"p95": "1s"}}}
            },
        },
        allow_unicode=True,
    )
    for rule in every_rule(reading.parse(text, "x.yaml")):
        promql_parser.parse(rule.expr)
