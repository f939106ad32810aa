"""`signal`, `signals` and ranges: what is asked, and how it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import promql_parser
import pytest

from leadline.catalog import loader
from leadline.catalog.model import Catalog
from leadline.cli.main import run
from leadline.signals import formulas
from tests.conftest import ROOT
from tests.doubles import Api, success, vector

Capture = pytest.CaptureFixture[str]
CATALOG = ["--catalog", str(ROOT / "leadline.yaml")]


LLM = "project: p\nservices: {engine: {profile: litellm, selector: {job: a}}}\n"


@pytest.mark.parametrize("name", formulas.FORMULAS)
def test_every_formula_parses_with_every_split(name: str, worked_example: Catalog) -> None:
    formula = formulas.FORMULAS[name]
    of_tokens = name.startswith(("first_token", "output_token"))
    service = (loader.parse(LLM, "f") if of_tokens else worked_example).services[0]
    splits = [
        (),
        *(
            (label,)
            for label in formula.by
            if not formulas.missing(formula, service.instruments, service.missing, (label,))
        ),
    ]
    for by in splits:
        promql_parser.parse(formula.write(dict(service.instruments), "5m", by))


def test_promql_is_printed_and_nothing_is_asked(capsys: Capture) -> None:
    assert run(["signal", "throughput", "--promql", *CATALOG, "--url", "http://127.0.0.1:1"]) == 0
    out = capsys.readouterr().out
    promql_parser.parse(out)
    assert 'job="threads-agent-orchestrator"' in out


def test_a_signal_is_split_and_the_largest_comes_first(api: Api, capsys: Capture) -> None:
    api.answer = lambda _: success(
        vector(({"route": "/a"}, "1"), ({"route": "/b"}, "NaN"), ({"route": "/c"}, "2"))
    )
    assert run(["signal", "throughput", "--by", "route", *CATALOG, "--url", api.url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["/c", "/a", "/b"]
    assert lines[1].endswith("2 req/s")
    assert lines[3].endswith("NaN")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["signal", "latency.p59"], 2, "did you mean 'latency.p"),
        (["signal", "latency.p95", "--by", "model"], 2, "cannot be split by model"),
        (["signal", "throughput", "--over", "5"], 2, "has no unit"),
        (["signal", "throughput", "--service", "nope"], 2, "has no service 'nope'"),
        (["query", "up", "--step", "5s"], 2, "need --range"),
        (["query", "up", "--range", "30d", "--step", "1s"], 3, "the step is 12s; a shorter one"),
    ],
)
def test_what_cannot_be_asked_is_told(arguments: list[str], code: int, says: str, capsys: Capture) -> None:
    assert run([*arguments, *CATALOG, "--url", "http://127.0.0.1:1"]) == code
    assert says in capsys.readouterr().err


def test_no_data_is_4(api: Api, capsys: Capture) -> None:
    assert run(["signal", "throughput", *CATALOG, "--url", api.url]) == 4
    assert "has no data for throughput" in capsys.readouterr().err


def test_signals_lists_all_and_who_has_them(capsys: Capture) -> None:
    assert run(["signals", *CATALOG]) == 0
    lines = capsys.readouterr().out.splitlines()
    having = [line.split()[0] for line in lines[1:] if "orchestrator" in line]
    lacking = " ".join(line for line in lines[1:] if "orchestrator" not in line)
    assert lacking.startswith("no service has first_token.p50, first_token.p90")
    assert {*having, *lacking.removeprefix("no service has ").split(", ")} == set(formulas.FORMULAS)


def test_a_range_is_drawn_with_a_letter_for_each_series(api: Api, capsys: Capture, tmp_path: Path) -> None:
    points = [[1000.0 + index, str(index)] for index in range(50)]
    series = [{"metric": {"job": job}, "values": points} for job in ("one", "two")]
    api.answer = lambda _: success({"resultType": "matrix", "result": series})
    assert run(["query", "up", "--range", "1h", "--url", api.url]) == 0
    out = capsys.readouterr().out
    assert 'a  {job="one"}' in out
    assert 'b  {job="two"}' in out
    assert "\x1b" not in out
    assert api.requests[-1].path == "/api/v1/query_range"
    assert run(["query", "up", "--range", "1h", "-o", "json", "--url", api.url]) == 0
    assert len(json.loads(capsys.readouterr().out)["series"][0]["samples"]) == 50
