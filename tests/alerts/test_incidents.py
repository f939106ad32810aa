"""Incidents that sent no page, or a false one, and catalogs whose generated tests failed: each through the real promtool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from leadline.catalog import loader
from leadline.compose.generate import generated
from leadline.deploy import tree
from tests import promtool

CATALOG = """\
project: shop
services:
  web:
    profile: generic-http
    selector: {job: web}
    instruments:
      latency: {buckets: [0.1, 0.5, 1]}
    objectives:
      availability: {target: 99.9%, period: 28d}
      latency: {target: 99%, within: 500ms, period: 28d}
"""


Expected = dict[int, dict[str, bool]]
"""Whether alerts fire, by their names, after so many minutes."""


def expect(folder: Path, series: dict[str, str], expected: Expected, text: str = CATALOG) -> None:
    """Evaluate the rules of a catalog each minute, and check which alerts fire."""
    tree.write(folder, generated(loader.parse(text, "leadline.yaml")))
    rules = sorted(folder.glob("prometheus/rules/*.yaml"))
    groups = [group["name"] for path in rules for group in yaml.safe_load(path.read_text())["groups"]]

    def check(minutes: int, name: str, *, fires: bool) -> dict[str, Any]:
        return {
            "expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}}) or vector(0)',
            "eval_time": f"{minutes}m",
            "exp_samples": [{"labels": "{}", "value": int(fires)}],
        }

    document = {
        "rule_files": [str(path) for path in rules],
        "evaluation_interval": "1m",
        "group_eval_order": groups,
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    check(minutes, name, fires=fires)
                    for minutes, alerts in expected.items()
                    for name, fires in alerts.items()
                ],
            }
        ],
    }
    test = folder / "incident.yaml"
    test.write_text(yaml.safe_dump(document), "utf-8")
    assert not promtool.failures([test])


def histogram(instance: str, values: str, *edges: str) -> dict[str, str]:
    labels = f'job="web", instance="{instance}"'
    buckets = {
        f'http_request_duration_seconds_bucket{{{labels}, le="{edge}"}}': values for edge in (*edges, "+Inf")
    }
    return {**buckets, f"http_request_duration_seconds_count{{{labels}}}": values}


def test_a_service_that_vanishes_with_its_targets_pages(tmp_path: Path) -> None:
    series = {'up{job="web", instance="a"}': "1x30 stale _x60", 'up{job="other", instance="b"}': "1x90"}
    silent = {"ServiceVanished": False, "ServiceDown": False}
    expect(tmp_path, series, {34: silent, 40: {**silent, "ServiceVanished": True}})


def test_a_service_that_may_scale_to_zero_pages_nobody_and_has_no_absent_metrics(tmp_path: Path) -> None:
    text = CATALOG + "    scales_to_zero: true\n"
    requests = {'http_requests_total{job="web", status="200"}': "0+60x30 stale _x60"}
    series = {'up{job="web", instance="a"}': "1x30 stale _x60", **requests}
    expect(tmp_path, series, {80: {"ServiceVanished": False, "RequestsAbsent": False}}, text)
    series = {'up{job="web", instance="a"}': "1x90", **requests}
    expect(tmp_path, series, {80: {"ServiceVanished": False, "RequestsAbsent": True}}, text)


def test_a_metric_that_a_deploy_renamed_is_absent_though_its_targets_are_up(tmp_path: Path) -> None:
    series = {
        'up{job="web", instance="a"}': "1x90",
        'http_requests_total{job="web", status="200"}': "0+60x30 stale _x60",
        'http_server_requests_total{job="web", status="200"}': "_x30 0+60x60",
    }
    expect(tmp_path, series, {60: {"RequestsAbsent": True, "ServiceVanished": False}})


@pytest.mark.parametrize("restarted", ["new", "old"], ids=["new pods", "the same instance"])
def test_a_deploy_that_drops_the_objectives_bucket_pages_nobody_and_is_told(
    restarted: str, tmp_path: Path
) -> None:
    """All requests are fast; the new version has a bucket at 0.25 in place of 0.5."""
    before = histogram("old", "0+60x90 stale _x89", "0.1", "0.5", "1")
    after = histogram(restarted, "_x90 0+60x90", "0.1", "0.25", "1")
    series = dict(before)
    for name, values in after.items():
        series[name] = "0+60x89 0+60x60" if name in before else values
    pages = {"LatencyBudgetBurn": False, "LatencyBudgetBurnSlow": False}
    expect(tmp_path, series, {at: {**pages, "LatencyBucketMissing": at > 110} for at in (95, 120, 145)})


def test_slow_requests_beside_instances_without_the_bucket_still_page(tmp_path: Path) -> None:
    slow = histogram("old", "0+60x179", "1") | {
        'http_request_duration_seconds_bucket{job="web", instance="old", le="0.5"}': "0x179",
        'http_request_duration_seconds_bucket{job="web", instance="old", le="0.1"}': "0x179",
    }
    series = {**slow, **histogram("new", "0+6000x179", "0.1", "0.25", "1")}
    expect(tmp_path, series, {60: {"LatencyBudgetBurn": True, "LatencyBucketMissing": True}})


def test_two_failures_of_two_requests_an_hour_page_and_a_single_one_never_does(tmp_path: Path) -> None:
    def failures(values: str) -> dict[str, str]:
        return {'http_requests_total{job="web", status="500"}': values}

    served = {'http_requests_total{job="web", status="200"}': "10x300"}
    one = {**served, **failures("0x99 1x200")}
    two = {**served, **failures("0x99 1x29 2x170")}
    expect(tmp_path, one, {at: {"ErrorBudgetBurn": False} for at in (103, 110, 131, 160)})
    expect(tmp_path, two, {134: {"ErrorBudgetBurn": True}})


MINIMUMS = (
    "{least_events: 0, least_bad: 0}",
    "{least_events: 0}",
    "{least_bad: 1}",
    "{least_events: 500, least_bad: 40}",
)


@pytest.mark.parametrize("minimums", MINIMUMS)
def test_any_minimum_of_events_gives_tests_that_pass(minimums: str, tmp_path: Path) -> None:
    passes(CATALOG + f"    alerts: {minimums}\n", tmp_path)


def test_a_route_label_that_the_selector_fixes_gives_tests_that_pass(tmp_path: Path) -> None:
    passes(
        CATALOG.replace("{job: web}", "{job: web, proxy: front}").replace(
            "instruments:\n", "instruments:\n      requests: {labels: {route: proxy, status: code}}\n"
        ),
        tmp_path,
    )


def test_quotes_and_dollars_in_renamed_values_reach_prometheus_as_they_are(tmp_path: Path) -> None:
    values = yaml.safe_dump(
        {'q"uote': "$1", "back\\slash": 'd"q', "a.b": "${x}"}, default_flow_style=True
    ).strip()
    passes(
        CATALOG.replace(
            "instruments:\n",
            f"instruments:\n      requests: {{labels: {{route: {{source: handler, values: {values}}}}}}}\n",
        ),
        tmp_path,
    )


def test_both_values_of_a_rename_on_one_metric_are_added(tmp_path: Path) -> None:
    text = CATALOG.replace(
        "instruments:\n",
        "instruments:\n      requests: {labels: {route: {source: route, values: {old: new}}}}\n",
    )
    passes(text, tmp_path)


def passes(text: str, folder: Path) -> None:
    tree.write(folder, generated(loader.parse(text, "leadline.yaml")))
    assert not promtool.checked(sorted(folder.glob("prometheus/rules/*.yaml")))
    assert not promtool.failures(sorted(folder.glob("prometheus/tests/*.yaml")))
