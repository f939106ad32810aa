"""Write rules as YAML with stable bytes."""

from __future__ import annotations

from typing import Any

from leadline.base.units import promql_duration
from leadline.catalog.yaml_writer import OneLine, write

from .model import Alert, Group, Recording, RuleFile


def rule_file(file: RuleFile) -> str:
    """Write a file for Prometheus's `rule_files`."""
    return write({"groups": [group(each) for each in file.groups]})


def group(group: Group) -> dict[str, Any]:
    """Return a rule group in the form of Prometheus and the PrometheusRule object."""
    rules = [_rule(rule) for rule in group.rules]
    return {"name": group.name, "interval": promql_duration(group.interval_seconds), "rules": rules}


def _rule(rule: Recording | Alert) -> dict[str, Any]:
    if isinstance(rule, Recording):
        return {"record": rule.record, "expr": rule.expr, "labels": OneLine(rule.labels)}
    return {
        "alert": rule.name,
        "expr": rule.expr,
        "for": rule.hold,
        **({"keep_firing_for": rule.keep} if rule.keep else {}),
        "labels": OneLine(rule.labels),
        "annotations": dict(rule.annotations),
    }
