"""What every command has: --verbose, --quiet, --no-color, LEADLINE_URL, and a line of progress for slow questions."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from leadline.base.activity import LOG, asking
from leadline.cli import common_options
from leadline.cli.common_options import _Line, _listening
from leadline.cli.main import COMMANDS, GROUPS, group, run
from tests.doubles import Api, success, vector
from tests.golden.test_commands import EVERY

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _answers(api: Api) -> None:
    api.answer = lambda _: success(vector(({"job": "a"}, "1")))


def test_every_command_stands_in_one_group() -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(COMMANDS)


@pytest.mark.parametrize("words", EVERY)
def test_every_command_can_be_verbose_and_without_colour(words: str) -> None:
    named = {each.name for each in EVERY[words].params}
    assert {"verbose", "no_color"} <= named or hasattr(EVERY[words], "commands")


def test_verbose_prints_each_question_its_time_and_size(api: Api, capsys: Capture) -> None:
    assert run(["query", "up == 1", "--url", api.url, "--verbose"]) == 0
    error = capsys.readouterr().err
    assert f"POST {api.url}/api/v1/query up == 1: 200, " in error
    assert " bytes in " in error
    assert run(["query", "up", "--url", api.url]) == 0
    assert capsys.readouterr().err == ""
    assert LOG.handlers == []


def test_verbose_prints_no_secret(api: Api, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLINE_PROMETHEUS_TOKEN", "very-secret")
    assert run(["query", "up", "--url", api.url, "--verbose"]) == 0
    assert api.requests[-1].headers["Authorization"] == "Bearer very-secret"
    assert "very-secret" not in capsys.readouterr().err


def test_quiet_prints_errors_only(api: Api, capsys: Capture) -> None:
    api.answer = lambda _: success(vector())
    assert run(["query", "nothing_here", "--url", api.url, "--quiet"]) == 4
    loud = run(["query", "sum(", "--url", api.url, "--quiet"])
    assert loud == 2
    assert capsys.readouterr().err.startswith("leadline: ")


def test_the_url_may_stand_in_the_environment(
    api: Api, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADLINE_URL", api.url)
    assert run(["query", "up"]) == 0
    assert api.requests
    assert run(["query", "up", "--context", "nowhere"]) == 2  # the command line overrules the environment
    assert "no context 'nowhere'" in capsys.readouterr().err


def test_a_slow_question_is_shown_and_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common_options, "SILENT_SECONDS", 0.05)
    monkeypatch.setattr(common_options, "EVERY_SECONDS", 0.01)
    stream = io.StringIO()
    line = _Line(stream)
    with _listening(line):
        with asking("POST http://p/api/v1/query slow"):
            time.sleep(0.3)
        drawn = stream.getvalue()
        with asking("fast"):
            pass
    line.end()
    assert "0 answered, 0 s: POST http://p/api/v1/query slow" in drawn
    assert drawn.endswith("\r\x1b[K")
    assert stream.getvalue() == drawn


def test_nothing_is_drawn_where_no_one_looks(api: Api, capsys: Capture) -> None:
    api.delay = 0.8
    assert run(["query", "up", "--url", api.url]) == 0
    assert capsys.readouterr().err == ""


def test_version_and_schema_print_what_they_name(capsys: Capture) -> None:
    assert run(["version"]) == 0
    assert capsys.readouterr().out.startswith("leadline ")
    for of in ("catalog", "report"):
        assert run(["schema", of]) == 0
        assert '"$schema"' in capsys.readouterr().out
    assert group.name == "group"
