"""Documents that would drift: every alert has its runbook, every command and target its mention."""

from __future__ import annotations

import re

import pytest

from alerts import absence, cost, error_ratio, latency
from cli.main import COMMANDS
from signals import profiles
from tests.conftest import ROOT


@pytest.mark.parametrize("alert", [*error_ratio.NAMES, *latency.NAMES, cost.NAME, *absence.NAMES.values()])
def test_every_alert_has_a_section_in_the_runbooks(alert: str) -> None:
    assert re.search(rf"^## {alert}$", (ROOT / "docs/runbooks/README.md").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_names_every_command(command: str) -> None:
    assert f"leadline {command}" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("profile", profiles.names())
def test_the_page_of_profiles_names_every_one(profile: str) -> None:
    assert f"`{profile}`" in (ROOT / "docs/profiles.md").read_text("utf-8")


def test_links_between_documents_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert link.startswith("http") or (page.parent / link).exists(), f"{page.name}: {link}"
