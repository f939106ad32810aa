"""Recordings of snapshots: every answer behind a report, so that it can be judged and rendered again."""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from leadline.base.errors import NoDataError, UsageError
from leadline.measure.window import Window
from leadline.signals import recorded_answers
from leadline.signals.samples import Answer, Ask

SCHEMA = "leadline.frozen/1"
Key = tuple[str, float | None]


class Recorder:
    """An `ask` that records its answers."""

    def __init__(self, ask: Ask) -> None:
        self._ask, self._lock = ask, threading.Lock()
        self.answers: dict[Key, Answer] = {}

    def ask(self, query: str, *, at: float | None = None) -> Answer:
        answer = self._ask(query, at=at)
        with self._lock:
            self.answers[query, at] = answer
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The inputs of a snapshot, and all answers.

    catalog   the catalog's text; `file` is its name in errors
    sources   the texts of the files that it names
    settings  other options of the command line that the report depends on
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
        """Return the recorded answer. Raises NoDataError if there is none."""
        if (query, at) not in self.answers:
            raise NoDataError(
                f"the frozen snapshot has no answer to: {' '.join(query.split())}; it was taken with another catalog "
                "or version, and only a new snapshot can answer it"
            )
        return self.answers[query, at]


def write(recording: Recording) -> str:
    """Return a recording as JSON; numbers in full precision, NaN and infinity as text."""
    window = recording.window
    kept = [
        {"query": query, "at": at, **recorded_answers.plain(answer)}
        for (query, at), answer in sorted(
            recording.answers.items(), key=lambda item: (item[0][0], item[0][1] or 0.0)
        )
    ]
    document = {
        "schema": SCHEMA,
        "source": recording.source,
        "file": recording.file,
        "services": list(recording.services),
        "window": {
            "start": window.start,
            "end": window.end,
            "load_start": window.load_start,
            "load_end": window.load_end,
            "whole_load": window.whole_load,
            "chosen": window.chosen,
        },
        "settings": dict(recording.settings),
        "catalog": recording.catalog,
        "sources": dict(recording.sources),
        "answers": kept,
    }
    return json.dumps({**document, "digest": digest(document)}, ensure_ascii=False, allow_nan=False) + "\n"


def digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a recorded snapshot without its own digest."""
    plain = {key: value for key, value in document.items() if key != "digest"}
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def read(text: str, where: str, *, verify: bool = True) -> Recording:
    """Read a recording. Raises UsageError if it is not one, or, with `verify`, if it was changed since."""
    try:
        document = json.loads(text)
        schema, same = document["schema"], document.get("digest") == digest(document)
        found = _recording(document) if schema == SCHEMA else None
    except Exception as error:  # noqa: BLE001  a foreign file can fail in any way
        raise UsageError(f"{where} is not a frozen snapshot written by --freeze ({error!r:.200})") from None
    if found is None:
        raise UsageError(f"{where} is not a frozen snapshot: its schema is {schema!r:.60}, not {SCHEMA!r}")
    if verify and not same:
        raise UsageError(
            f"{where} was changed since it was recorded: its digest does not match, so it is not judged as measured; "
            "record it again, or pass --unverified"
        )
    return found


def _recording(document: Mapping[str, Any]) -> Recording:
    window, settings = document["window"], document["settings"]
    return Recording(
        catalog=_text(document["catalog"]),
        file=_text(document["file"]),
        services=tuple(map(_text, document["services"])),
        window=Window(
            start=_finite(window["start"]),
            end=_finite(window["end"]),
            load_start=_number(window.get("load_start")),
            load_end=_number(window.get("load_end")),
            whole_load=bool(window.get("whole_load", True)),
            chosen=_text(window["chosen"]),
        ),
        source=_text(document["source"]),
        settings={key: read(settings[key]) for key, read in SETTINGS.items() if key in settings},
        sources={_text(name): _text(text) for name, text in document.get("sources", {}).items()},
        answers={
            (_text(each["query"]), _number(each["at"])): recorded_answers.read(each)
            for each in document["answers"]
        },
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.60} is not text")
    return value


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r:.60} is not a number")
    return value


def _finite(value: object) -> float:
    number = _number(value)
    if number is None or not math.isfinite(number):
        raise TypeError(f"{value!r:.60} is not a time")
    return number


SETTINGS: Mapping[str, Callable[[Any], Any]] = {
    "monthly_requests": _number,
    "k6": _text,
    "k6_file": _text,
    "against_offset": lambda value: None if value is None else _text(value),
    "again": lambda value: list(map(_text, value)),
}
"""The settings of a recording, and how to read each."""
