"""Writing and naming files: never through a link, private where content may be, and nothing of another's file is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadline.base.errors import UsageError
from leadline.base.files import replaced
from leadline.cli.main import run
from tests.conftest import MINIMAL
from tests.reports.test_formats import freeze
from tests.reports.test_snapshot import history

SECRET = "s3cret-content"


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    target, link = tmp_path / "theirs", tmp_path / "link"
    target.write_text(SECRET)
    link.symlink_to(target)
    replaced(link, "new")
    assert (target.read_text(), link.read_text(), link.is_symlink()) == (SECRET, "new", False)


def test_a_mode_is_kept_and_a_private_file_is_its_owners(tmp_path: Path) -> None:
    kept, private = tmp_path / "kept", tmp_path / "private"
    kept.write_text("old")
    kept.chmod(0o640)
    replaced(kept, "new")
    private.write_text("old")
    private.chmod(0o644)
    replaced(private, "new", private=True)
    assert [path.stat().st_mode & 0o777 for path in (kept, private)] == [0o640, 0o600]


def test_what_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        replaced(tmp_path / "folder", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("kind", ["json", "html", "csv", "junit", "markdown", "text"])
def test_a_report_is_not_written_through_a_link(kind: str, tmp_path: Path) -> None:
    record, target, link = tmp_path / "record.json", tmp_path / "theirs", tmp_path / "link"
    record.write_text(freeze(history())[1], "utf-8")
    target.write_text(SECRET)
    link.symlink_to(target)
    assert run(["snapshot", "--from", str(record), "--undecided", "pass", "--out", f"{kind}={link}"]) == 0
    assert target.read_text() == SECRET


@pytest.mark.parametrize("path", ["../secret.yaml", "/etc/hostname", "secret", "link.yaml"])
def test_a_profiles_path_that_leads_elsewhere_shows_nothing_of_the_file(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    for place in (tmp_path / "secret.yaml", folder / "secret"):
        place.write_text(SECRET)
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "leadline.yaml").write_text(f"{MINIMAL}profiles: [{path}]\n")
    assert run(["check", "--offline", "--catalog", str(folder / "leadline.yaml")]) == 2
    assert SECRET not in "".join(capsys.readouterr())
