"""Run the queries of panels concurrently; results can be saved, and rendered later without a Prometheus."""

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
"""Errors of a single query; all others end the preview."""


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """An expression without variables, over the span or at its end."""

    query: str
    instant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The results over a span: an answer or an error per query."""

    span: Span
    source: str
    answers: Mapping[Question, Answer] = field(default_factory=dict)
    refused: Mapping[Question, str] = field(default_factory=dict)

    def of(self, question: Question) -> Answer | str:
        if question in self.answers:
            return self.answers[question]
        return self.refused.get(question, "the frozen answers do not include this query; freeze again")


def questions(document: Mapping[str, Any], scope: Scope) -> Iterator[Question]:
    """Yield the queries of a dashboard's panels and annotations."""
    for panel in panels(document):
        for target in targets(panel):
            yield question(panel, target, scope)
    for each in marked(document):
        yield Question(scope.in_query(str(each["expr"])))


def question(panel: Mapping[str, Any], target: Mapping[str, Any], scope: Scope) -> Question:
    """Return the question of a panel's query; tables ask at the end of the span."""
    instant = bool(target.get("instant")) or panel.get("type") == "table"
    return Question(scope.in_query(str(target["expr"])), instant)


def panels(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the panels of a dashboard, including those in collapsed rows, after their row."""
    for panel in _listed(document, "panels"):
        yield panel
        yield from _listed(panel, "panels")


def targets(panel: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a panel's visible Prometheus queries."""
    return [
        each
        for each in _listed(panel, "targets")
        if isinstance(each.get("expr"), str)
        and each["expr"]
        and not each.get("hide")
        and not foreign(panel, each)
    ]


def others(panel: Mapping[str, Any]) -> list[str]:
    """Return the datasources of a panel other than Prometheus."""
    return list(dict.fromkeys(found for each in _listed(panel, "targets") if (found := foreign(panel, each))))


def marked(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the enabled annotations with a query."""
    return [
        each
        for each in _listed(document.get("annotations") or {}, "list")
        if isinstance(each.get("expr"), str) and each["expr"] and each.get("enable")
    ]


def asked(wanted: Iterable[Question], within: Span, source: str, ask: Ask, ask_range: AskRange) -> Told:
    """Ask each question once. Keep errors of a single query as its result; raise others."""

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


def freeze(results: Told) -> str:
    """Write results as JSON."""
    document = {
        "schema": SCHEMA,
        "source": results.source,
        "span": {"start": results.span.start, "end": results.span.end, "step": results.span.step},
        "answers": [
            {"query": each.query, "instant": each.instant, **recorded_answers.plain(answer)}
            for each, answer in sorted(results.answers.items(), key=lambda item: item[0])
        ],
        "refused": [
            {"query": each.query, "instant": each.instant, "reason": reason}
            for each, reason in sorted(results.refused.items())
        ],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n"


def thaw(text: str, where: str) -> Told:
    """Read what `freeze` wrote. Raise UsageError for anything else."""
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
