"""The command line: one clear line and the right exit code for whatever goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from leadline.cli.main import COMMANDS, group, run
from leadline.cli.snapshot import SECTIONS
from leadline.reports.sections import TITLES
from tests.conftest import ROOT
from tests.doubles import Api, failure, success, vector

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEADLINE_CATALOG", raising=False)
    monkeypatch.delenv("LEADLINE_CONTEXT", raising=False)


@pytest.mark.parametrize("command", ["generate", "snapshot"])
def test_without_a_catalog_it_says_so(command: str, capsys: Capture) -> None:
    assert run([command]) == 2
    error = capsys.readouterr().err
    assert error.startswith("leadline: there is no catalog leadline.yaml; write one")
    assert len(error.splitlines()) == 1


def test_every_mistake_of_a_catalog_has_its_line(
    catalog_file: Callable[[str], Path], capsys: Capture
) -> None:
    catalog_file("project: X\nservices:\n  w: {profile: nope, selector: {job: w}}\n")
    assert run(["generate"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert not Path("generated").exists()


def test_unknown_commands_options_services_and_contexts_name_the_nearest(
    catalog_file: Callable[[], Path], capsys: Capture
) -> None:
    catalog_file()
    assert run(["snapshto"]) == 2
    assert "did you mean 'snapshot'" in capsys.readouterr().err
    assert run(["snapshot", "--windw", "5m"]) == 2
    assert "--window" in capsys.readouterr().err
    assert run(["snapshot", "wbe", "--url", "http://127.0.0.1:1"]) == 2
    assert "has no service 'wbe'; did you mean 'web'?" in capsys.readouterr().err
    assert run(["snapshot"]) == 2
    assert "no context says where to ask" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--end", "2100-01-01T00:00:00Z"], "ends in the future"),
        (["--window", "5"], "has no unit"),
        (["--window", "5m", "--start", "-1h"], "exclude each other"),
        (["--start", "tomorrow"], "is not a time"),
        (["--start", "-1m", "--end", "-2m"], "not before its end"),
        (["--window", "5s"], "fewer than two scrapes"),
        (["--url", "127.0.0.1:9090"], "write for example http"),
        (["--url", "http://me:secret@host"], "must not carry a password"),
    ],
)
def test_a_window_or_url_that_cannot_be_is_told(
    options: list[str], says: str, catalog_file: Callable[[], Path], capsys: Capture
) -> None:
    catalog_file()
    address = [] if "--url" in options else ["--url", "http://127.0.0.1:1"]
    assert run(["snapshot", *options, *address]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert len(error.splitlines()) == 1
    assert "secret@" not in error


@pytest.mark.parametrize("command", [["query", "up"], ["snapshot"]])
def test_a_prometheus_that_is_not_there_is_3(
    command: list[str], catalog_file: Callable[[], Path], capsys: Capture
) -> None:
    catalog_file()
    assert run([*command, "--url", "http://127.0.0.1:1"]) == 3
    out, error = capsys.readouterr()
    assert out == ""
    assert "connection refused" in error


def test_a_query_that_is_rejected_shows_what_was_asked(api: Api, capsys: Capture) -> None:
    api.answer = lambda _: failure(400, "bad_data", "1:4: parse error: unclosed")
    assert run(["query", "up{", "--as-is", "--url", api.url]) == 3
    error = capsys.readouterr().err
    assert "refused the query: 1:4: parse error" in error
    assert "query: up{" in error


def test_a_metric_that_does_not_exist_is_no_data(api: Api, capsys: Capture) -> None:
    assert run(["query", "nope", "--url", api.url]) == 4
    out, error = capsys.readouterr()
    assert out == ""
    assert "there is no metric nope" in error


def test_answers_are_printed_as_prometheus_writes_them(api: Api, capsys: Capture) -> None:
    api.answer = lambda _: success(vector(({"__name__": "up", "job": "a"}, "1"), ({"__name__": "up"}, "NaN")))
    assert run(["query", "up", "--url", api.url]) == 0
    assert capsys.readouterr().out == "up\njob  value\na    1\n     NaN\n"
    assert run(["query", "up", "--url", api.url, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["series"][1]["samples"] == [[1000.0, "NaN"]]


def test_generate_is_deterministic_and_check_tells_drift(
    catalog_file: Callable[[], Path], capsys: Capture
) -> None:
    catalog_file()
    assert run(["generate", "--check"]) == 1
    assert run(["generate"]) == 0
    first = {path: path.read_bytes() for path in Path("generated").rglob("*") if path.is_file()}
    assert run(["generate", "--out", "again"]) == 0
    again = {path: path.read_bytes() for path in Path("again").rglob("*") if path.is_file()}
    assert list(first.values()) == list(again.values())
    assert run(["generate", "--check"]) == 0
    Path("generated/mine.txt").write_text("mine")
    capsys.readouterr()
    assert run(["generate", "--check"]) == 1
    assert "extra  generated/mine.txt" in capsys.readouterr().out


def test_the_same_bytes_come_from_another_process_with_another_hash_seed(
    catalog_file: Callable[[], Path],
) -> None:
    catalog_file()
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-m", "leadline", "generate", "--out", seed],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
        )
    assert Path("1/manifest.json").read_bytes() == Path("2/manifest.json").read_bytes()


def test_an_output_folder_that_cannot_be_written_is_told(
    catalog_file: Callable[[], Path], capsys: Capture
) -> None:
    catalog_file()
    Path("out").write_text("mine")
    assert run(["generate", "--out", "out"]) == 2
    assert "out is a file, not a folder" in capsys.readouterr().err
    assert Path("out").read_text() == "mine"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from leadline.cli.main import run; run(['--help']);"
        "print([name for name in ('requests', 'grafanalib', 'rich', 'yaml', 'uvicorn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "generate" in done.stdout


def test_a_closed_pipe_is_silent(api: Api) -> None:
    api.answer = lambda _: success(vector(*[({"n": str(number)}, "1") for number in range(20_000)]))
    command = f"{sys.executable} -m leadline query up --limit 0 --url {api.url} | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


def test_an_internal_error_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr("leadline.catalog.loader.load", lambda _: 1 / 0)
    assert run(["generate"]) == 70
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_examples_line_by_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert "\\b" not in out
    assert f"  leadline {command}" in out


def all_commands(within: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(within)
    for name in within.list_commands(context):
        command = within.get_command(context, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from all_commands(command, (*path, name))


def test_help_fits_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    every = [(), *all_commands(group)]
    assert ("context", "add") in every
    for words in every:
        run([*words, "--help"])
        wide = [line for line in capsys.readouterr().out.splitlines() if len(line) > 80]
        assert not wide, (words, wide)


def test_every_section_of_a_report_can_be_asked_for() -> None:
    assert set(SECTIONS) == set(TITLES)
