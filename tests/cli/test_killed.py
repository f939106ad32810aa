"""Killed at any write: nothing that was there is lost, and the next run completes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from leadline.catalog.context_file import user_file
from leadline.cli.main import run
from tests.conftest import MINIMAL
from tests.doubles import Api, success, vector
from tests.killing import at_every_write
from tests.reports.test_formats import freeze
from tests.reports.test_snapshot import history


def content(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, hidden ones too."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def whole(found: dict[str, bytes], old: dict[str, bytes], new: dict[str, bytes]) -> None:
    """Hold that each file is as it was or as it shall be, and gone only where it shall be."""
    for path in old:
        assert path in found or path not in new, path
    for path, text in found.items():
        if not path.rpartition("/")[2].startswith("."):
            assert text in (old.get(path), new.get(path)) or path == "manifest.json", path


def test_generate(tmp_path: Path) -> None:
    before, after, out = tmp_path / "before.yaml", tmp_path / "after.yaml", tmp_path / "out"
    text = MINIMAL
    before.write_text(text, "utf-8")
    after.write_text(text.replace("project: shop", "project: store"), "utf-8")
    assert before.read_text() != after.read_text()
    assert run(["generate", "--catalog", str(before), "--out", str(tmp_path / "a")]) == 0
    assert run(["generate", "--catalog", str(after), "--out", str(tmp_path / "b")]) == 0
    (tmp_path / "a" / "theirs.txt").write_text("theirs")
    (tmp_path / "b" / "theirs.txt").write_text("theirs")
    old, new = content(tmp_path / "a"), content(tmp_path / "b")
    command = ["generate", "--catalog", str(after), "--out", str(out)]

    def prepare() -> None:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(tmp_path / "a", out)

    def look(number: int) -> None:
        whole(content(out), old, new)
        assert run(command) == 0
        assert content(out) == new, number

    assert at_every_write(command, prepare, look) > len(set(new) - set(old))


def test_context_use(tmp_path: Path) -> None:
    catalog = tmp_path / "leadline.yaml"
    catalog.write_text(
        MINIMAL
        + "contexts: {one: {prometheus: {url: 'http://one:9090'}}, two: {prometheus: {url: 'http://two:9090'}}}\n"
    )
    mine = "# mine\ncontexts: {three: {prometheus: {url: 'http://three:9090'}}}\n"
    user_file().parent.mkdir(parents=True, exist_ok=True)
    folder = user_file().parent
    command = ["context", "use", "two", "--catalog", str(catalog)]

    def prepare() -> None:
        shutil.rmtree(folder)
        folder.mkdir()
        user_file().write_text(mine, "utf-8")

    prepare()
    assert run(command) == 0
    new = user_file().read_text("utf-8")
    assert new != mine

    def look(number: int) -> None:
        assert user_file().read_text("utf-8") in (mine, new)
        assert run(command) == 0
        assert user_file().read_text("utf-8") == new, number

    assert at_every_write(command, prepare, look) > 1


@pytest.mark.parametrize("kind", ["a record", "reports"])
def test_snapshot(kind: str, api: Api, tmp_path: Path) -> None:
    """A record and reports that are there stay until the new ones are whole."""
    kept = tmp_path / "kept"
    out = tmp_path / "out"
    if kind == "a record":
        catalog = tmp_path / "leadline.yaml"
        catalog.write_text(MINIMAL)
        api.answer = lambda _: success(vector())
        command = ["snapshot", "--catalog", str(catalog), "--url", api.url, "--end", "1790000000"]
        command += ["--undecided", "pass", "--freeze", str(out / "record.json")]
    else:
        (tmp_path / "frozen.json").write_text(freeze(history())[1], "utf-8")
        command = ["snapshot", "--from", str(tmp_path / "frozen.json"), "--undecided", "pass"]
        for name in ("json", "html", "junit", "csv", "markdown", "text"):
            command += ["--out", f"{name}={out / name}"]
    out.mkdir()
    assert run(command) == 0
    new = content(out)
    assert new
    kept.mkdir()
    for name in new:
        (kept / name).write_text("what was there")

    def prepare() -> None:
        shutil.rmtree(out)
        shutil.copytree(kept, out)

    def look(number: int) -> None:
        whole(content(out), content(kept), new)
        assert run(command) == 0
        assert {name: content(out)[name] for name in new} == new, number

    assert at_every_write(command, prepare, look) > len(new)
