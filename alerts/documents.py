"""Rules as Prometheus reads them: rule files and promtool tests, in YAML whose bytes are stable."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from alerts.model import Alert, Case, Check, Group, Proof, Recording, RuleFile
from signals import recorded
from signals.promql import Matcher
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


LEAST = Decimal("0.000001")
"""Values are compared within a thousandth of them, or of this."""
SPEEDS = {1: "", 15: "-slow", 240: "-weekly"}
"""What the tests of cases are called by the minutes between their evaluations."""


def test_files(file: RuleFile) -> dict[str, str]:
    """Write the promtool tests of a rule file, one file for each step between evaluations, by name; none without cases.

    The rule file, and what it reads, are found in ../rules/.
    """
    tests: dict[int, list[dict[str, Any]]] = {}
    for alert, case in ((a, c) for group in file.groups for a in group.alerts for c in a.cases):
        tests.setdefault(case.step, []).append(_test(alert, case))
    for proof in file.proofs:
        tests.setdefault(proof.step, []).append(_proof(proof))
    return {
        f"{file.name}{SPEEDS[step]}": _tests(file, step, found)
        for step, found in sorted(tests.items())
        if found
    }


def _tests(file: RuleFile, step: int, tests: list[dict[str, Any]]) -> str:
    needed = [f"../rules/{name}.yaml" for name in (file.name, *file.reads)]
    document: dict[str, Any] = {"rule_files": needed, "evaluation_interval": f"{step}m"}
    if file.reads:
        document["group_eval_order"] = [*file.reads, *(group.name for group in file.groups)]
    return write({**document, "tests": tests})


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "name": f"recordings: {proof.name}",
        "interval": f"{proof.sampled}m",
        "input_series": [{"series": entry.selector, "values": entry.values} for entry in proof.inputs],
        "promql_expr_test": [
            {
                "expr": f"abs({expression} - ({plain(round(value, 12))})) <= bool {plain(round(max(abs(value), LEAST) / 1000, 12))}",
                "eval_time": f"{proof.minutes}m",
                "exp_samples": [{"labels": _labels_of(expression), "value": 1}],
            }
            for expression, value in proof.expects
        ],
    }


def _labels_of(expression: str) -> str:
    """Give the labels that are left of a selector after arithmetic: those that it names; of a sum, none."""
    return "{}" if expression.startswith("sum(") else "{" + expression.partition("{")[2]


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
        labels = {"alertname": alert.name, **alert.labels, **case.labels}
        firing = f"count({recorded.firing(Matcher(name, '=', value) for name, value in labels.items())})"
        return {
            "promql_expr_test": [
                {"expr": firing, "eval_time": at, "exp_samples": [{"labels": "{}", "value": 1}]}
            ]
        }
    checks = (*case.earlier, Check(minutes=case.minutes, annotations=case.annotations))
    labels = {**alert.labels, **case.labels}
    return {
        "alert_rule_test": [
            {
                "alertname": alert.name,
                "eval_time": f"{check.minutes}m",
                "exp_alerts": []
                if check.annotations is None
                else [{"exp_labels": labels, "exp_annotations": dict(check.annotations)}],
            }
            for check in checks
        ]
    }
