"""The page's own script, run without a browser: figures, thresholds, stacks and the ends of axes."""

from __future__ import annotations

import json
from typing import Any

import pytest
import quickjs

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def script() -> quickjs.Context:
    context = quickjs.Context()
    context.eval((ROOT / "dashboards/preview/preview.js").read_text("utf-8"))
    return context


def run(script: quickjs.Context, expression: str) -> Any:
    return json.loads(script.eval(f"JSON.stringify({expression})"))


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("s", 0.0656, "65.6 ms"),
        ("s", 0, "0 s"),
        ("s", 1.5e-5, "15 µs"),
        ("s", 90, "1.5 min"),
        ("s", 172800, "2 d"),
        ("s", -0.25, "-250 ms"),
        ("reqps", 12.34, "12.3 req/s"),
        ("reqps", 1258.3, "1.26 K req/s"),
        ("percentunit", 0.01234, "1.23 %"),
        ("percentunit", 1, "100 %"),
        ("currencyUSD", 0.0042, "$0.0042"),
        ("currencyUSD", -12.5, "-$12.5"),
        ("currencyUSD", 1234567, "$1.23 Mil"),
        ("short", 1000, "1 K"),
        ("short", 0.000012, "0.000012"),
        ("bytes", 123456789, "118 MiB"),
        ("none", 14.4, "14.4"),
        ("none", 1234567, "1234567"),
        ("furlongs", 3, "3 furlongs"),
        ("s", "text", "text"),
        ("s", None, "–"),
    ],
)
def test_figures_are_written_as_grafana_writes_them(
    script: quickjs.Context, unit: str, value: object, text: str
) -> None:
    assert run(script, f"write({json.dumps(unit)}, {json.dumps(value)})") == text


def test_a_colour_is_that_of_the_last_step_reached(script: quickjs.Context) -> None:
    steps = '[[null, "good"], [0.8, "warn"], [1, "bad"]]'
    found = [run(script, f"stepped({steps}, {value})") for value in ("0", "0.8", "0.99", "1", "9", "null")]
    assert found == ["good", "warn", "warn", "bad", "bad", "text"]


def test_stacked_curves_lie_on_those_before_and_hidden_ones_do_not_count(script: quickjs.Context) -> None:
    series = (
        "[{stack: true, ys: [1, 2, null]}, {stack: true, ys: [10, null, 5]}, {stack: false, ys: [7, 7, 7]}]"
    )
    assert run(script, f"laid({series}, [true, true, true])") == [[1, 2, None], [11, None, 5], [7, 7, 7]]
    assert run(script, f"laid({series}, [false, true, true])")[1] == [10, None, 5]


def test_what_a_legend_reckons_leaves_gaps_out(script: quickjs.Context) -> None:
    ys = "[null, 2, 4, null]"
    assert [
        run(script, f"CALCS.{name}({ys})") for name in ("mean", "max", "min", "lastNotNull", "last", "sum")
    ] == [3, 4, 2, 4, None, 6]
    assert run(script, "CALCS.mean([null])") is None


@pytest.mark.parametrize(
    ("low", "high", "least", "most", "ends"),
    [
        (2, 10, 0, None, [0, 10.6]),
        (2, 10, 0, 1, [0, 1]),
        (0, 0, 0, None, [0, 1]),
        (-4, -2, None, None, [-4.2, -1.9]),
        (5, 5, None, None, [4.75, 5.3]),
    ],
)
def test_an_axis_keeps_its_fixed_ends_and_makes_room(
    script: quickjs.Context,
    low: float,
    high: float,
    least: float | None,
    most: float | None,
    ends: list[float],
) -> None:
    found = run(script, f"ends({low}, {high}, {json.dumps(least)}, {json.dumps(most)})")
    assert found == pytest.approx(ends)
