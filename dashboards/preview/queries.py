"""What the panels ask, asked side by side; what was answered can be kept, and drawn again without a Prometheus."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from leadline.base.errors import NoDataError, QueryRejectedError, UnavailableError, UsageError
from leadline.signals import recorded_answers
from leadline.signals.samples import Answer, Ask, AskRange

from .scope import Scope, Span
from .unsupported import foreign

SCHEMA = "leadline.preview/1"
SIDE_BY_SIDE = 8
REFUSED = (QueryRejectedError, UnavailableError, NoDataError)
"""What concerns one query; all else ends the preview."""


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """One expression, without variables; over the span, or at its end."""

    query: str
    instant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was answered in a span: an answer, or why there is none."""

    span: Span
    source: str
    answers: Mapping[Question, Answer] = field(default_factory=dict)
    refused: Mapping[Question, str] = field(default_factory=dict)

    def of(self, question: Question) -> Answer | str:
        if question in self.answers:
            return self.answers[question]
        return self.refused.get(question, "the frozen answers have none to this query; freeze again")


def questions(document: Mapping[str, Any], scope: Scope) -> Iterator[Question]:
    """Return what a dashboard's panels and annotations ask."""
    for panel in panels(document):
        for target in targets(panel):
            yield question(panel, target, scope)
    for each in marked(document):
        yield Question(scope.in_query(str(each["expr"])))


def question(panel: Mapping[str, Any], target: Mapping[str, Any], scope: Scope) -> Question:
    """Return what one query of a panel asks; a table's are of the end of the span."""
    instant = bool(target.get("instant")) or panel.get("type") == "table"
    return Question(scope.in_query(str(target["expr"])), instant)


def panels(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Return the panels of a dashboard, those in collapsed rows after their row."""
    for panel in _listed(document, "panels"):
        yield panel
        yield from _listed(panel, "panels")


def targets(panel: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a panel's queries to Prometheus that are not hidden."""
    return [
        each
        for each in _listed(panel, "targets")
        if isinstance(each.get("expr"), str)
        and each["expr"]
        and not each.get("hide")
        and not foreign(panel, each)
    ]


def others(panel: Mapping[str, Any]) -> list[str]:
    """Return the datasources that a panel asks beside Prometheus."""
    return list(dict.fromkeys(found for each in _listed(panel, "targets") if (found := foreign(panel, each))))


def marked(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what is marked on the time axes."""
    return [
        each
        for each in _listed(document.get("annotations") or {}, "list")
        if isinstance(each.get("expr"), str) and each["expr"] and each.get("enable")
    ]


def asked(wanted: Iterable[Question], within: Span, source: str, ask: Ask, ask_range: AskRange) -> Told:
    """Ask each question once. What concerns one query is kept as its answer; other errors are raised."""

    def one(found: Question) -> Answer | str:
        try:
            if found.instant:
                return ask(found.query, at=within.end)
            return ask_range(found.query, start=within.start, end=within.end, step_seconds=within.step)
        except REFUSED as error:
            return str(error)

    distinct = sorted(set(wanted))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found = dict(zip(distinct, pool.map(one, distinct), strict=True))
    return Told(
        span=within,
        source=source,
        answers={each: answer for each, answer in found.items() if isinstance(answer, Answer)},
        refused={each: answer for each, answer in found.items() if isinstance(answer, str)},
    )


def freeze(told: Told) -> str:
    """Write what was answered as JSON."""
    document = {
        "schema": SCHEMA,
        "source": told.source,
        "span": {"start": told.span.start, "end": told.span.end, "step": told.span.step},
        "answers": [
            {"query": each.query, "instant": each.instant, **recorded_answers.plain(answer)}
            for each, answer in sorted(told.answers.items(), key=lambda item: item[0])
        ],
        "refused": [
            {"query": each.query, "instant": each.instant, "reason": reason}
            for each, reason in sorted(told.refused.items())
        ],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n"


def thaw(text: str, where: str) -> Told:
    """Read it again. Raises UsageError where it is something else."""
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise UsageError(
                f"{where} has no frozen answers: its schema is {document['schema']!r}, not {SCHEMA!r}"
            )
        return Told(
            span=Span(**document["span"]),
            source=document["source"],
            answers={
                Question(each["query"], each["instant"]): recorded_answers.read(each)
                for each in document["answers"]
            },
            refused={
                Question(each["query"], each["instant"]): each["reason"] for each in document["refused"]
            },
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{where} has no frozen answers, as preview --freeze writes them ({error!r})"
        ) from None


def _listed(parent: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = parent.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
