"""A folder of generated files: nothing that somebody else put there is ever lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadline.base.errors import ConflictError, UsageError
from leadline.deploy import tree

FILES = tree.with_manifest({"grafana/a.json": "{}\n", "prometheus/rules/r.yaml": "groups: []\n"}, "0.1.0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    out = tmp_path / "generated"
    tree.write(out, FILES)
    return out


def test_writing_twice_changes_nothing(folder: Path) -> None:
    assert tree.write(folder, FILES).written == ()
    assert not tree.difference(folder, FILES)


def test_missing_changed_and_extra_files_are_told_apart(folder: Path) -> None:
    (folder / "grafana/a.json").unlink()
    (folder / "prometheus/rules/r.yaml").write_text("mine")
    (folder / "notes.txt").write_text("mine")
    found = tree.difference(folder, FILES)
    assert found.missing == ("grafana/a.json",)
    assert found.changed == ("prometheus/rules/r.yaml",)
    assert found.extra == ("notes.txt",)


def test_a_file_of_the_user_is_never_deleted(folder: Path) -> None:
    (folder / "grafana/mine.json").write_text("mine")
    done = tree.write(folder, tree.with_manifest({"grafana/b.json": "{}\n"}, "0.1.0"))
    assert done.deleted == ("grafana/a.json", "prometheus/rules/r.yaml")
    assert (folder / "grafana/mine.json").read_text() == "mine"
    assert not (folder / "prometheus").exists()


def test_a_generated_file_that_was_edited_is_kept_when_it_is_no_longer_generated(folder: Path) -> None:
    (folder / "grafana/a.json").write_text("edited")
    done = tree.write(folder, tree.with_manifest({}, "0.1.0"))
    assert done.kept == ("grafana/a.json",)
    assert (folder / "grafana/a.json").read_text() == "edited"


def test_a_foreign_file_where_one_would_be_written_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "grafana").mkdir()
    (tmp_path / "grafana/a.json").write_text("mine")
    with pytest.raises(ConflictError, match=r"grafana/a\.json"):
        tree.write(tmp_path, FILES)
    assert (tmp_path / "grafana/a.json").read_text() == "mine"
    assert not (tmp_path / "manifest.json").exists()


def test_a_manifest_cannot_make_us_delete_outside_the_folder(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.write_text("{}\n")
    text = (folder / "manifest.json").read_text().replace("grafana/a.json", "../outside")
    (folder / "manifest.json").write_text(text)
    tree.write(folder, tree.with_manifest({"grafana/a.json": "{}\n"}, "0.1.0"))
    assert outside.exists()


@pytest.mark.parametrize("text", ["not json", "[]", '{"schema": "other/1", "files": {}}'])
def test_a_manifest_of_somebody_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ConflictError, match="was not written by leadline"):
        tree.write(tmp_path, FILES)
    assert (tmp_path / "manifest.json").read_text() == text


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        tree.write(tmp_path / "out", FILES)
