"""Which tests a mutant is run against, where one promtool test holds those of many alerts."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from evidence import ruletests
from evidence.mutation import by_rule, parts
from evidence.suite import Suite
from evidence.survivors import ARGUMENTS

RULES = """\
groups:
- name: g
  interval: 1m
  rules:
  - {record: "job:a:sum", expr: "sum(a)", labels: {service: web}}
  - {alert: A, expr: "job:a:sum{service=\\"web\\"} > 1", labels: {}}
  - {alert: B, expr: "b > 1", labels: {}}
"""
TESTS = """\
rule_files: [../rules/g.yaml]
evaluation_interval: 2m
tests:
- name: "A: fires; B: fires"
  interval: 2m
  input_series: [{series: a, values: 2+0x9}, {series: b, values: 2+0x9}]
  alert_rule_test:
  - {alertname: A, eval_time: 4m, exp_alerts: [{exp_labels: {service: web}}]}
  - {alertname: B, eval_time: 8m, exp_alerts: [{}]}
- name: "A: silent"
  interval: 2m
  input_series: []
  promql_expr_test:
  - {expr: 'count(ALERTS{alertname="A"})', eval_time: 2m, exp_samples: []}
"""


@pytest.fixture
def suite() -> Suite:
    return Suite.of({"prometheus/rules/g.yaml": RULES, "prometheus/tests/g.test.yaml": TESTS})


def test_a_packed_test_is_parted_into_the_expectations_of_each_alert(suite: Suite) -> None:
    by_name = {suite.rules[place[2]].name: tests for place, tests in by_rule(suite).items()}
    assert [each.number for each in by_name["job:a:sum"]] == [0, 1]
    assert [each.number for each in by_name["A"]] == [0, 1]
    assert [each.number for each in by_name["B"]] == [0]


def test_the_fastest_test_is_run_first(suite: Suite) -> None:
    (first,), (second,) = parts(by_rule(suite)[suite.rules[1].place])
    assert (first.steps, second.steps) == (1.0, 2.0)


def test_only_what_an_alert_reads_is_evaluated_for_it(suite: Suite) -> None:
    assert [each.name for each in suite.needs(suite.tests[1])] == ["B"]


def test_every_argument_gives_its_reason_once() -> None:
    assert all(each.reason for each in ARGUMENTS)
    equivalent = {each.reason for each in ARGUMENTS if each.equivalent}
    assert not equivalent & {each.reason for each in ARGUMENTS if not each.equivalent}


def test_evaluations_are_counted_to_the_last_moment_that_is_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "g.test.yaml"
    file.write_text(TESTS, "utf-8")
    assert ruletests.evaluations(file) == (4 + 1) + (1 + 1)


def test_an_earlier_score_is_quoted_from_its_own_page(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="that states a score"):
        ruletests.quoted_score(tmp_path)
    (tmp_path / "docs").mkdir()
    said = "- 91.0 % killed of the 983 mutants that an input could tell from the rule; promised are 90 %\n"
    (tmp_path / "docs" / "mutation.md").write_text(said, "utf-8")
    assert ruletests.quoted_score(tmp_path) == "91.0 % of 983"
