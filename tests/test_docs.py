"""Documents that would drift: every alert has its runbook, every command and target its mention."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import promql_parser
import pytest

from leadline.catalog import loader, profiles
from leadline.cli.main import COMMANDS, group
from leadline.signals.alert_names import ALERTS
from leadline.signals.formulas import FORMULAS
from tests import doc_commands
from tests.conftest import ROOT

RUNBOOKS = (ROOT / "docs/runbooks/README.md").read_text("utf-8")
LEADS = ("**Means.**", "**Users feel**", "**Ask first.**", "**Causes.**", "**Silence**", "**Change**")


def section(alert: str) -> str:
    found = re.search(rf"^## {alert}$\n(.*?)(?=^## |\Z)", RUNBOOKS, re.MULTILINE | re.DOTALL)
    assert found, f"no section for {alert}"
    return found[1]


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_a_whole_section_in_the_runbooks(alert: str) -> None:
    places = [section(alert).find(lead) for lead in LEADS]
    assert -1 not in places, LEADS[places.index(-1)]
    assert places == sorted(places)


@pytest.mark.parametrize("alert", ALERTS)
def test_a_runbooks_first_three_questions_are_commands_that_can_be_typed(alert: str) -> None:
    asked = re.findall(r"^    leadline (.+)$", section(alert), re.MULTILINE)
    assert len(asked) == 3
    for line in asked:
        name, *arguments = shlex.split(line)
        context = group.make_context("leadline", [name, *arguments], resilient_parsing=True)
        command = group.get_command(context, name)
        assert command, line
        command.make_context(name, list(arguments), parent=context)
        if name == "query":
            promql_parser.parse(arguments[0])
        if name == "signal":
            assert arguments[0] in FORMULAS, line


def test_no_section_of_the_runbooks_is_left_of_an_alert_that_is_gone() -> None:
    assert set(re.findall(r"^## (\w+)$", RUNBOOKS, re.MULTILINE)) == set(ALERTS)


def test_names_of_alerts_keep_to_the_conventions_of_mixins() -> None:
    for alert in ALERTS:
        assert re.fullmatch(r"([A-Z]+[a-z0-9]+)+", alert)
        assert len(alert) <= 40


@pytest.mark.parametrize("command", COMMANDS)
def test_the_table_of_commands_names_every_command(command: str) -> None:
    assert f"leadline {command}" in (ROOT / "docs/reference/command-table.md").read_text("utf-8")


def test_the_readme_fits_one_screen() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 120


@pytest.mark.parametrize("profile", profiles.names())
def test_the_page_of_profiles_names_every_one(profile: str) -> None:
    assert f"`{profile}`" in (ROOT / "docs/reference/profiles.md").read_text("utf-8")


def test_links_between_documents_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert link.startswith("http") or (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_walks_name_files_that_exist_and_none_twice() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    walks = text.split("## Four walks")[1].split("## How to add")[0].split("\n**From")[1:]
    assert len(walks) == 4
    for walk in walks:
        files = re.findall(r"`([\w/]+\.py)`", walk)
        assert len(files) == len(set(files)) > 7
        assert [each for each in files if not (ROOT / each).is_file()] == []


def test_contributing_names_files_and_folders_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"`((?:leadline|cli|alerts|dashboards|k8s|tests|docs|\.github)/[\w./]*)`", text)
    assert len(named) > 50
    assert [each for each in named if "NAME" not in each and not (ROOT / each).exists()] == []


@pytest.mark.parametrize("command", doc_commands.every())
def test_commands_in_the_documentation_have_the_options_that_they_name(command: str) -> None:
    words = shlex.split(command)[1:]
    context, found = click.Context(group), group.get_command(click.Context(group), words[0])
    assert found is not None, words[0]
    rest = words[1:]
    if isinstance(found, click.Group):
        found, rest = found.get_command(context, rest[0]), rest[1:]
        assert found is not None, command
    known = {option for each in found.params for option in (*each.opts, *each.secondary_opts)} | {
        "--help",
        "-h",
    }
    named = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
    assert named <= known, command


def test_the_whole_catalogs_of_the_documentation_are_read() -> None:
    read = 0
    for page in doc_commands.pages():
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            if re.search(r"(?m)^project:", block) and "profile: own" not in block:
                loader.parse(block, f"{page.name}")
                read += 1
    assert read >= 2


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        str(ROOT / "docs"),
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html")}
    assert {"index.html", "reference/catalog-keys.html", "reference/python-api.html"} <= pages
