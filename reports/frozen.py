"""Frozen snapshots: every answer that a report was made of, so that it can be rendered and judged again."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reports.window import Window
from signals import answers
from signals.errors import NoDataError, UsageError
from signals.samples import Answer, Ask

SCHEMA = "leadline.frozen/1"
Key = tuple[str, float | None]


class Recorder:
    """An `ask` that keeps what it is answered."""

    def __init__(self, ask: Ask) -> None:
        self._ask, self._lock = ask, threading.Lock()
        self.answers: dict[Key, Answer] = {}

    def ask(self, query: str, *, at: float | None = None) -> Answer:
        answer = self._ask(query, at=at)
        with self._lock:
            self.answers[query, at] = answer
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What a snapshot was taken with, and all that was answered.

    catalog   the catalog's text, and `file` what errors call it
    sources   the texts of the files that it names
    settings  whatever else the report depends on, as the command line keeps it
    """

    catalog: str
    file: str
    services: tuple[str, ...]
    window: Window
    source: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[Key, Answer] = field(default_factory=dict)

    def ask(self, query: str, *, at: float | None = None) -> Answer:
        """Give what was answered then. Raises NoDataError where it was not asked."""
        if (query, at) not in self.answers:
            raise NoDataError(
                f"the frozen snapshot has no answer to: {' '.join(query.split())}; it was taken with another catalog "
                "or version, and only a new snapshot can answer it"
            )
        return self.answers[query, at]


def write(frozen: Frozen) -> str:
    """Write it as JSON; numbers in full, what is not finite as text."""
    window = frozen.window
    kept = [
        {"query": query, "at": at, **answers.plain(answer)}
        for (query, at), answer in sorted(
            frozen.answers.items(), key=lambda item: (item[0][0], item[0][1] or 0.0)
        )
    ]
    document = {
        "schema": SCHEMA,
        "source": frozen.source,
        "file": frozen.file,
        "services": list(frozen.services),
        "window": {
            "start": window.start,
            "end": window.end,
            "load_start": window.load_start,
            "load_end": window.load_end,
            "whole_load": window.whole_load,
            "chosen": window.chosen,
        },
        "settings": dict(frozen.settings),
        "catalog": frozen.catalog,
        "sources": dict(frozen.sources),
        "answers": kept,
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n"


def read(text: str, where: str) -> Frozen:
    """Read it. Raises UsageError where it is none."""
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise UsageError(
                f"{where} is no frozen snapshot: its schema is {document['schema']!r}, not {SCHEMA!r}"
            )
        return Frozen(
            catalog=document["catalog"],
            file=document["file"],
            services=tuple(document["services"]),
            window=Window(**document["window"]),
            source=document["source"],
            settings=document["settings"],
            sources=document.get("sources", {}),
            answers={(each["query"], each["at"]): answers.read(each) for each in document["answers"]},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{where} is no frozen snapshot, as --freeze writes it ({error!r})") from None
