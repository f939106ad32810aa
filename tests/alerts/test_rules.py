"""Rules: they parse, they pass promtool, and remarks name what was left out."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import promql_parser
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from leadline.alerts import rules
from leadline.alerts.dependencies import Recorded, selectors
from leadline.alerts.model import Alert, Recording
from leadline.alerts.rule_tests.build import build
from leadline.alerts.rule_yaml import rule_file
from leadline.base.errors import CatalogError
from leadline.catalog import loader
from leadline.catalog.model import Catalog
from leadline.compose.generate import composed, generated
from leadline.deploy import tree
from leadline.signals.alert_names import ALERTS
from tests import promtool
from tests.conftest import MINIMAL

EVERYTHING = """\
project: shop
retention: 40d
services:
  web:
    profile: otel-http
    selector: {job: [web, 'we"b.2']}
    instruments:
      tokens: {metric: llm_tokens_total, labels: {model: model, token_type: type}}
      cpu: {profile: k8s-resources, selector: {namespace: shop, pod: "~web-.*"}}
      cpu_limit: {profile: k8s-resources, selector: {namespace: shop, pod: "~web-.*"}}
      memory: {profile: k8s-resources, selector: {namespace: shop, pod: "~web-.*"}}
      memory_limit: {profile: k8s-resources, selector: {namespace: shop, pod: "~web-.*"}}
      throttled: {profile: k8s-resources, selector: {namespace: shop, pod: "~web-.*"}}
      periods: {profile: k8s-resources, selector: {namespace: shop, pod: "~web-.*"}}
      pool: {profile: micrometer}
      pool_limit: {profile: micrometer}
      queue: {metric: celery_queue_length}
      queue_limit: {value: 1000}
      rate_limit: {value: 100}
      in_flight_limit: {value: 32}
      replicas: {profile: k8s-resources, selector: {namespace: shop, deployment: web}}
      replicas_limit: {value: 10}
    targets: {latency: {p95: 400ms, p99: 20s}, error_ratio: 1%, cost_per_1k_tokens: 0.01 USD, cost_per_request: 0.05 USD}
    objectives:
      availability: {target: 99%, period: 28d}
      latency: {target: 99%, within: 500ms, period: 30d}
      freshness: {target: 99.9%, period: 28d}
  lenient:
    profile: generic-http
    selector: {job: api}
    instruments:
      cost: {metric: spend_usd_total}
    targets: {cost_per_request: 0.05 USD}
    objectives:
      availability: {target: 80%, period: 28d}
      cost: {target: 99%, per_request: 0.01 USD, period: 7d}
    alerts: {off: TrafficSurge, least_events: 100}
  native:
    profile: otel-http
    selector: {job: native}
    instruments:
      latency: {buckets: native, metric: http_server_duration_seconds}
    objectives:
      latency: {target: 99%, within: 500ms, period: 30d}
      freshness: {target: 99.95%, period: 28d, of: latency}
prices:
  gpt-4o: {input: 2.50, output: 10.00, as_of: 2026-11-01}
