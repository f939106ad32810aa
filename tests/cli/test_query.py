"""`leadline query`: what is asked, told and shown; hostile answers do nothing to the terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from leadline.cli.asking import expression
from leadline.cli.asking.table import Layout, folded, ordered, spark, table
from leadline.cli.main import run
from leadline.signals.samples import Answer, Sample, Series
from tests.doubles import Api, Reply, Request, success, vector

Capture = pytest.CaptureFixture[str]
Query = Callable[..., int]
SERIES = (
    ({"__name__": "x", "job": "a", "instance": "1"}, "3"),
    ({"__name__": "x", "job": "a", "instance": "2"}, "1"),
    ({"__name__": "x", "job": "a", "instance": "3"}, "NaN"),
)


@pytest.fixture
def query(api: Api) -> Query:
    api.answer = lambda _: success(vector(*SERIES))
    return lambda *arguments: run(["query", "--url", api.url, *arguments])


def test_equal_labels_stand_above_and_those_that_differ_are_columns(query: Query, capsys: Capture) -> None:
    assert query("x") == 0
    assert capsys.readouterr().out.splitlines() == [
        'x{job="a"}',
        "instance  value",
        "1         3",
        "2         1",
        "3         NaN",
    ]


def test_series_are_named_by_the_labels_in_which_they_differ() -> None:
    def series(**labels: str) -> Series:
        return Series(labels=labels, samples=(Sample(1.0, 2.0),))

    assert folded([series(a="1", b="x"), series(a="1", b="y\x1b")]) == ('{a="1"}', ['{b="x"}', '{b="y "}'])
    assert folded([series(a="1"), series(a="2")]) == ("", ['{a="1"}', '{a="2"}'])
    assert folded([series(a="1")]) == ("", ['{a="1"}'])


def test_rows_are_sorted_chosen_and_cut_and_that_is_said(query: Query, capsys: Capture) -> None:
    assert query("x", "--sort", "value", "--columns", "instance,job") == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows == [["instance", "job", "value"], ["2", "a", "1"], ["1", "a", "3"], ["3", "a", "NaN"]]
    assert query("x", "--top", "1") == 0
    out, error = capsys.readouterr()
    assert [line.split() for line in out.splitlines()[1:]] == [["instance", "value"], ["1", "3"]]
    assert "2 more; --limit 0 shows all" in error
    assert query("x", "--sort", "-instance", "--limit", "2") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == ["3", "2"]


def test_an_expression_comes_from_a_file_or_stdin(
    query: Query, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    path = tmp_path / "q.promql"
    path.write_text("sum(\n  up\n)\n")
    assert query("--file", str(path)) == 0
    assert api.requests[-1].form["query"] == "sum(\n  up\n)"
    monkeypatch.setattr("sys.stdin", io.StringIO("up\n"))
    assert query("-") == 0
    assert api.requests[-1].form["query"] == "up"
    assert query("up", "--file", str(path)) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_what_is_wrong_is_told_before_anything_is_asked(query: Query, api: Api, capsys: Capture) -> None:
    assert query("sum by job (up)") == 2
    said = capsys.readouterr().err
    assert (
        "leadline: by is followed by labels in parentheses\n  sum by job (up)\n      ^^\n  write by (job)\n"
        in said
    )
    assert api.requests == []
    assert query("sum by job (up)", "--as-is") == 0
    assert len(api.requests) == 1


def test_a_metric_that_is_not_there_gets_the_nearest_names(query: Query, api: Api, capsys: Capture) -> None:
    def answer(request: Request) -> Reply:
        if request.path.endswith("__name__/values"):
            return (
                200,
                "application/json",
                json.dumps({"status": "success", "data": ["http_requests_total", "up"]}),
            )
        return success(vector())

    api.answer = answer
    assert query("rate(http_request_total[5m])") == 4
    assert "there is no metric http_request_total; there is http_requests_total" in capsys.readouterr().err
    assert query("up == 2") == 4
    assert "has no series for: up == 2" in capsys.readouterr().err


def test_it_is_asked_as_of_a_time(query: Query, api: Api) -> None:
    assert query("up", "--at", "2026-11-24T12:00:00Z") == 0
    assert float(api.requests[-1].form["time"]) == 1795521600
    assert query("up", "--at", "soon") == 2


def ranged(request: Request) -> Reply:
    start, end, step = (float(request.form[key]) for key in ("start", "end", "step"))
    values = [[start + index * step, str(index)] for index in range(int((end - start) / step) + 1)]
    assert len(values) <= 11_000
    return success({"resultType": "matrix", "result": [{"metric": {"job": "a"}, "values": values}]})


def test_a_range_of_too_many_points_is_asked_in_parts_and_no_point_twice(
    query: Query, api: Api, capsys: Capture
) -> None:
    api.answer = ranged
    assert query("up", "--range", "10h", "--step", "1s", "-o", "json") == 0
    out, error = capsys.readouterr()
    assert "36000 points are queried in 4 parts" in error
    times = [time for time, _ in json.loads(out)["series"][0]["samples"]]
    assert len(times) == len(set(times)) == 36001
    assert times == sorted(times)
    assert query("up", "--range", "52w", "--step", "1s", "-o", "csv") == 0
    assert "the step is" in capsys.readouterr().err


def test_a_range_as_a_table_has_curves(query: Query, api: Api, capsys: Capture) -> None:
    api.answer = ranged
    assert query("up", "--range", "5m", "--step", "auto", "-o", "table") == 0
    out = capsys.readouterr().out
    assert "▁" in out
    assert "█" in out
    assert query("up", "--range", "5m", "--threshold", "50") == 0
    assert "job" in capsys.readouterr().out


def test_outputs_for_programs_and_documents(query: Query, api: Api, capsys: Capture) -> None:
    api.answer = lambda _: success(vector(({"a": "=1+1", "b": 'x"y\n,|`<b>'}, "1.5")))
    assert query("x", "-o", "csv") == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows[0] == ["time", "a", "b", "value"]
    assert rows[1][1:] == ["'=1+1", 'x"y ,|`<b>', "1.5"]  # a line of its own could command a CI runner
    assert query("x", "-o", "markdown") == 0
    out = capsys.readouterr().out
    assert "\\<b\\>" in out
    assert "\\|" in out
    assert query("x", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["series"][0]["labels"]["b"] == 'x"y\n,|`<b>'


EVIL = "\x1b]0;owned\x07\x1b[2J\u202eabc\r\n\t" + "x" * 65536


def test_hostile_labels_do_nothing_to_the_terminal(query: Query, api: Api, capsys: Capture) -> None:
    many = [
        ({"__name__": "x", "evil": f"{EVIL}{number}", "n": str(number)}, "NaN" if number % 2 else "+Inf")
        for number in range(300)
    ]
    api.answer = lambda _: success(vector(*many), warnings=[f"warn {EVIL[:40]}"])
    for output in ("table", "samples", "markdown"):
        assert query("x", "-o", output) == 0
        out, error = capsys.readouterr()
        for text in (out, error):
            assert not {"\x1b", "\x07", "\r", "\u202e"} & set(text)
        assert max(map(len, out.splitlines())) < 400
    assert query("x") == 0
    out, error = capsys.readouterr()
    assert len(out.splitlines()) <= 103
    assert "200 more" in error


def test_what_a_query_reads_is_explained(query: Query, api: Api, capsys: Capture) -> None:
    def answer(request: Request) -> Reply:
        if request.path.endswith("/metadata"):
            return (
                200,
                "application/json",
                json.dumps({"status": "success", "data": {"x_total": [{"type": "counter", "help": "x"}]}}),
            )
        if request.path.endswith("/labels"):
            return 200, "application/json", json.dumps({"status": "success", "data": ["__name__", "job"]})
        if "/label/" in request.path:
            return 200, "application/json", json.dumps({"status": "success", "data": ["a", "b"]})
        if "stats" in request.form:
            return success({**vector(({}, "1")), "stats": {"samples": {"totalQueryableSamples": 42}}})
        return success(vector(({}, "7")))

    api.answer = answer
    assert query("sum(rate(x_total[5m]))", "--explain") == 0
    out = capsys.readouterr().out
    for line in ("x_total", "  type      counter", "  series    7", "    job  a, b", "  samples   42"):
        assert line in out.splitlines(), line


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("process_cpu_seconds_total", "seconds"),
        ("rate(process_cpu_seconds_total[5m])", ""),
        ("histogram_quantile(0.9, sum by (le) (rate(x_seconds_bucket[5m])))", "seconds"),
        ("x_seconds_bucket", ""),
        ("process_resident_memory_bytes", "bytes"),
        ("a_bytes / b_bytes", ""),
        ("count(a_bytes)", ""),
        ("up", ""),
        ("service:slo_coverage:ratio", "ratio"),
    ],
)
def test_units_are_guessed_from_suffixes_and_not_where_they_are_gone(text: str, unit: str) -> None:
    assert expression.unit(text) == unit


def one(*values: float, **labels: str) -> Series:
    return Series(labels=labels, samples=tuple(Sample(number, value) for number, value in enumerate(values)))


def test_a_curve_goes_from_the_least_to_the_most() -> None:
    assert spark([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert spark([1, float("nan"), 1]) == "▁ ▁"
    assert spark([float("nan")]) == ""
    assert len(spark(list(range(1000)), 24)) == 24


def test_what_has_no_number_comes_last() -> None:
    nan = float("nan")
    found = [one(nan, a="x"), one(2, a="y"), one(1, a="z"), Series(labels={"a": "w"}, samples=())]
    assert [each.labels["a"] for each in ordered(found, "-value")][:2] == ["y", "z"]
    assert {each.labels["a"] for each in ordered(found, "value")[2:]} == {"x", "w"}


def test_a_unit_stands_beside_the_value_as_it_is() -> None:
    found = table(Answer(kind="vector", series=(one(0.0656, a="x"),)), Layout(unit="seconds"))
    assert found.rows == (("0.0656", "65.6 ms"),)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--at", "0001-01-01"], "--at '0001-01-01' is not a time"),
        (["--range", "1000000w"], "--range 1000000w reaches back before 1970"),
        (["--range", "1m", "--threshold", "inf"], "--threshold is a number that can be drawn"),
    ],
)
def test_what_cannot_be_asked_or_drawn_is_a_mistake_of_usage(
    query: Query, capsys: Capture, arguments: list[str], says: str
) -> None:
    assert query("up", *arguments) == 2
    assert says in capsys.readouterr().err


def test_samples_that_are_no_numbers_are_told(query: Query, api: Api, capsys: Capture) -> None:
    values = [[1000.0, "NaN"], [1001.0, "+Inf"]]
    api.answer = lambda _: success({"resultType": "matrix", "result": [{"metric": {}, "values": values}]})
    assert query("up", "--range", "1m") == 0
    assert "there are 2 samples, all of them NaN or infinite" in capsys.readouterr().err
