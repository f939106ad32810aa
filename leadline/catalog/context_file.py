"""Contexts from the catalog and from the user's own configuration file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from leadline.base.errors import UsageError
from leadline.base.files import replaced

from .endpoints import Context
from .yaml_reader import Reader, nearest

FILE = "leadline/config.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All known contexts, each with its file. A catalog context hides a user context of the same name.

    current  the user's default context; empty if not set
    """

    contexts: dict[str, tuple[Context, str]]
    current: str = ""

    def pick(self, name: str | None) -> tuple[Context, str]:
        """Return a context by name, else the current one, else the first. Raise UsageError if it does not exist."""
        if not self.contexts:
            wanted = f"there is no context {name!r}, nor any other" if name else "no context is defined"
            raise UsageError(f"{wanted}; give --url, or write contexts into the catalog or {user_file()}")
        wanted = name or self.current or next(iter(self.contexts))
        if wanted not in self.contexts:
            raise UsageError(f"there is no context {wanted!r}{nearest(wanted, self.contexts)}")
        return self.contexts[wanted]


def user_file() -> Path:
    """Return the path of the user's file: under XDG_CONFIG_HOME, or ~/.config."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / FILE


def known(catalog: tuple[Context, ...], file: str) -> Known:
    """Return the contexts of a catalog, then the user's. Raise CatalogError if the user's file is invalid."""
    users, current = _of_user()
    found = {context.name: (context, file) for context in catalog}
    return Known(
        contexts=found | {name: pair for name, pair in users.items() if name not in found}, current=current
    )


def _of_user() -> tuple[dict[str, tuple[Context, str]], str]:
    from .contexts import contexts

    path = user_file()
    if not path.is_file():
        return {}, ""
    reader = Reader(str(path))
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    fields = reader.table(reader.open(text), known=("contexts", "current"))
    found = contexts(reader, fields["contexts"]) if "contexts" in fields else ()
    current = reader.text(fields["current"]) if "current" in fields else ""
    reader.finish()
    return {context.name: (context, str(path)) for context in found}, current


def use(name: str) -> Path:
    """Set the default context in the user's file; keep the rest of the file unchanged."""
    path = user_file()
    text = path.read_text("utf-8") if path.is_file() else ""
    lines = [line for line in text.splitlines() if not line.startswith("current:")]
    replaced(path, "\n".join([f"current: {name}", *lines]) + "\n")
    return path
