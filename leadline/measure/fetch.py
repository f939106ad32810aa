"""Fetch many instruments with few concurrent queries, and assign each series to its instrument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from leadline.signals.instruments import Instrument
from leadline.signals.promql import Matcher, one_of
from leadline.signals.samples import Answer, Ask, Series

SIDE_BY_SIDE = 8
"""Maximum concurrent queries."""
MOST_VALUES = 200
"""Maximum values in one matcher, to keep queries short enough for every proxy."""

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Instruments that share a query: one metric, with different values of a single label.

    merged  instrument whose selector is the union of theirs
    label   the label in which they differ; empty if there is only one instrument
    """

    merged: Instrument
    label: str
    members: tuple[Instrument, ...]

    def value(self, member: Instrument) -> str:
        """Return a member's value of the label; empty if there is only one member."""
        return next((each.value for each in member.matchers if each.label == self.label), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The query for an instrument, and its answer."""

    query: str
    answer: Answer


def fetched(
    instruments: Iterable[Instrument],
    write: Callable[[Instrument, str], str],
    duration: str,
    at: float,
    ask: Ask,
) -> dict[Instrument, Fetched]:
    """Fetch the raw samples that `write` selects, over a duration until a time, in few concurrent queries."""
    grouped = list(batches(instruments))
    asked = [write(batch.merged, duration) for batch in grouped]
    answers = side_by_side(lambda query: ask(query, at=at), asked)
    return {
        member: Fetched(query=query, answer=share)
        for batch, query, answer in zip(grouped, asked, answers, strict=True)
        for member, share in shares(batch, answer).items()
    }


def side_by_side(function: Callable[[A], B], items: Iterable[A]) -> list[B]:
    """Apply a function to all items concurrently; return results in order. Raise the first failure."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(function, items))


def batches(instruments: Iterable[Instrument]) -> Iterator[Batch]:
    """Group instruments so that the number of queries grows with the metrics, not with the services."""
    groups: dict[tuple[str, str, str, frozenset[str]], list[Instrument]] = {}
    for instrument in dict.fromkeys(instruments):
        label = _label(instrument)
        rest = frozenset(str(each) for each in instrument.matchers if each.label != label or not label)
        what = instrument.expression or " ".join(name for _, name in instrument.names) or instrument.metric
        groups.setdefault((what, instrument.kind, label, rest), []).append(instrument)
    for (_, _, label, _), members in groups.items():
        for start in range(0, len(members), MOST_VALUES):
            yield _batch(label, members[start : start + MOST_VALUES])


def _label(instrument: Instrument) -> str:
    """Choose the label to merge by: job if the selector requires a value of it, else the first label it requires."""
    if instrument.expression:
        return ""  # its result may lack the selected label
    named = [each.label for each in instrument.matchers]
    wanted = [
        each.label for each in instrument.matchers if each.operator == "=" and named.count(each.label) == 1
    ]
    return "job" if "job" in wanted else next(iter(wanted), "")


def _batch(label: str, members: list[Instrument]) -> Batch:
    if len(members) == 1:
        return Batch(merged=members[0], label="", members=tuple(members))
    values = sorted({each.value for member in members for each in member.matchers if each.label == label})
    matchers = tuple(
        Matcher(label, "=~", one_of(values)) if each.label == label else each for each in members[0].matchers
    )
    return Batch(merged=replace(members[0], matchers=matchers), label=label, members=tuple(members))


def shares(batch: Batch, answer: Answer) -> dict[Instrument, Answer]:
    """Split an answer by the instruments of a batch; each gets all warnings."""
    if not batch.label:
        return {batch.members[0]: answer}
    by_value: dict[str, list[Series]] = {}
    for series in answer.series:
        by_value.setdefault(series.labels.get(batch.label, ""), []).append(series)
    return {
        member: replace(answer, series=tuple(by_value.get(batch.value(member), ())))
        for member in batch.members
    }