budget: {monthly: 10 USD}
"""
"""A catalog with every instrument that alerts are raised of, and every objective."""


def every_rule(catalog: Catalog) -> list[Recording | Alert]:
    return [rule for file in rules.build(catalog) for group in file.groups for rule in group.rules]


@pytest.fixture(params=["worked example", "minimal", "everything"])
def catalog(request: pytest.FixtureRequest, worked_example: Catalog) -> Catalog:
    texts = {"minimal": MINIMAL, "everything": EVERYTHING}
    return (
        worked_example if request.param == "worked example" else loader.parse(texts[request.param], "x.yaml")
    )


def test_every_expression_parses(catalog: Catalog) -> None:
    for rule in every_rule(catalog):
        promql_parser.parse(rule.expr)


def test_promtool_accepts_rules_and_their_tests(catalog: Catalog, tmp_path: Path) -> None:
    tree.write(tmp_path, generated(catalog))
    assert not promtool.checked(sorted(tmp_path.glob("prometheus/rules/*.yaml")))
    assert not promtool.failures(sorted(tmp_path.glob("prometheus/tests/*.yaml")))


def test_every_alert_there_is_comes_of_these_catalogs(worked_example: Catalog) -> None:
    catalogs = (worked_example, loader.parse(EVERYTHING, "x.yaml"))
    found = {rule.name for each in catalogs for rule in every_rule(each) if isinstance(rule, Alert)}
    assert found == set(ALERTS)


def test_rule_and_group_names_are_unique_and_decimals_exact(catalog: Catalog) -> None:
    files = rules.build(catalog)
    names = [group.name for file in files for group in file.groups]
    assert len(names) == len(set(names))
    for file in files:
        keys = [
            (rule.name if isinstance(rule, Alert) else rule.record, tuple(sorted(rule.labels.items())))
            for group in file.groups
            for rule in group.rules
        ]
        assert len(keys) == len(set(keys))
        assert not re.search(r"\d\.\d*(0000000|9999999)", rule_file(file))


def test_a_recording_reads_only_what_was_recorded_before_it_in_its_group_or_an_earlier_one(
    catalog: Catalog,
) -> None:
    for file in rules.build(catalog):
        every = [rule for group in file.groups for rule in group.rules]
        own = [(rule.record, rule) for rule in every if isinstance(rule, Recording)]
        for place, rule in enumerate(every):
            before = sum(isinstance(each, Recording) for each in every[:place])
            later = {id(each) for _, each in own[before:]} - {id(rule)}  # it may read its own earlier value
            read = {
                id(each)
                for selector in selectors(rule.expr)
                for each in Recorded(r for _, r in own).matching(selector)
            }
            assert not read & later, rule


def test_every_alert_is_tested_to_fire_to_stay_silent_and_to_bear_no_data(catalog: Catalog) -> None:
    tests = [found for each in build(catalog, rules.build(catalog)) for found in each.of_alerts]
    assert tests
    for alert, own in tests:
        checks = [check for test in own for check in test.checks if test.inputs]
        assert any(check.fires for check in checks), alert.name
        assert any(not check.fires for check in checks), alert.name
        assert any(not test.inputs for test in own), alert.name


def test_a_broken_alert_fails_its_generated_test(worked_example: Catalog, tmp_path: Path) -> None:
    files = dict(generated(worked_example))
    path = "prometheus/rules/threads-agent-orchestrator.yaml"
    document = yaml.safe_load(files[path])
    for rule in (rule for group in document["groups"] for rule in group["rules"]):
        if rule.get("alert") == "ErrorBudgetBurn":
            rule["expr"] = f"({rule['expr']}) and vector(1) > 2"
    tree.write(tmp_path, {**files, path: yaml.safe_dump(document)})
    tests = [tmp_path / "prometheus/tests/threads-agent-orchestrator.test.yaml"]
    message = promtool.failures(
        tests,
        lambda test: any(each["alertname"] == "ErrorBudgetBurn" for each in test.get("alert_rule_test", ())),
    )
    assert "ErrorBudgetBurn" in message


def test_what_cannot_be_generated_is_remarked() -> None:
    message = composed(loader.parse(EVERYTHING, "x.yaml")).remarks
    assert any(line.startswith("lenient") and "total outage would exceed it" in line for line in message), (
        message
    )
    assert any("lenient: objective availability: no page alert, because" in line for line in message)
    assert any("native histogram" in line for line in message)


REFUSED = {
    "latency: {target: 99%, within: 20s, period: 7d}": "beyond the last bucket of .* 10s.*add a bucket at 20",
    "latency: {target: 99%, within: 300ms, period: 7d}": "not an edge .* write 250ms or 500ms",
    "freshness: {target: 99%, period: 7d, of: requets}": "did you mean 'requests'",
    "cost: {target: 99%, period: 7d}": "one of 'per_request' and 'per_1k_tokens'",
    "cost: {target: 99%, period: 7d, per_request: 1 USD, per_1k_tokens: 1 USD}": "one of 'per_request' and",
    "availability: {target: 99%, period: 14d}": "write 7d, 28d, 30d",
}
SHORT = """\
project: p
retention: {retention}
services:
  web:
    profile: threads-agent
    selector: {{job: web}}
    objectives:
      {objective}
