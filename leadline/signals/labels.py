"""Normalised labels: the same names for every exporter, as a Python function and as PromQL.

Rules rename labels in Prometheus, reports rename them here. Both follow `Label`: use the first source present and rename all
its values in one step. A property test compares the two on a real Prometheus.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from . import regex
from .promql import Matcher, label_replace, literal, one_of, sum_by

STATUS_CLASS, NAME = "status_class", "__name__"
NO_ROUTE = "(none)"
"""The route of requests without one, so that selecting all routes includes them."""
CLASSES = "12345"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A normalised label and its possible names on the metric; the first one present counts.

    `values` renames values, as (exposed, normalised) pairs. `default` is the value of a series without any source, as when
    only failures carry a label.
    """

    name: str
    sources: tuple[str, ...]
    values: tuple[tuple[str, str], ...] = ()
    default: str = ""

    def raw(self, labels: Mapping[str, str]) -> str | None:
        """Return the value as exposed on one series, or None if no source is present."""
        return next((labels[source] for source in self.sources if labels.get(source)), None)

    def read(self, labels: Mapping[str, str]) -> str | None:
        """Return the normalised value on one series, or None if no source is present and there is no default."""
        raw = self.raw(labels)
        return (self.default or None) if raw is None else self.renamed(raw)

    def renamed(self, raw: str) -> str:
        """Return the normalised value of an exposed one."""
        return dict(self.values).get(raw, raw)

    def exposed(self, normal: str) -> tuple[str, ...]:
        """Return the exposed values that map to a normalised one."""
        renamed = dict(self.values)
        own = () if normal in renamed else (normal,)
        return (*own, *(raw for raw, value in renamed.items() if value == normal))

    @property
    def is_name(self) -> bool:
        """Whether the metric's name implies the value, because several metrics count one instrument."""
        return self.sources == (NAME,)

    def matching(self, source: str, pattern: str) -> tuple[Matcher, ...]:
        """Return matchers on a source for normalised values that match an RE2 expression; an absent label never matches."""
        renamed = dict(self.values)
        gained = [raw for raw, value in renamed.items() if regex.matches(pattern, value)]
        lost = [raw for raw, value in renamed.items() if raw not in gained and regex.matches(pattern, raw)]
        gained = [raw for raw in gained if not regex.matches(pattern, raw)]
        wanted = "|".join((f"(?:{pattern})" if gained else pattern, *map(literal, gained)))
        present = (Matcher(source, "!=", ""),) if regex.matches(pattern, "") else ()
        return (
            Matcher(source, "=~", wanted),
            *present,
            *((Matcher(source, "!~", one_of(lost)),) if lost else ()),
        )

    def in_turn(self) -> Iterator[tuple[str, tuple[Matcher, ...]]]:
        """Yield each source with matchers that require the sources before it to be absent."""
        for index, source in enumerate(self.sources):
            yield source, tuple(Matcher(name, "=", "") for name in self.sources[:index])


def status_class(status: str) -> str:
    """Return the class of a status, as 5xx; empty if it has none."""
    return f"{status[0]}xx" if status[:1] in CLASSES and status else ""


def value(name: str, label: Label | None, labels: Mapping[str, str]) -> str:
    """Return a normalised label of one series, as rules record it; empty if it has none. `label` describes its sources."""
    found = (label.read(labels) if label else None) or ""
    if name == STATUS_CLASS:
        return status_class(found)
    return found or (NO_ROUTE if name == "route" else "")


def normalised(
    expression: str,
    wanted: Sequence[tuple[str, Label | None]],
    renamed_edges: Sequence[tuple[str, str]],
    keep: Iterable[str],
) -> str:
    """Turn an aggregation by raw labels into one by normalised labels.

    wanted         normalised names, each with the label that describes its sources
    renamed_edges  (RE2 expression over `le`, edge in base units), for edges to convert to base units
    keep           raw labels to keep unchanged

    Write new labels beside the raw ones, then sum the raw ones away. Series that become equal are added; overwriting a label
    would make Prometheus reject them as duplicates.
    """
    keep = tuple(keep)
    raw = Counter(source for _, label in wanted if label and not label.is_name for source in label.sources)
    raw.update((*keep, *(("le",) if renamed_edges else ())))
    final = {name: f"__{name}" if _is_taken(name, label, raw) else name for name, label in wanted}
    written = expression
    for name, label in wanted:
        for rename in _renames(name, final[name], label):
            written = label_replace(written, *rename)
    if renamed_edges:
        final["le"] = "__le"
        written = label_replace(written, "__le", "$1", "le", "(.+)")
        for pattern, edge in renamed_edges:
            written = label_replace(written, "__le", literal_replacement(edge), "le", pattern)
    if written == expression and not any(new != name for name, new in final.items()):
        return expression
    names = tuple(final)
    moved = [(name, new) for name, new in final.items() if name != new]
    if moved:
        written = sum_by(dict.fromkeys((*final.values(), *keep)), written)
        for name, new in moved:
            written = label_replace(written, name, "$1", new, "(.*)")
    return sum_by(dict.fromkeys((*names, *keep)), written)


def literal_replacement(text: str) -> str:
    """Escape a text so that label_replace writes it verbatim."""
    return text.replace("$", "$$")


def _is_taken(name: str, label: Label | None, raw: Counter[str]) -> bool:
    """Return whether raw series may already carry a label of that name, which must not be overwritten."""
    if not raw[name] or (label is not None and label.is_name):
        return False
    is_own = label is not None and label.sources == (name,) and raw[name] == 1
    return not is_own or bool(label and (label.values or label.default))


def _renames(name: str, target: str, label: Label | None) -> Iterator[tuple[str, str, str, str]]:
    """Yield label_replace arguments that copy the sources, least preferred first, and rename their values."""
    if label is None or label.is_name:
        if name == "route":
            yield target, NO_ROUTE, target, ""
        return
    default = literal_replacement(value(name, label, {}))
    if name == STATUS_CLASS:
        yield from _class_renames(target, label, default)
        return
    for source in reversed(label.sources):
        if source != target:
            yield target, "$1", source, "(.+)"
        for raw, normal in label.values:
            yield target, literal_replacement(normal), source, literal(raw)
    if default:
        yield target, default, target, ""


def _class_renames(target: str, label: Label, default: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield label_replace arguments for the status class. A present source wins even if its value has no class."""
    if default:
        yield target, default, "", ""
    for index, source in enumerate(reversed(label.sources)):
        if index or default:
            yield target, "", source, ".+"
        yield target, "${1}xx", source, f"([{CLASSES[0]}-{CLASSES[-1]}]).*"
        for raw, normal in label.values:
            yield target, literal_replacement(status_class(normal)), source, literal(raw)
