"""Contexts from the catalog and from the user's own configuration file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from leadline.base.errors import UsageError
from leadline.base.files import replaced

from .contexts import contexts
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
            wanted = (
                f"there is no context {name!r}, nor any other" if name else "no context says where to ask"
            )
            raise UsageError(f"{wanted}; give --url, or add one: leadline context add NAME --url URL")
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


def added(name: str, servers: Mapping[str, Mapping[str, str]]) -> tuple[Path, str, str]:
    """Add a context to the text of the user's file; comments and order stay. Return the file, its text, and the new one.

    servers  by kind (prometheus, grafana), the keys of its table; a key "a.b" stands in the table a
    Raises UsageError if there is a context of that name, and CatalogError if the file would not be read.
    """
    path = user_file()
    text = path.read_text("utf-8") if path.is_file() else ""
    users, _ = _of_user()
    if name in users:
        raise UsageError(f"{path} has a context {name!r}; choose another name, or edit it there")
    lines = [f"  {quoted(name)}:"]
    for kind, keys in servers.items():
        nested: dict[str, object] = {}
        for key, value in keys.items():
            *tables, last = key.split(".")
            place: Any = nested
            for table in tables:
                place = place.setdefault(table, {})
            place[last] = value
        lines.append(f"    {kind}: {json.dumps(nested, ensure_ascii=False)}")
    new = _with_lines(path, text, lines)
    reader = Reader(str(path))
    fields = reader.table(reader.open(new), known=("contexts", "current"))
    contexts(reader, fields["contexts"])
    reader.finish()
    return path, text, new


def quoted(text: str) -> str:
    """Write a key so that YAML reads it as text."""
    return (
        text if re.fullmatch(r"[A-Za-z][\w-]*", text) and text.lower() not in YAML_WORDS else json.dumps(text)
    )


YAML_WORDS = ("yes", "no", "on", "off", "true", "false", "null", "y", "n")


def _with_lines(path: Path, text: str, lines: list[str]) -> str:
    """Add lines to the table `contexts`, or the table where there is none."""
    old = text.splitlines()
    reader = Reader(str(path))
    fields = reader.table(reader.open(text)) if text.strip() and not _is_comment(text) else {}
    if "contexts" not in fields:
        return "\n".join([*old, "contexts:", *lines]) + "\n"
    entry = fields["contexts"]
    if not isinstance(entry.node, yaml.MappingNode) or entry.node.flow_style or not entry.node.value:
        raise UsageError(
            f"{path}:{entry.line} contexts is not a table with a line for each key; add it by hand"
        )
    indent = int(entry.node.value[0][0].start_mark.column)
    wider = [" " * (indent - 2) + line if indent > 2 else line for line in lines]
    if indent == 1:
        raise UsageError(f"{path}:{entry.line} contexts is indented by one blank; indent it by two")
    end = entry.end_line
    return "\n".join([*old[:end], *wider, *old[end:]]) + "\n"


def _is_comment(text: str) -> bool:
    return all(line.strip().startswith("#") or not line.strip() for line in text.splitlines())


def use(name: str) -> Path:
    """Set the default context in the user's file; keep the rest of the file unchanged."""
    path = user_file()
    text = path.read_text("utf-8") if path.is_file() else ""
    lines = [line for line in text.splitlines() if not line.startswith("current:")]
    replaced(path, "\n".join([f"current: {name}", *lines]) + "\n")
    return path
