"""`leadline generate`: which Kubernetes base is written, and what becomes of one that no longer is."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadline.cli.main import run
from tests.conftest import MINIMAL

Capture = pytest.CaptureFixture[str]
BOTH = ["--base", "operator", "--base", "plain"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leadline.yaml").write_text(MINIMAL, "utf-8")
    return tmp_path / "generated/kubernetes"


def test_without_a_wish_the_operators_base_is_written(here: Path) -> None:
    assert run(["generate"]) == 0
    assert [path.name for path in here.iterdir()] == ["operator"]


def test_plain_replaces_it_and_both_can_be_had(here: Path) -> None:
    assert run(["generate", "--base", "plain"]) == 0
    assert [path.name for path in here.iterdir()] == ["plain"]
    assert run(["generate", *BOTH]) == 0
    assert {path.name for path in here.iterdir()} == {"operator", "plain"}


def test_plain_files_of_an_earlier_version_go_unless_they_were_edited(here: Path, capsys: Capture) -> None:
    assert run(["generate", *BOTH]) == 0
    rules = here / "plain/prometheus-rules.yaml"
    rules.write_text(rules.read_text("utf-8") + "# ours\n", "utf-8")
    capsys.readouterr()
    assert run(["generate"]) == 0
    said = capsys.readouterr()
    assert "deleted  generated/kubernetes/plain/kustomization.yaml" in said.out
    assert "kept: generated/kubernetes/plain/prometheus-rules.yaml is no longer generated" in said.err
    assert "kubernetes/plain is generated only with --base plain" in said.err
    assert list((here / "plain").iterdir()) == [rules]


def test_a_check_holds_the_base_that_was_generated(here: Path, capsys: Capture) -> None:
    assert run(["generate", "--base", "plain"]) == 0
    assert run(["generate", "--check", "--base", "plain"]) == 0
    capsys.readouterr()
    assert run(["generate", "--check"]) == 1
    assert "kubernetes/plain is generated only with --base plain" in capsys.readouterr().err


def test_a_check_says_how_tests_of_every_service_are_kept(here: Path, capsys: Capture) -> None:
    catalog = here.parent.parent / "leadline.yaml"
    one = MINIMAL.partition("services:\n")[2]
    catalog.write_text(
        MINIMAL + one.replace("  web:", "  api:", 1).replace("job: web", "job: api"), encoding="utf-8"
    )
    assert run(["generate", "--tests", "all"]) == 0
    capsys.readouterr()
    assert run(["generate", "--check"]) == 1
    said = capsys.readouterr()
    assert "extra  generated/prometheus/tests/" in said.out
    assert "only with --tests all" in said.err


def test_tests_of_a_service_that_is_gone_are_not_explained_by_an_option(here: Path, capsys: Capture) -> None:
    catalog = here.parent.parent / "leadline.yaml"
    one = MINIMAL.partition("services:\n")[2]
    catalog.write_text(
        MINIMAL + one.replace("  web:", "  api:", 1).replace("job: web", "job: api"), encoding="utf-8"
    )
    assert run(["generate", "--tests", "all"]) == 0
    catalog.write_text(MINIMAL, encoding="utf-8")
    capsys.readouterr()
    assert run(["generate", "--check", "--tests", "all"]) == 1
    said = capsys.readouterr()
    assert "extra  generated/prometheus/tests/shop-api" in said.out
    assert "--tests all" not in said.err
