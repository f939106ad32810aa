"""Budgets as promtool computes them: events weigh, a quiet night and a hole do not, and coverage says what was written."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from leadline.catalog import loader
from leadline.compose.generate import composed, generated
from leadline.deploy import tree
from leadline.signals import burn
from leadline.signals.burn import BURN_RATE_WINDOWS
from leadline.signals.objective import Objective

TEXT = """\
project: p
scrape_interval: 1m
evaluation_interval: 5m
services:
  web:
    profile: generic-http
    selector: {job: web}
    objectives: {availability: {target: 99%, period: 7d}}
"""
STEPS = 288
"""A day in steps of five minutes."""


def values(per_step: Callable[[int], float | None]) -> str:
    """Write a counter's values, two a step; a step that brings None is not scraped.

    Of samples five minutes apart a window of five minutes holds two in Prometheus 2, and one in Prometheus 3, which leaves its start out.
    """
    total, written = 0.0, []
    for half in range(2 * STEPS + 1):
        more = per_step(half // 2)
        total += (more or 0) / 2
        written.append("_" if more is None else f"{total:g}")
    return " ".join(written)


def steady(_: int) -> float:
    return 1000.0


def quiet_night(step: int) -> float:
    return 0.0 if 60 <= step < 160 else 1000.0


def hole(step: int) -> float | None:
    return None if 100 <= step < 172 else 1000.0


@pytest.mark.parametrize(
    ("traffic", "coverage"),
    [(steady, 288), (quiet_night, 288), (hole, 288 - 72 - 1)],
    ids=["steady", "night", "hole"],
)
def test_what_remains_is_reckoned_from_events(
    traffic: Callable[[int], float | None], coverage: int, tmp_path: Path
) -> None:
    """A half of a percent fails, and one percent may: half of the budget remains, whatever the traffic did."""
    files = generated(loader.parse(TEXT, "f"))
    tree.write(tmp_path, files)

    def part(share: float) -> str:
        return values(lambda step: None if traffic(step) is None else (traffic(step) or 0) * share)

    def expect(name: str, value: float) -> dict[str, object]:
        labels = f'{name}{{objective="availability", project="p", service="web"}}'
        return {"expr": name, "eval_time": "1d", "exp_samples": [{"labels": labels, "value": value}]}

    def holds(expression: str) -> dict[str, object]:
        labels = '{objective="availability", project="p", service="web"}'
        return {"expr": expression, "eval_time": "1d", "exp_samples": [{"labels": labels, "value": 1}]}

    test = {
        "rule_files": [str(tmp_path / "prometheus/rules/p-web.yaml")],
        "evaluation_interval": "5m",
        "tests": [
            {
                "interval": "150s",
                "input_series": [
                    {"series": 'http_requests_total{job="web", code="200"}', "values": part(0.995)},
                    {"series": 'http_requests_total{job="web", code="500"}', "values": part(0.005)},
                ],
                "promql_expr_test": [
                    holds("abs(service:slo_error_budget_remaining:ratio - 0.5) < bool 0.005"),
                    holds(f"abs(service:slo_coverage:ratio * 2016 - {coverage}) < bool 3"),
                    expect("service:objective:ratio", 0.99),
                ],
            }
        ],
    }
    (tmp_path / "t.yaml").write_text(yaml.safe_dump(test))
    done = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "t.yaml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_factors_are_those_of_the_workbook() -> None:
    def factors(days: int) -> list[Decimal]:
        objective = Objective(name="a", target=Decimal("0.999"), period_seconds=Decimal(days * 86400))
        return [round(burn.factor(objective, arm), 4) for arm in BURN_RATE_WINDOWS]

    assert factors(30) == [Decimal("14.4"), 6, 3, 1]
    assert factors(28) == [Decimal("13.44"), Decimal("5.6"), Decimal("2.8"), Decimal("0.9333")]
    assert factors(7) == [Decimal("13.44"), Decimal("3.5"), Decimal("1.4"), Decimal("0.98")]


def test_a_budget_whose_period_is_longer_than_the_retention_is_refused_with_the_reason() -> None:
    text = TEXT + "retention: 2d\n"
    files = generated(loader.parse(text, "f"))
    rules = yaml.safe_load(files["prometheus/rules/p-web.yaml"])["groups"]
    assert not [rule for group in rules for rule in group["rules"] if "remaining" in rule.get("record", "")]
    remarks = composed(loader.parse(text, "f")).remarks
    assert any("budget is not computed" in each for each in remarks)
    assert any("windows 3d/6h are left out" in each for each in remarks)