budget: {{monthly: 10 USD}}
"""


@pytest.mark.parametrize("objective", REFUSED)
def test_an_objective_that_cannot_be_watched_is_refused_with_a_remedy(objective: str) -> None:
    with pytest.raises(CatalogError, match=REFUSED[objective]) as caught:
        loader.parse(SHORT.format(retention="40d", objective=objective), "leadline.yaml")
    assert "leadline.yaml:8 services.web.objectives" in str(caught.value)


@pytest.mark.parametrize(
    ("retention", "objective", "message"),
    [
        (
            "2d",
            "availability: {target: 99.9%, period: 7d}",
            "ticket windows 3d/6h are left out.*longer than the retention",
        ),
        ("2d", "availability: {target: 99.9%, period: 7d}", "no TrafficDrop and no TrafficSurge alert"),
        ("6d", "availability: {target: 99.9%, period: 7d}", "its budget is not computed; shorten the period"),
        (
            "15d",
            "availability: {target: 99.9%, period: 7d}",
            "the month's spend is not summed.*Keep samples for longer",
        ),
        ("20h", "availability: {target: 99%, period: 28d}", "no ticket alert, because"),
        ("40d", "cost: {target: 99%, period: 7d, per_request: 1 USD}", "no objective for latency"),
    ],
)
def test_what_is_left_out_is_remarked(retention: str, objective: str, message: str) -> None:
    found = composed(loader.parse(SHORT.format(retention=retention, objective=objective), "f")).remarks
    assert any(re.search(message, line) for line in found), found


def test_a_cost_objective_of_what_counts_no_spend_is_remarked() -> None:
    text = SHORT.format(retention="40d", objective="cost: {target: 99%, period: 7d, per_request: 1 USD}")
    found = composed(loader.parse(text.replace("threads-agent", "generic-http"), "f")).remarks
    assert any("no CostBudgetBurn alert, no counter of spend is known" in line for line in found), found
    assert any("the budget is not watched" in line for line in found), found


@pytest.mark.parametrize(
    ("tuning", "message"),
    [
        ("{headroom: 0.5}", "less than 1"),
        ("{throttled: 2}", "between 0 and 1"),
        ("{least_events: 1.5}", "whole number"),
        ("{off: [TrafficDrip]}", "did you mean 'TrafficDrop'"),
        ("{heedroom: 2}", "did you mean 'headroom'"),
    ],
)
def test_a_wrong_tuning_of_alerts_is_reported(tuning: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        loader.parse(MINIMAL + f"alerts: {tuning}\n", "f")


def test_an_alert_is_turned_off_for_one_service_or_for_all() -> None:
    def names(text: str) -> set[str]:
        return {rule.name for rule in every_rule(loader.parse(text, "f")) if isinstance(rule, Alert)}

    assert "TrafficDrop" in names(MINIMAL)
    assert "TrafficDrop" not in names(MINIMAL + "alerts: {off: TrafficDrop}\n")
    lenient = loader.parse(EVERYTHING, "f").services[1]
    assert lenient.tuning.off == ("TrafficSurge",)
    assert lenient.tuning.least_events == 100


def test_a_runbooks_link_may_name_the_alert_and_the_service() -> None:
    text = MINIMAL + "links: {runbooks: 'https://wiki/{service}/{alert}', grafana: https://g}\n"
    alert = next(rule for rule in every_rule(loader.parse(text, "f")) if isinstance(rule, Alert))
    assert alert.annotations["runbook_url"] == f"https://wiki/web/{alert.name.lower()}"
    assert alert.annotations["dashboard_url"].startswith("https://g/d/")
    assert alert.annotations["dashboard_url"].endswith("?var-service=web")


def test_at_another_pace_windows_shrink_and_thresholds_stay(worked_example: Catalog) -> None:
    def page(pace: int) -> Alert:
        paced = replace(worked_example, pace=Decimal(pace))
        return next(r for r in every_rule(paced) if isinstance(r, Alert) and r.name == "ErrorBudgetBurn")

    normal, fast = page(1), page(60)
    assert "rate1h" in normal.expr
    assert "rate1m" in fast.expr
    assert (normal.hold, fast.hold) == ("2m", "2s")
    assert re.findall(r"> 0\.\d+", normal.expr) == re.findall(r"> 0\.\d+", fast.expr)


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)


@given(NAMES.filter(lambda job: not job.startswith(("~", "!~"))))  # these begin a regular expression
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
    for rule in every_rule(loader.parse(text, "x.yaml")):
        promql_parser.parse(rule.expr)
