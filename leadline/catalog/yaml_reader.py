"""Read YAML with positions, to report all mistakes together by file, line and key."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

import yaml

from leadline.base.errors import CatalogError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """A value in a document, and its path of keys."""

    node: yaml.Node
    path: str

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    @property
    def end_line(self) -> int:
        """The last line of the value, without the comments after it."""
        if isinstance(self.node, yaml.MappingNode) and self.node.value and not self.node.flow_style:
            return max(Entry(value, "").end_line for _, value in self.node.value)
        if isinstance(self.node, yaml.SequenceNode) and self.node.value and not self.node.flow_style:
            return max(Entry(value, "").end_line for value in self.node.value)
        mark = self.node.end_mark
        return int(mark.line) + (1 if mark.column else 0)

    @property
    def is_table(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def is_empty(self) -> bool:
        return self.node.tag == "tag:yaml.org,2002:null"


class Reader:
    """Reads one document and collects its mistakes; `finish` raises them together."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[tuple[int, str]] = []

    def open(self, text: str) -> Entry:
        """Parse the text. Raise CatalogError at once if it is empty or not YAML."""
        try:
            node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            raise CatalogError(
                (f"{self.file}:{line} is not YAML: {error.problem or error.context}",)
            ) from None
        except yaml.YAMLError as error:
            raise CatalogError((f"{self.file} is not YAML: {str(error).splitlines()[0]}",)) from None
        if node is None:
            raise CatalogError((f"{self.file} is empty",))
        return Entry(node, "")

    def fail(self, entry: Entry, what: str) -> None:
        where = f"{self.file}:{entry.line}" + (f" {entry.path}" if entry.path else "")
        self.mistakes.append((entry.line, f"{where}: {what}"))

    def finish(self) -> None:
        if self.mistakes:
            ordered = sorted(dict.fromkeys(self.mistakes))
            raise CatalogError(tuple(message for _, message in ordered))

    def table(
        self, entry: Entry, *, known: Collection[str] | None = None, required: Collection[str] = ()
    ) -> dict[str, Entry]:
        """Return the entries of a table by key. Unknown, repeated and missing keys are mistakes."""
        if not isinstance(entry.node, yaml.MappingNode):
            self.fail(entry, f"must be a table of keys and values, not {_kind(entry)}")
            return {}
        found: dict[str, Entry] = {}
        for key_node, value_node in entry.node.value:
            key = str(key_node.value)
            place = Entry(value_node, f"{entry.path}.{key}" if entry.path else key)
            at_key = Entry(key_node, place.path)
            if not isinstance(key_node, yaml.ScalarNode):
                self.fail(Entry(key_node, entry.path), "a key must be plain text")
            elif key in found:
                self.fail(at_key, "is given twice")
            elif known is not None and key not in known:
                self.fail(at_key, f"unknown key{nearest(key, known)}")
            else:
                found[key] = place
        for key in required:
            if key not in found:
                self.fail(entry, f"'{key}' is missing")
        return found

    def each(self, entry: Entry) -> list[Entry]:
        """Return the entries of a list; a single value counts as a list of one."""
        if isinstance(entry.node, yaml.SequenceNode):
            return [Entry(node, f"{entry.path}[{index}]") for index, node in enumerate(entry.node.value)]
        return [entry]

    def text(self, entry: Entry, default: str = "") -> str:
        if not isinstance(entry.node, yaml.ScalarNode) or entry.is_empty:
            self.fail(entry, f"must be a plain value, not {_kind(entry)}")
            return default
        return str(entry.node.value)

    def texts(self, entry: Entry) -> tuple[str, ...]:
        return tuple(self.text(item) for item in self.each(entry))

    def flag(self, entry: Entry) -> bool:
        """Read true or false."""
        return self.choice(entry, ("true", "false")) == "true"

    def choice(self, entry: Entry, choices: Collection[str]) -> str:
        value = self.text(entry)
        if value and value not in choices:
            self.fail(entry, f"{value!r} is unknown{nearest(value, choices)}")
        return value

    def parsed(self, entry: Entry, parse: Callable[[str], T], default: T) -> T:
        """Read a plain value through `parse`; a ValueError becomes a mistake at this place."""
        before = len(self.mistakes)
        text = self.text(entry)
        if len(self.mistakes) > before:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.fail(entry, str(error))
            return default


def _kind(entry: Entry) -> str:
    if entry.is_table:
        return "a table"
    if entry.is_list:
        return "a list"
    return "empty" if entry.is_empty else f"{entry.node.value!r}"


def nearest(name: str, known: Collection[str]) -> str:
    """Return the end of a message about an unknown name: the closest known name, or all known names."""
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(sorted(known))}" if known else ""
