"""Writing files: whole or not at all, never through a link, and readable by their owner only where they may be private."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from .errors import UsageError

NEW, LONGEST = ".new", 50
"""Of the name that a file has while it is written: its end, and how much of the final name is in it."""


def replaced(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Write a file in one step: what was there stays until the new content is complete on disk.

    A link is replaced and not followed. A new file has mode 0600 where it is private, else what the umask allows; one that is
    there keeps its mode. Raises UsageError where it cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = _mode(path, private=private)
        descriptor, temporary = tempfile.mkstemp(
            prefix=f".{path.name[:LONGEST]}.", suffix=NEW, dir=path.parent
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def clear_unfinished(folder: Path, names: Collection[str]) -> None:
    """Remove what writes of these names left in a folder when they were killed."""
    for path in folder.glob(f".*{NEW}"):
        name = path.name[1:].rpartition(".")[0].rpartition(".")[0]
        if any(name == each[:LONGEST] for each in names):
            path.unlink(missing_ok=True)


def _mode(path: Path, *, private: bool) -> int:
    if private:
        return 0o600
    if path.is_file() and not path.is_symlink():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
