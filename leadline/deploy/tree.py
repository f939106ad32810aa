"""A folder of generated files: compare it with the expected files, and write it without losing anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from leadline.base.errors import ConflictError, UsageError
from leadline.base.files import clear_unfinished, replaced

MANIFEST = "manifest.json"
SCHEMA = "leadline.manifest/1"
OPERATOR, PLAIN = BASES = ("operator", "plain")
"""The kustomize bases that can be generated and pushed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a folder differs from the generated files; relative paths, sorted.

    missing  generated, but not in the folder
    changed  different content
    extra    in the folder, but not generated
    """

    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.changed or self.extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The result of writing. `kept` are files of an earlier run that were edited since; they are not deleted."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    deleted: tuple[str, ...]
    kept: tuple[str, ...]


def with_manifest(files: Mapping[str, str], version: str) -> dict[str, str]:
    """Add the manifest with the SHA-256 of every file."""
    hashes = {path: digest(text) for path, text in sorted(files.items())}
    return {**dict(sorted(files.items())), MANIFEST: _listing(hashes, version)}


def _listing(hashes: Mapping[str, str], version: str = "") -> str:
    generator = f"leadline {version}".strip()
    return (
        json.dumps(
            {"schema": SCHEMA, "generator": generator, "files": dict(sorted(hashes.items()))}, indent=2
        )
        + "\n"
    )


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def difference(folder: Path, files: Mapping[str, str]) -> Difference:
    """Compare a folder with the expected files; ignore hidden files."""
    _check(folder)
    there = set(_present(folder))
    return Difference(
        missing=tuple(sorted(set(files) - there)),
        changed=tuple(sorted(path for path in set(files) & there if read(folder / path) != files[path])),
        extra=tuple(sorted(there - set(files))),
    )


def write(folder: Path, files: Mapping[str, str]) -> Written:
    """Write these files, including the manifest, into a folder.

    Delete only unedited files that the folder's old manifest lists. Raise ConflictError, before writing anything, if a file
    that is not ours is in the way.
    """
    _check(folder)
    old = ours(folder)
    _refuse_foreign(folder, files, old)
    changed = tuple(path for path, text in files.items() if read(folder / path) != text)
    if (
        set(changed) - set(old) - {MANIFEST}
    ):  # list new files first, so that the next run can complete an interrupted one
        replaced(
            folder / MANIFEST,
            _listing({**{path: digest(files[path]) for path in files if path != MANIFEST}, **old}),
        )
    for path in changed:
        if path != MANIFEST:
            replaced(folder / path, files[path])
    gone = [path for path in old if path not in files and (folder / path).is_file()]
    unedited = tuple(path for path in gone if _hash_of(folder / path) == old[path])
    for path in unedited:
        (folder / path).unlink()
        _prune_empty(folder, (folder / path).parent)
    if MANIFEST in changed:  # last: until then the old one lists the files to delete
        replaced(folder / MANIFEST, files[MANIFEST])
    for parent in {(folder / path).parent for path in files}:
        clear_unfinished(parent, {Path(path).name for path in files})
    return Written(
        written=changed,
        unchanged=tuple(path for path in files if path not in changed),
        deleted=unedited,
        kept=tuple(path for path in gone if path not in unedited),
    )


def _check(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder; name another with --out")


def _present(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            yield relative.as_posix()


def ours(folder: Path) -> dict[str, str]:
    """Return the files that an earlier run wrote, with their SHA-256; ignore paths outside the folder."""
    text = read(folder / MANIFEST)
    if text is None:
        return {}
    try:
        manifest = json.loads(text)
    except ValueError:
        manifest = None
    listed = (
        manifest.get("files") if isinstance(manifest, dict) and manifest.get("schema") == SCHEMA else None
    )
    if not isinstance(listed, dict):
        raise ConflictError(
            f"{folder / MANIFEST} was not written by leadline, or is damaged; move it away or choose another --out"
        )
    return {str(path): str(value) for path, value in listed.items() if _stays_inside(str(path))}


def _stays_inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts


def _refuse_foreign(folder: Path, files: Mapping[str, str], old: Mapping[str, str]) -> None:
    """Raise ConflictError for files that no earlier run wrote, and for links to other folders."""
    linked = {
        parent.as_posix()
        for path in files
        for parent in PurePosixPath(path).parents
        if parent.parts and (folder / parent).is_symlink()
    }
    if linked:
        raise ConflictError(
            f"{folder} holds links to other folders, through which nothing is written: {', '.join(sorted(linked))}; "
            "replace them by folders or choose another --out"
        )
    foreign = sorted(
        path
        for path, text in files.items()
        if path not in old and path != MANIFEST and (folder / path).exists() and read(folder / path) != text
    )
    if foreign:
        listed = ", ".join(foreign[:5]) + (" …" if len(foreign) > 5 else "")
        raise ConflictError(
            f"{folder} holds files that leadline did not write and would have to overwrite: {listed}; "
            "move them away or choose another --out"
        )


def read(path: Path) -> str | None:
    """Return the text of a file; None if it is missing or not text."""
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None


def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _prune_empty(folder: Path, parent: Path) -> None:
    while parent != folder and not any(parent.iterdir()):
        parent.rmdir()
        parent = parent.parent
