"""Write files atomically, never through a link, and with mode 0600 if they are private."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from .errors import UsageError

NEW, LONGEST = ".new", 50
"""Temporary file names: the suffix, and how many characters of the final name they start with."""


def replaced(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Write a file atomically: the old content stays until the new content is complete on disk.

    A link is replaced, not followed. A private file gets mode 0600; otherwise a new file follows the umask, and an existing
    one keeps its mode. Raise UsageError if it cannot be written.
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
    """Remove the temporary files that interrupted writes of these names left in a folder."""
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
