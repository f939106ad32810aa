"""Contexts: the catalog's, and the user's own from a file in their configuration folder."""

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
    """The contexts that are known, each with the file that it stands in; the catalog's hide the user's of the same name.

    current  what the user's file says is used where nothing is said; empty where it says nothing
    """

    contexts: dict[str, tuple[Context, str]]
    current: str = ""

    def pick(self, name: str | None) -> tuple[Context, str]:
        """Return a context by its name, else the current one, else the first. Raises UsageError where there is none."""
        if not self.contexts:
            wanted = (
                f"there is no context {name!r}, nor any other" if name else "no context says where to ask"
            )
            raise UsageError(f"{wanted}; give --url, or write contexts into the catalog or {user_file()}")
        wanted = name or self.current or next(iter(self.contexts))
        if wanted not in self.contexts:
            raise UsageError(f"there is no context {wanted!r}{nearest(wanted, self.contexts)}")
        return self.contexts[wanted]


def user_file() -> Path:
    """Return the user's file: under XDG_CONFIG_HOME, or ~/.config."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / FILE


def known(catalog: tuple[Context, ...], file: str) -> Known:
    """Return the contexts of a catalog, then the user's. Raises CatalogError where the user's file cannot be used."""
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
    """Write into the user's file which context is used where nothing is said; all else in it stays as it is."""
    path = user_file()
    text = path.read_text("utf-8") if path.is_file() else ""
    lines = [line for line in text.splitlines() if not line.startswith("current:")]
    replaced(path, "\n".join([f"current: {name}", *lines]) + "\n")
    return path
