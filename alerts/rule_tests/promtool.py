"""Write rule tests for promtool, as YAML with stable bytes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from leadline.base.units import plain, promql_duration
from leadline.catalog.yaml_writer import write
from leadline.signals import series_names
from leadline.signals.promql import Matcher

from ..dependencies import Recorded
from ..model import Alert, RuleFile
from .file_tests import FileTests
from .model import STEP, AlertTest, RecordingTest
from .packing import Part, Together, packed

LEAST = Decimal("0.000001")
"""Values are compared to within a thousandth of their size, or of this if they are smaller."""


def test_files(tests: FileTests) -> dict[str, str]:
    """Write the promtool tests of a rule file, one file per evaluation interval, by name.

    The rule file and the files it reads are in ../rules/.
    """
    file, read = tests.file, tests.reads
    known = Recorded(rule for each in (file, *read) for rule in each.recordings)
    by_step: dict[int, list[dict[str, Any]]] = {}
    for together in packed(tests, known):
        by_step.setdefault(together.step, []).append(_test(together))
    return {
        f"{file.name}{'' if step == STEP else '.' + promql_duration(step * 60)}": _tests(
            file, read, step, found
        )
        for step, found in sorted(by_step.items())
    }


def _tests(file: RuleFile, read: tuple[RuleFile, ...], step: int, tests: list[dict[str, Any]]) -> str:
    files = (*read, file)
    document = {
        "rule_files": [f"../rules/{each.name}.yaml" for each in files],
        "evaluation_interval": f"{step}m",
        "group_eval_order": [group.name for each in files for group in each.groups],
        "tests": tests,
    }
    return write(document)


def _test(together: Together) -> dict[str, Any]:
    inputs = {each.selector: each for part in together.parts for each in part.inputs}
    document: dict[str, Any] = {
        "name": "; ".join(dict.fromkeys(map(_name, together.parts))),
        "interval": f"{together.sampled}m",
        "input_series": [{"series": each.selector, "values": each.values} for each in inputs.values()],
    }
    for part in together.parts:
        expected = _recorded(part.test) if isinstance(part.test, RecordingTest) else _expected(*part.test)
        for key, found in expected.items():
            document.setdefault(key, []).extend(found)
    return document


def _name(part: Part) -> str:
    if isinstance(part.test, RecordingTest):
        return f"recordings: {part.test.name}"
    alert, test = part.test
    return f"{alert.name}: {test.name}"


def _recorded(test: RecordingTest) -> dict[str, list[dict[str, Any]]]:
    return {
        "promql_expr_test": [
            {
                "expr": f"abs({expression} - ({plain(round(value, 12))})) <= bool {plain(round(max(abs(value), LEAST) / 1000, 12))}",
                "eval_time": f"{test.minutes}m",
                "exp_samples": [{"labels": _labels_of(expression), "value": 1}],
            }
            for expression, value in test.expects
        ],
    }


def _labels_of(expression: str) -> str:
    """Return the labels of a selector's result after arithmetic: those that it names; none for a sum."""
    return "{}" if expression.startswith("sum(") else "{" + expression.partition("{")[2]


def _expected(alert: Alert, test: AlertTest) -> dict[str, list[dict[str, Any]]]:
    """Write what is expected of an alert: its annotations if predictable, else only that it fires."""
    labels = {**alert.labels, **test.labels}
    found: dict[str, list[dict[str, Any]]] = {"alert_rule_test": [], "promql_expr_test": []}
    for check in test.checks:
        at = {"eval_time": f"{check.minutes}m"}
        if check.fires and check.annotations is None:
            every = {"alertname": alert.name, **labels}
            firing = (
                f"count({series_names.firing(Matcher(name, '=', value) for name, value in every.items())})"
            )
            found["promql_expr_test"].append(
                {"expr": firing, **at, "exp_samples": [{"labels": "{}", "value": 1}]}
            )
            continue
        fired = [{"exp_labels": labels, "exp_annotations": dict(check.annotations or {})}]
        found["alert_rule_test"].append(
            {"alertname": alert.name, **at, "exp_alerts": fired if check.fires else []}
        )
    return {key: tests for key, tests in found.items() if tests}
