"""What rules cost: counted, and never flattered."""

from __future__ import annotations

import promql_parser
import pytest

from leadline.alerts import footprint, rules
from leadline.alerts.dependencies import Recorded
from leadline.catalog import loader
from tests.alerts.test_rules import EVERYTHING
from tests.conftest import MINIMAL


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
