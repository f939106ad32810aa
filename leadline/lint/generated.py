"""Lint generated files against a live Prometheus: expressions, rule health and rule cost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from leadline.base.units import promql_duration, show
from leadline.catalog.model import Catalog
from leadline.signals.links import TOPICS, dashboard_uid, service_uid
from leadline.signals.variables import without_variables

from . import tree
from .expression import checked
from .facts import Facts
from .files import load
from .model import ERROR, INFO, WARNING, Expression, Finding

OF_THE_CATALOG = ("metric-missing", "label-missing", "value-missing")
"""Codes that are reported for the catalog itself, not again for each generated panel."""
SLOW_SHARE = 0.5
"""A group of rules that takes more of its interval than this is slow."""


def of_generated(
    files: Mapping[str, str], rule_groups: list[dict[str, Any]], catalog: Catalog, facts: Facts
) -> Iterator[Finding]:
    """Check generated files: every expression, whether rules are loaded and healthy, and whether panels have results."""
    rules = {name: text for name, text in files.items() if name.startswith("prometheus/rules/")}
    loaded = load({**rules, **{name: text for name, text in files.items() if name.startswith("grafana/")}})
    yield from loaded.findings
    groups = {str(group.get("name")): group for group in rule_groups}
    wanted = {name.split("/")[-1].removesuffix(".yaml") for name in rules}
    yield from _rules(catalog, wanted, groups)
    ours = {f"grafana/{uid}.json" for uid in _uids(catalog)}
    are_loaded = wanted <= set(groups)
    panels: dict[tuple[str, str], list[Expression]] = {}
    for expression in loaded.expressions:
        is_ours = expression.file in ours
        if expression.kind != "panel" or (is_ours and not are_loaded):
            continue  # ours read what the rules record
        for finding in checked(expression, facts):
            if finding.severity == ERROR and not (is_ours and finding.code in OF_THE_CATALOG):
                yield finding
        panels.setdefault((expression.file, expression.subject), []).append(expression)
    for (file, subject), expressions in panels.items():
        counts = [facts.count(_substituted(each.text)) for each in expressions]
        if not any(counts):
            yield _empty(expressions[0], may_be=_may_be_empty(files[file], subject))


def _uids(catalog: Catalog) -> Iterator[str]:
    """Yield the uids of dashboards generated from the catalog; all others are custom."""
    yield from (dashboard_uid(catalog.project, topic) for topic in TOPICS)
    yield from (service_uid(catalog.project, service.name) for service in catalog.services)


def _empty(expression: Expression, *, may_be: bool) -> Finding:
    return Finding(
        code="panel-empty",
        severity=INFO if may_be else WARNING,
        file=expression.file,
        line=expression.line,
        subject=expression.subject,
        what="the panel returns nothing now"
        + (", which its description says may be right" if may_be else ""),
        evidence=f"count({' '.join(_substituted(expression.text).split())}) is empty",
        remedy="is there traffic, and do the services have this instrument?",
    )


def _may_be_empty(dashboard: str, subject: str) -> bool:
    """Return whether a panel's description says that it may have no data."""
    for panel in json.loads(dashboard)["panels"]:
        if subject == f"panel {panel.get('title')!r}":
            return bool(re.search(r"no data", str(panel.get("description", "")), re.IGNORECASE))
    return False


def _substituted(text: str) -> str:
    return without_variables(text).text


def _rules(catalog: Catalog, wanted: set[str], groups: Mapping[str, dict[str, Any]]) -> Iterator[Finding]:
    for name in sorted(wanted - set(groups)):
        yield Finding(
            code="rules-not-loaded",
            severity=WARNING,
            file=catalog.file,
            line=1,
            subject=f"rules {name}",
            what=f"the group {name} is not loaded: dashboards that read what it records show nothing",
            remedy="leadline generate, then leadline push --to files or kubernetes, or name generated/prometheus/rules/*.yaml under rule_files",
        )
    for name in sorted(wanted & set(groups)):
        group = groups[name]
        for rule in group.get("rules", ()):
            if rule.get("health") not in ("ok", "unknown", None):
                yield Finding(
                    code="rule-unhealthy",
                    severity=ERROR,
                    file=catalog.file,
                    line=1,
                    subject=f"rule {rule.get('name')}",
                    what=f"Prometheus cannot evaluate it: {rule.get('lastError', rule.get('health'))}",
                )
        took, interval = float(group.get("evaluationTime") or 0), float(group.get("interval") or 0)
        slow = interval > 0 and took > SLOW_SHARE * interval
        yield Finding(
            code="rules-slow" if slow else "rules-cost",
            severity=WARNING if slow else INFO,
            file=catalog.file,
            line=1,
            subject=f"rules {name}",
            what=f"{len(group.get('rules', ()))} rules, evaluated in {show(took, 'seconds')} every {promql_duration(interval)}",
            remedy="evaluate less often, or select fewer series" if slow else "",
        )


def costs(files: Mapping[str, str], facts: Facts) -> Iterator[Finding]:
    """Yield how many series each recording rule reads and writes."""
    rules = load({name: text for name, text in files.items() if name.startswith("prometheus/rules/")})
    for expression in rules.expressions:
        if expression.kind != "record":
            continue
        node = tree.parse(expression.text)
        read = [facts.count(tree.write(each)) for each, _ in tree.selectors(node)]
        written = facts.count(expression.text)
        if all(not isinstance(each, str) for each in (*read, written)):
            total = sum(float(each) for each in read)
            yield Finding(
                code="rule-cost",
                severity=INFO,
                file=expression.file,
                line=expression.line,
                subject=expression.subject,
                what=f"reads {total:.0f} series and writes {float(written):.0f}",
            )
