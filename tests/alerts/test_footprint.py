"""What rules cost, and how much of them is tested: counted, and never flattered."""

from __future__ import annotations

from dataclasses import replace

import promql_parser
import pytest

from leadline.alerts import coverage, footprint, rules
from leadline.alerts.dependencies import Recorded
from leadline.alerts.model import Alert, Group, RuleFile
from leadline.catalog import loader
from leadline.catalog.model import Catalog
from tests.alerts.test_rules import EVERYTHING
from tests.conftest import MINIMAL


def test_the_worked_examples_alerts_are_all_tested(worked_example: Catalog) -> None:
    found = coverage.of(rules.build(worked_example))
    assert found.alerts_tested == found.alerts > 20
    assert found.recordings > found.recordings_tested > 0.9 * found.recordings


def test_an_alert_without_a_silent_case_is_not_tested() -> None:
    files = rules.build(loader.parse(MINIMAL, "f"))

    def only_firing(alert: Alert) -> Alert:
        return replace(
            alert,
            cases=tuple(
                replace(case, checks=tuple(check for check in case.checks if check.fires))
                for case in alert.cases
                if case.is_firing
            ),
        )

    def stripped(group: Group) -> Group:
        return replace(group, rules=tuple(only_firing(r) if isinstance(r, Alert) else r for r in group.rules))

    bare: list[RuleFile] = [
        replace(file, groups=tuple(map(stripped, file.groups)), prove=tuple) for file in files
    ]
    found = coverage.of(bare)
    assert (found.alerts_tested, found.recordings_tested) == (0, 0)
    assert found.alerts == coverage.of(files).alerts


def test_what_a_test_itself_gives_is_not_counted_as_tested() -> None:
    """Promtool 2.42 knows no native histograms, so their alerts are tested from the recorded events on."""
    native = [file for file in rules.build(loader.parse(EVERYTHING, "f")) if file.name == "shop-native"]
    every = [rule for file in native for group in file.groups for rule in group.recordings]
    tested = {id(rule) for rule in coverage.tested_recordings(native, ())}
    events = [
        r
        for r in every
        if r.record.startswith("service:slo_events:rate") and r.labels["objective"] == "latency"
    ]
    assert events
    assert not tested & {id(rule) for rule in events}


@pytest.mark.parametrize("text", [MINIMAL, EVERYTHING])
def test_written_out_an_alert_reads_raw_series_only(text: str) -> None:
    for file in rules.build(loader.parse(text, "f")):
        known = Recorded(file.recordings)
        for alert in (alert for group in file.groups for alert in group.alerts):
            written = footprint.inlined(alert.expr, known, "15s")
            promql_parser.parse(written)
            left = {found[0] for found in footprint.READ.findall(written)}
            constants = {rule.record for rule in file.recordings if rule.constant is not None}
            constants |= {rule.record for rule in file.recordings if f"{rule.record}{{" in rule.expr}
            named = {found[0] for found in footprint.READ.findall(written) if found[0].count(":") == 2}
            elsewhere = {name for name in named if name not in {rule.record for rule in file.recordings}}
            assert left <= constants | elsewhere, alert.name


def test_samples_are_added_up_by_what_prometheus_says() -> None:
    files = rules.build(loader.parse(MINIMAL, "f"))
    alerts = [alert for file in files for group in file.groups for alert in group.alerts]
    found = footprint.spared(files, lambda expression: 10 if "[" in expression else 1)
    assert found.alerts == sum(10 if "[" in alert.expr else 1 for alert in alerts)
    reads_up = sum(1 for alert in alerts if "up{" in alert.expr)
    assert found.plain >= 10 * (len(alerts) - reads_up) + reads_up
    assert footprint.Spared(alerts=1, recorded=9, plain=100).share == pytest.approx(0.9)
    assert footprint.Spared(alerts=0, recorded=0, plain=0).share == 0
