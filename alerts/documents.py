"""Rules as Prometheus reads them: rule files and promtool tests, in YAML whose bytes are stable."""

from __future__ import annotations

from typing import Any

from alerts.model import Alert, Case, Group, Recording, RuleFile
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


def test_files(file: RuleFile) -> dict[str, str]:
    """Write the promtool tests of a rule file, one file for each step between evaluations, by name; none without cases.

    The rule file, and what it reads, are found in ../rules/.
    """
    cases = [(alert, case) for group in file.groups for alert in group.alerts for case in alert.cases]
    steps = sorted({case.step for _, case in cases})
    return {
        file.name if step == 1 else f"{file.name}-slow": _tests(
            file,
            f"{step}m" if step > 1 else file.test_interval,
            [each for each in cases if each[1].step == step],
        )
        for step in steps
    }


def _tests(file: RuleFile, interval: str, cases: list[tuple[Alert, Case]]) -> str:
    needed = [f"../rules/{name}.yaml" for name in (file.name, *file.reads)]
    tests = [_test(alert, case) for alert, case in cases]
    document: dict[str, Any] = {"rule_files": needed, "evaluation_interval": interval}
    if file.reads:
        document["group_eval_order"] = [*file.reads, *(group.name for group in file.groups)]
    return write({**document, "tests": tests})


def _test(alert: Alert, case: Case) -> dict[str, Any]:
    expected = []
    if case.annotations is not None:
        expected = [{"exp_labels": dict(alert.labels), "exp_annotations": dict(case.annotations)}]
    return {
        "name": f"{alert.name}: {case.name}",
        "interval": f"{case.step}m",
        "input_series": [
            {
                "series": entry.selector,
                "values": entry.values or f"0+{plain(entry.per_minute)}x{case.minutes}",
            }
            for entry in case.inputs
        ],
        "alert_rule_test": [
            {"alertname": alert.name, "eval_time": f"{case.minutes}m", "exp_alerts": expected}
        ],
    }
