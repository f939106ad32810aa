"""Rules as Prometheus reads them: rule files and promtool tests, in YAML whose bytes are stable."""

from __future__ import annotations

from typing import Any

from alerts.model import Alert, Case, Group, Recording, RuleFile
from signals.promql import Matcher, select
from signals.units import plain, promql_duration
from signals.writing import write


def rule_file(file: RuleFile) -> str:
    """Write a file for Prometheus's `rule_files`."""
    return write({"groups": [group(each) for each in file.groups]})


def group(group: Group) -> dict[str, Any]:
    """Give a rule group as Prometheus and the PrometheusRule object spell it."""
    rules = [_rule(rule) for rule in group.rules]
    return {"name": group.name, "interval": promql_duration(group.interval_seconds), "rules": rules}


def _rule(rule: Recording | Alert) -> dict[str, Any]:
    if isinstance(rule, Recording):
        return {"record": rule.record, "expr": rule.expr, "labels": dict(rule.labels)}
    return {
        "alert": rule.name,
        "expr": rule.expr,
        "for": rule.hold,
        **({"keep_firing_for": rule.keep} if rule.keep else {}),
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
    }


SPEEDS = {1: "", 15: "-slow", 240: "-weekly"}
"""What the tests of cases are called by the minutes between their evaluations."""


def test_files(file: RuleFile) -> dict[str, str]:
    """Write the promtool tests of a rule file, one file for each step between evaluations, by name; none without cases.

    The rule file, and what it reads, are found in ../rules/.
    """
    cases = [(alert, case) for group in file.groups for alert in group.alerts for case in alert.cases]
    steps = sorted({case.step for _, case in cases})
    return {
        f"{file.name}{SPEEDS[step]}": _tests(file, step, [each for each in cases if each[1].step == step])
        for step in steps
    }


def _tests(file: RuleFile, step: int, cases: list[tuple[Alert, Case]]) -> str:
    needed = [f"../rules/{name}.yaml" for name in (file.name, *file.reads)]
    document: dict[str, Any] = {"rule_files": needed, "evaluation_interval": f"{step}m"}
    if file.reads:
        document["group_eval_order"] = [*file.reads, *(group.name for group in file.groups)]
    return write({**document, "tests": [_test(alert, case) for alert, case in cases]})


def _test(alert: Alert, case: Case) -> dict[str, Any]:
    return {
        "name": f"{alert.name}: {case.name}",
        "interval": f"{case.sampled or case.step}m",
        "input_series": [
            {
                "series": entry.selector,
                "values": entry.values
                or f"0+{plain(entry.per_minute * (case.sampled or case.step))}"
                f"x{case.minutes // (case.sampled or case.step)}",
            }
            for entry in case.inputs
        ],
        **_expected(alert, case),
    }


def _expected(alert: Alert, case: Case) -> dict[str, Any]:
    at = f"{case.minutes}m"
    if case.fires:
        matchers = [
            Matcher(name, "=", value)
            for name, value in {
                "alertname": alert.name,
                "alertstate": "firing",
                **alert.labels,
                **case.labels,
            }.items()
        ]
        firing = f"count({select('ALERTS', matchers)})"
        return {
            "promql_expr_test": [
                {"expr": firing, "eval_time": at, "exp_samples": [{"labels": "{}", "value": 1}]}
            ]
        }
    expected = []
    if case.annotations is not None:
        labels = {**alert.labels, **case.labels}
        expected = [{"exp_labels": labels, "exp_annotations": dict(case.annotations)}]
    return {"alert_rule_test": [{"alertname": alert.name, "eval_time": at, "exp_alerts": expected}]}
