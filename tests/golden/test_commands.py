"""The reference of commands, generated from --help. `make golden` rewrites it."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from leadline.cli.main import COMMANDS, group
from tests.conftest import ROOT
from tests.golden.test_golden import WRITE

PAGE = ROOT / "docs/reference/commands.md"
WIDTH = 100


def _commands() -> Iterator[tuple[str, click.Command]]:
    """Return every command and the commands inside it, with the words that call it."""
    context = click.Context(group)
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        yield f"leadline {name}", command
        if isinstance(command, click.Group):
            for inner, each in command.commands.items():
                yield f"leadline {name} {inner}", each


EVERY = dict(_commands())


def _help(words: str, command: click.Command) -> str:
    settings = {"terminal_width": WIDTH, "max_content_width": WIDTH, "help_option_names": ["-h", "--help"]}
    *above, name = words.split(" ")
    parent = click.Context(click.Group(), info_name=" ".join(above))
    return click.Context(command, info_name=name, parent=parent, **settings).get_help().rstrip()  # type: ignore[arg-type]


def _page() -> str:
    lines = [
        "# Commands",
        "",
        "Generated from `--help`. `leadline COMMAND --help` says the same of the version that you have.",
        "",
        "| command | |",
        "| --- | --- |",
        *(f"| [`leadline {name}`](#leadline-{name}) | {about} |" for name, (_, about) in COMMANDS.items()),
    ]
    for words, command in EVERY.items():
        lines += [
            "",
            f"{'###' if words.count(' ') > 1 else '##'} {words}",
            "",
            "```text",
            _help(words, command),
            "```",
        ]
    return "\n".join(lines) + "\n"


def test_the_reference_says_what_help_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if WRITE:
        PAGE.write_text(_page(), "utf-8")
    assert PAGE.read_text("utf-8") == _page(), "run make golden and review the diff"


@pytest.mark.parametrize("words", EVERY)
def test_every_command_has_an_example_of_its_own(words: str) -> None:
    told = _help(words, EVERY[words])
    examples = told.partition("Example")[2]
    assert f"  {words}" in examples or f"<({words}" in examples, told
