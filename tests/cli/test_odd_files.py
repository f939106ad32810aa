"""Files of somebody else's with odd content: each is read, or refused in a sentence; never a traceback."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leadline.cli.main import run
from leadline.reports import document
from tests.conftest import MINIMAL
from tests.reports.test_formats import freeze
from tests.reports.test_snapshot import history

ODD: tuple[Any, ...] = (None, True, -1, 1e308, "x", "", [], {}, [None], {"a": 1}, "NaN", [[1, 2, 3]])
CASES = 250


def places(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the way to everything in a document; of a list its first and last member."""
    if path:
        yield path
    if isinstance(found, dict):
        for key, value in found.items():
            yield from places(value, (*path, key))
    elif isinstance(found, list):
        for index in sorted({0, len(found) - 1} if found else ()):
            yield from places(found[index], (*path, index))


def changed(found: Any, path: tuple[Any, ...], value: Any, *, gone: bool) -> Any:
    made = copy.deepcopy(found)
    inside = made
    for key in path[:-1]:
        inside = inside[key]
    if gone:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return made


def cases(found: Any) -> list[str]:
    """Return documents in each of which one thing is missing or odd, drawn evenly."""
    every = [
        (path, odd, gone)
        for path in places(found)
        for odd, gone in [*((each, False) for each in ODD), (None, True)]
    ]
    chosen = random.Random(18).sample(every, min(CASES, len(every)))
    return [json.dumps(changed(found, path, odd, gone=gone)) for path, odd, gone in chosen]


REPORT, FROZEN = freeze(history())


@pytest.mark.parametrize("kind", ["record", "report"])
def test_odd_content_is_read_or_refused(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, other = tmp_path / "file.json", tmp_path / "other.json"
    other.write_text(document.write(REPORT), "utf-8")
    text = FROZEN if kind == "record" else other.read_text("utf-8")
    command = (
        ["snapshot", "--from", str(file), "--unverified"]
        if kind == "record"
        else ["compare", str(file), str(other)]
    )
    told = []
    for case in cases(json.loads(text)):
        file.write_text(case, "utf-8")
        code = run(command)
        said = capsys.readouterr().err
        if code not in range(5) or "Traceback" in said or "internal error" in said:
            told.append((code, said.strip().splitlines()[-3:]))
    assert told == []


def test_an_odd_plan_is_refused_or_held(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "leadline.yaml").write_text(MINIMAL)
    where = ["--to", "files", "--rules-dir", str(tmp_path / "rules"), "--url", "http://127.0.0.1:1"]
    where += ["--catalog", str(tmp_path / "leadline.yaml")]
    file = tmp_path / "plan.json"
    assert run(["plan", *where, "--out", str(file)]) == 1
    found = json.loads(file.read_text())
    for case in [*cases(found), "[" * 100_000]:
        file.write_text(case, "utf-8")
        capsys.readouterr()
        assert run(["push", *where, "--plan", str(file), "--dry-run"]) in (0, 1, 2), case[:300]


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "[" * 100_000, '{"schema": []}', "\x00", '{"schema": "leadline.frozen/1"}']
)
@pytest.mark.parametrize("command", [["snapshot", "--from"], ["compare"]])
def test_what_is_no_report_at_all_is_refused(
    text: str, command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file.json"
    file.write_text(text, "utf-8")
    assert run([*command, str(file), *([str(file)] if command == ["compare"] else [])]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_record_that_was_changed_is_judged_only_where_the_user_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file.json"
    file.write_text(FROZEN, "utf-8")
    assert run(["snapshot", "--from", str(file), "--undecided", "pass"]) == 0
    tampered = json.loads(FROZEN)
    tampered["source"] = "somewhere else"
    file.write_text(json.dumps(tampered), "utf-8")
    capsys.readouterr()
    assert run(["snapshot", "--from", str(file), "--undecided", "pass"]) == 2
    assert "was changed since it was recorded" in capsys.readouterr().err
    assert run(["snapshot", "--from", str(file), "--undecided", "pass", "--unverified"]) == 0
