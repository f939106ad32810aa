"""The example for Alertmanager: amtool takes it, and it leads pages and tickets where they belong."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from leadline.alerts import routing, rules
from leadline.alerts.model import Alert
from leadline.catalog.model import Catalog
from leadline.demo.processes import find
from leadline.signals.alert_names import ALERTS
from leadline.signals.burn import PAGE


@pytest.fixture
def example(worked_example: Catalog, tmp_path: Path) -> Path:
    path = tmp_path / "alertmanager.yaml"
    path.write_text(routing.example(worked_example), "utf-8")
    return path


def amtool(*arguments: str) -> str:
    done = subprocess.run([find("amtool"), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_amtool_accepts_it(example: Path) -> None:
    assert "SUCCESS" in amtool("check-config", str(example))


def test_every_alert_goes_where_its_severity_says(example: Path, worked_example: Catalog) -> None:
    receivers = {"critical": routing.PAGES, "warning": routing.TICKETS, "info": routing.NONE}
    alerts = [rule for file in rules.build(worked_example) for group in file.groups for rule in group.alerts]
    for severity in {alert.labels["severity"] for alert in alerts}:
        alert = next(each for each in alerts if each.labels["severity"] == severity)
        assert routed(example, alert) == receivers[severity]


def routed(example: Path, alert: Alert) -> str:
    labels = [f"{name}={value}" for name, value in {"alertname": alert.name, **alert.labels}.items()]
    return amtool("config", "routes", "test", f"--config.file={example}", *labels)


def test_an_alert_of_another_project_goes_to_nobody_here(example: Path) -> None:
    found = amtool(
        "config", "routes", "test", f"--config.file={example}", "project=other", f"severity={PAGE}"
    )
    assert found == routing.NONE


def test_the_alert_that_always_fires_goes_to_the_dead_mans_switch(example: Path) -> None:
    found = amtool(
        "config", "routes", "test", f"--config.file={example}", "alertname=Watchdog", "severity=none"
    )
    assert found == routing.SWITCH


def test_what_is_silenced_are_alerts_that_there_are() -> None:
    for rule in routing.inhibitions():
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            names = matcher.split('"')[1].split("|")
            assert set(names) <= set(ALERTS)
