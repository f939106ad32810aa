"""Fetching: few questions for many instruments, side by side, and each series given to whom it belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from leadline.signals.instruments import Instrument
from leadline.signals.promql import Matcher, one_of
from leadline.signals.samples import Answer, Ask, Series

SIDE_BY_SIDE = 8
"""So many questions are asked at the same time."""
MOST_VALUES = 200
"""So many values stand in one matcher at most, so that queries stay short enough for every proxy."""

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Instruments that one question answers: they are one metric and differ in one label's value only.

    merged  the instrument whose selector is the union of theirs
    label   the label in which they differ; empty where there is only one
    """

    merged: Instrument
    label: str
    members: tuple[Instrument, ...]

    def value(self, member: Instrument) -> str:
        """Return a member's value of the label; empty where it is alone."""
        return next((each.value for each in member.matchers if each.label == self.label), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What was asked for an instrument, and what it was answered."""

    query: str
    answer: Answer


def fetched(
    instruments: Iterable[Instrument],
    write: Callable[[Instrument, str], str],
    duration: str,
    at: float,
    ask: Ask,
) -> dict[Instrument, Fetched]:
    """Fetch the raw samples that `write` asks for, over a duration until a time: few questions, side by side."""
    grouped = list(batches(instruments))
    asked = [write(batch.merged, duration) for batch in grouped]
    answers = side_by_side(lambda query: ask(query, at=at), asked)
    return {
        member: Fetched(query=query, answer=share)
        for batch, query, answer in zip(grouped, asked, answers, strict=True)
        for member, share in shares(batch, answer).items()
    }


def side_by_side(function: Callable[[A], B], items: Iterable[A]) -> list[B]:
    """Apply a function to all items at the same time; results in their order. The first failure is raised."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(function, items))


def batches(instruments: Iterable[Instrument]) -> Iterator[Batch]:
    """Group instruments so that the number of questions grows with the metrics, not with the services."""
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
    """Choose the label to merge by: job where the selector names it, else the first one that it asks for."""
    if instrument.expression:
        return ""  # its result need not carry the label that it is selected by
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
    """Return each instrument of a batch its own series of the answer; remarks go to all."""
    if not batch.label:
        return {batch.members[0]: answer}
    by_value: dict[str, list[Series]] = {}
    for series in answer.series:
        by_value.setdefault(series.labels.get(batch.label, ""), []).append(series)
    return {
        member: replace(answer, series=tuple(by_value.get(batch.value(member), ())))
        for member in batch.members
    }
