"""What screens look like: the parts that do not change, at widths that people have."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from leadline.base.printable import printable
from leadline.base.text_table import table as aligned
from leadline.base.text_table import width, wrapped
from leadline.catalog import loader
from leadline.catalog.model import Service, Target
from leadline.cli import terminal
from leadline.cli.asking.table import Layout, fitted, table
from leadline.cli.main import run
from leadline.cli.plots import plot
from leadline.cli.watch.frame import Choice, History, chosen, lines
from leadline.cli.watch.poll import Firing, Look, ServiceState
from leadline.signals.samples import Answer, Sample, Series
from tests.conftest import MINIMAL
from tests.doubles import Api, Reply, Request, success, vector

Capture = pytest.CaptureFixture[str]


def test_the_last_column_flows_where_a_table_is_too_wide() -> None:
    head, rows = ("name", "about"), [("a", "one two three four five six seven eight"), ("b", "short")]
    assert list(aligned(head, rows, indent="", room=34)) == [
        "name  about",
        "a     one two three four five six",
        "      seven eight",
        "b     short",
    ]
    assert list(aligned(head, rows, indent="", room=24)) == [
        "name",
        "    about",
        "a",
        "    one two three four",
        "    five six seven eight",
        "b",
        "    short",
    ]
    assert list(aligned(head, rows, indent="")) == [
        "name  about",
        "a     one two three four five six seven eight",
        "b     short",
    ]


def test_a_word_that_is_wider_than_the_room_stays_whole() -> None:
    assert wrapped("a " + "x" * 30 + " b", 10) == ["a", "x" * 30, "b"]


def test_labels_are_shortened_in_the_middle_and_values_never() -> None:
    def series(pod: str) -> Series:
        return Series(
            labels={"pod": f"orchestrator-{'x' * 20}-{pod}", "n": pod}, samples=(Sample(1.0, 123456.789),)
        )

    found = table(Answer(kind="vector", series=(series("aaa"), series("bbb"))), Layout())
    short = fitted(found, 40)
    assert [row[-1] for row in short.rows] == ["123456.789"] * 2
    assert all(
        row[1].startswith("orchest") and row[1].endswith(row[0]) and "…" in row[1] for row in short.rows
    )
    assert all(width(line) <= 40 for line in aligned(short.head, short.rows, indent=""))
    assert fitted(found, 200) == found


def test_symbols_are_coloured_where_they_begin_a_column() -> None:
    assert terminal.coloured("✗ down  a ✗ b?") == "\x1b[31m✗\x1b[0m down  a ✗ b?"
    assert terminal.coloured("web  ✓ 1 %  ? 2 s") == "web  \x1b[32m✓\x1b[0m 1 %  \x1b[33m?\x1b[0m 2 s"


@pytest.mark.parametrize(("variable", "wanted"), [("", True), ("1", False)])
def test_colours_are_for_terminals_and_who_wants_them(
    variable: str, wanted: bool, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("NO_COLOR", variable)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert terminal.has_colour() is wanted
    monkeypatch.setattr("sys.stdout.isatty", lambda: False)
    assert terminal.has_colour() is False


def test_a_plot_spans_what_was_asked_though_data_begin_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    samples = [Sample(3000.0 + second, 1.0) for second in range(600)]
    drawn = plot([("x", samples)], (0.0, 3600.0))
    last = next(line for line in drawn.splitlines() if "00:00:00" in line)
    assert last.split() == ["00:00:00", "00:15:00", "00:30:00", "00:45:00", "01:00:00"]
    curve = next(line for line in drawn.splitlines() if any("\u2800" < each <= "\u28ff" for each in line))
    first = next(index for index, each in enumerate(curve) if "\u2800" < each <= "\u28ff")
    assert first > 60, "the first five sixths of the hour are empty"


def test_a_plot_of_nothing_but_gaps_and_of_native_histograms_has_axes_all_the_same() -> None:
    assert "00:00:00" in plot([("x", [Sample(1.0, math.nan)])], (0.0, 60.0))
    assert "00:00:00" in plot([("native", [])], (0.0, 60.0))


def test_a_line_is_broken_where_samples_are_missing() -> None:
    def cells(step: float) -> int:
        samples = [Sample(float(second), 1.0) for second in (*range(100), *range(500, 600))]
        drawn = plot([("x", samples)], (0.0, 600.0), step=step)
        return sum("\u2800" < each <= "\u28ff" for each in drawn)

    assert cells(1) < 0.5 * cells(0)


@pytest.mark.parametrize("values", [[1e308, -1e308], [1e300, 1.0]])
def test_what_is_too_large_to_be_drawn_is_told_or_drawn(values: list[float]) -> None:
    samples = [Sample(float(index), value) for index, value in enumerate(values)]
    assert plot([("x", samples)], (0.0, 10.0))


def test_over_days_a_plot_tells_the_date() -> None:
    assert "01-02 00:00" in plot([("x", [Sample(1.0, 1.0)])], (0.0, 4 * 86400.0))


# Alerts


def alert(value: str, expression: str) -> tuple[dict[str, Any], dict[str, Any]]:
    active = {
        "labels": {"alertname": "A"},
        "state": "firing",
        "activeAt": "",
        "value": value,
        "annotations": {},
    }
    return active, {"type": "alerting", "name": "A", "query": expression}


@pytest.mark.parametrize(
    ("value", "expression", "says"),
    [
        ("2", "x > 1.5", "2 > 1.5"),
        ("2", "1.5 < x", "2 > 1.5"),
        ("0.02", "(a > 14.4 * 0.001 and b > 14.4 * 0.001) or (c > 6 * 0.001 and d > 1)", "0.02 > 0.0144"),
        ("0.007", "(a > 0.0144 and b > 0.0144) or (c > 0.006 and d > 9)", "0.007 > 0.006"),
        ("0", "max(up) == 0", "0 == 0"),
        ("3", "x > y", "3"),
        ("1", "absent(x)", "1"),
        ("1", "x unless y", "1"),
        ("NaN", "x > 1", "nan"),
        ("odd", "x > 1", "odd"),
        ("1", "x >", "1"),
        ("1", "x > bool 0.5", "1"),
    ],
)
def test_an_alert_shows_the_comparison_that_its_value_meets(
    api: Api, capsys: Capture, value: str, expression: str, says: str
) -> None:
    active, rule = alert(value, expression)

    def answer(request: Request) -> Reply:
        data: Any = (
            {"alerts": [active]} if request.path.endswith("/alerts") else {"groups": [{"rules": [rule]}]}
        )
        return 200, "application/json", json.dumps({"status": "success", "data": data})

    api.answer = answer
    assert run(["alerts", "--url", api.url]) == 1
    row = capsys.readouterr().out.splitlines()[1]
    assert row == f"✗ firing  A      –         –      {says}"


def test_of_rules_of_one_name_it_is_the_one_whose_labels_an_alert_has(api: Api, capsys: Capture) -> None:
    def answer(request: Request) -> Reply:
        labels = {"alertname": "A", "severity": "warning"}
        active = [{"labels": labels, "state": "firing", "activeAt": "", "value": "95", "annotations": {}}]
        rules = [
            {"type": "alerting", "name": "A", "query": f"x > {limit}", "labels": {"severity": severity}}
            for severity, limit in (("warning", 50), ("critical", 90))
        ]
        data: Any = {"alerts": active} if request.path.endswith("/alerts") else {"groups": [{"rules": rules}]}
        return 200, "application/json", json.dumps({"status": "success", "data": data})

    api.answer = answer
    assert run(["alerts", "--url", api.url]) == 1
    assert "95 > 50" in capsys.readouterr().out


# Watch


@pytest.fixture
def web() -> Service:
    return loader.parse(MINIMAL, "x.yaml").services[0]


def looked(service: Service, *firing: Firing, more: int = 0) -> Look:
    values = {
        "throughput": 12.0, "error_ratio": 0.002, "latency.p50": 0.05, "latency.p95": 0.2, "latency.p99": 0.4,
        "cost_per_hour": 3.0, "saturation": 0.5,
    }  # fmt: skip
    seen = ServiceState(service=service, values=values, fullest="cpu")
    return Look(at=1000.0, seen=(seen,) * (1 + more), firing=firing)


BURN = Firing(name="ErrorBudgetBurn", service="web", severity="critical", since=400.0, of="availability")
SPENT = Firing(name="MonthlyBudgetSpent", service="", severity="critical", since=math.nan, of="")


def drawn(look: Look, columns: int, rows: int = 20) -> list[str]:
    history = History(5)
    history.begin({("web", "throughput"): [float(index) for index in range(60)]})
    return list(lines(look, history, "5m", columns, rows))


@pytest.mark.parametrize("columns", [40, 60, 72, 80, 100, 120, 160, 200])
def test_what_fires_is_seen_however_narrow_the_terminal_is(web: Service, columns: int) -> None:
    found = drawn(looked(web, BURN, SPENT), columns)
    assert all(width(line) <= columns for line in found)
    assert any(line.startswith("✗  ErrorBudgetBurn ") for line in found)
    assert any(line.startswith("✗  MonthlyBudgetSpent ") for line in found)
    head, row = found[2], found[3]
    if columns >= 60:
        assert head.split()[:3] == ["service", "traffic", "errors"]
        assert row.rstrip().endswith("✗ 1") or "✗ 1 " in row


def test_an_error_ratio_is_not_judged_by_the_edges_of_latency_buckets(web: Service) -> None:
    seen = looked(web).seen[0]
    bad = replace(seen, values={**seen.values, "error_ratio": 0.03})
    target = Target(signal="error_ratio", value=Decimal("0.02"), unit="ratio")
    judged = replace(bad, service=replace(web, targets=(target,)))
    assert judged.bounds("error_ratio") is None
    assert judged.verdict("error_ratio") == "✗"
    assert replace(judged, values={**seen.values, "error_ratio": 0.01}).verdict("error_ratio") == "✓"


def test_what_goes_first_is_what_can_be_spared(web: Service) -> None:
    def heads(columns: int) -> str:
        return " ".join(drawn(looked(web), columns)[2].split())

    assert heads(200) == "service traffic errors p50 p95 p99 fullest spend alerts traffic 5m p95 5m"
    assert heads(90) == "service traffic errors p50 p95 p99 fullest spend alerts"
    assert heads(70) == "service traffic errors p95 p99 spend alerts"
    assert "(100 ms…250 ms)" in drawn(looked(web), 200)[3]
    assert "(100 ms…250 ms)" not in drawn(looked(web), 90)[3]


def test_many_services_and_many_alerts_leave_room_for_each_other(web: Service) -> None:
    found = drawn(looked(web, *[BURN] * 12, more=40), 100, rows=20)
    assert len(found) <= 21
    assert any("0 above, " in line and " below; ↑ and ↓ scroll" in line for line in found)
    assert found[-1] == "4 more; leadline alerts lists all"


def states(web: Service) -> Look:
    """A service whose alert fires, one that misses a target, one that may, and one that is well; in the other order."""
    fine: dict[str, float | None] = {"error_ratio": 0.001, "latency.p95": 0.1, "throughput": 5.0}
    kinds: dict[str, dict[str, float | None]] = {
        "well": {**fine},
        "open": {**fine, "latency.p95": 0.24, "throughput": 1.0},
        "missed": {**fine, "error_ratio": 0.5, "throughput": None},
        "burning": {**fine, "throughput": 50.0},
    }
    seen = tuple(
        ServiceState(service=replace(web, name=name), values=values) for name, values in kinds.items()
    )
    return Look(at=1000.0, seen=seen, firing=(replace(BURN, service="burning"),))


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (Choice(), "burning missed open well"),
        (Choice(sort="by name"), "burning missed open well"),
        (Choice(sort="by traffic"), "burning well open missed"),
        (Choice(sort="by errors"), "missed well open burning"),
        (Choice(only_bad=True), "burning missed open"),
    ],
)
def test_services_stand_in_the_order_that_was_chosen(web: Service, choice: Choice, names: str) -> None:
    web = replace(
        web,
        targets=(
            Target(signal="latency.p95", value=Decimal("0.2"), unit="seconds"),
            Target(signal="error_ratio", value=Decimal("0.01"), unit="ratio"),
        ),
    )
    assert [each.service.name for each in chosen(states(web), choice)] == names.split()


@pytest.mark.parametrize("offset", [0, 1, 30, 40, 41, 1000])
def test_every_service_can_be_scrolled_to(web: Service, offset: int) -> None:
    look = replace(
        looked(web, more=40),
        seen=tuple(ServiceState(service=replace(web, name=f"web-{n}"), values={}) for n in range(41)),
    )
    found = list(lines(look, History(5), "5m", 100, 20, Choice(sort="by name", offset=offset)))
    assert len(found) <= 20
    assert any(line.startswith("web-") for line in found)
    if offset:
        assert any(" above, " in line for line in found)


# What every listing prints, whatever it is asked


def api_of(paths: Mapping[str, Any]) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        for end, data in paths.items():
            if request.path.endswith(end):
                return 200, "application/json", json.dumps({"status": "success", "data": data})
        return success(vector(({"__name__": HOSTILE[0], "job": HOSTILE[1]}, "NaN")))

    return answer


HOSTILE = ("x\x1b[2J\u202e", "y\n\x07\u2066", "z" * 65536)


def hostile() -> Mapping[str, Any]:
    labels = {"alertname": HOSTILE[0], "severity": "warning", "service": HOSTILE[1], "big": HOSTILE[2]}
    target = {
        "labels": {"job": HOSTILE[0], "instance": HOSTILE[1]},
        "health": "down",
        "lastError": HOSTILE[2] + HOSTILE[0],
    }
    return {
        "/alerts": {
            "alerts": [
                {
                    "labels": labels,
                    "state": "firing",
                    "value": HOSTILE[0],
                    "annotations": {"runbook_url": HOSTILE[1]},
                }
            ]
        },
        "/rules": {"groups": [{"rules": [{"type": "alerting", "name": HOSTILE[0], "query": HOSTILE[2]}]}]},
        "/targets": {"activeTargets": [target] * 3},
        "/metadata": {HOSTILE[0]: [{"type": "counter", "help": HOSTILE[2]}]},
        "__name__/values": [HOSTILE[0], *(f"m{number}" for number in range(10_000))],
        "/labels": ["__name__", HOSTILE[1], HOSTILE[2]],
    }


@pytest.mark.parametrize("columns", ["", "80"])
@pytest.mark.parametrize(
    "command",
    [["alerts"], ["targets"], ["metrics"], ["metrics", "--limit", "1", "--labels"], ["query", "up"]],
    ids=" ".join,
)
def test_hostile_answers_do_nothing_to_the_terminal(
    api: Api, capsys: Capture, command: list[str], columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    api.answer = api_of(hostile())
    assert run([*command, "--url", api.url]) in (0, 1)
    out, error = capsys.readouterr()
    assert printable(out.replace("\n", "")) == out.replace("\n", "")
    assert printable(error.replace("\n", "")) == error.replace("\n", "")
    assert max(len(line) for line in out.splitlines()) < 1500, "what is endless is cut"
    assert out.count("\n") < 300


def test_a_signal_by_a_hostile_label_is_harmless_and_many_rows_are_cut_and_counted(
    api: Api, capsys: Capture, tmp_path: Path
) -> None:
    catalog = tmp_path / "leadline.yaml"
    catalog.write_text(MINIMAL, "utf-8")
    series = (({"route": f"{number}{HOSTILE[0]}{HOSTILE[2][:99]}"}, "1") for number in range(10_000))
    answer = success(vector(*series))
    api.answer = lambda _: answer
    assert run(["signal", "throughput", "--by", "route", "--catalog", str(catalog), "--url", api.url]) == 0
    out, error = capsys.readouterr()
    assert out.count("\n") == 101
    assert printable(out.replace("\n", "")) == out.replace("\n", "")
    assert max(len(line) for line in out.splitlines()) < 150
    assert "9900 more; -o json has all" in error
