"""Pack independent tests together: promtool's time is steps, each of which evaluates every rule, so tests share them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from leadline.signals.labels import NAME

from ..dependencies import Recorded, Selector
from ..model import Alert
from .file_tests import FileTests
from .model import AlertTest, Input, RecordingTest

LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
ESCAPED = {"n": "\n"}


@dataclass(frozen=True, slots=True)
class Part:
    """A test, the series it touches, its duration, and its evaluation and sample intervals, in minutes."""

    test: tuple[Alert, AlertTest] | RecordingTest
    touches: Touched
    minutes: int
    step: int
    sampled: int

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self.test.inputs if isinstance(self.test, RecordingTest) else self.test[1].inputs


@dataclass(slots=True)
class Together:
    """Tests that run together."""

    step: int
    sampled: int
    parts: list[Part] = field(default_factory=list)

    def takes(self, part: Part) -> bool:
        return all(part.touches.is_apart_from(each.touches) for each in self.parts)


def packed(tests: FileTests, known: Recorded) -> list[Together]:
    """Pack the tests of a rule file, longest first, each with the first tests that it does not interfere with."""
    found: list[Together] = []
    parts = sorted(_parts(tests, known), key=lambda each: (each.step, each.sampled, -each.minutes))
    for part in parts:
        alike = (each for each in found if (each.step, each.sampled) == (part.step, part.sampled))
        place = next((each for each in alike if each.takes(part)), None)
        if place is None:
            place = Together(part.step, part.sampled)
            found.append(place)
        place.parts.append(part)
    return found


def _parts(tests: FileTests, known: Recorded) -> Iterator[Part]:
    for alert, own in tests.of_alerts:
        read = known.closure(alert.expr) if own else ()
        for test in own:
            yield _part((alert, test), test, touched(test.inputs, read))
    for recorded in tests.of_recordings:
        closures = (known.closure(expression) for expression, _ in recorded.expects)
        read = tuple(dict.fromkeys(each for closure in closures for each in closure))
        yield _part(recorded, recorded, touched(recorded.inputs, read))


def _part(
    of: tuple[Alert, AlertTest] | RecordingTest, test: AlertTest | RecordingTest, touches: Touched
) -> Part:
    return Part(of, touches, test.minutes, test.step, test.sampled or test.step)


def labels_of(entry: Input) -> Mapping[str, str]:
    """Return the labels of an input series, including its name."""
    return _labels(entry.selector)


@lru_cache(maxsize=8192)
def _labels(selector: str) -> Mapping[str, str]:
    metric, _, rest = selector.partition("{")
    found = {
        label: re.sub(r"\\(.)", lambda each: ESCAPED.get(each[1], each[1]), text)
        for label, text in LABEL.findall(rest)
    }
    return {NAME: metric, **found} if metric else found


@dataclass(frozen=True, slots=True)
class Touched:
    """The input series of a test, and the selectors it depends on, both by metric; "" for any metric."""

    given: Mapping[str, Mapping[str, Input]]
    read: Mapping[str, tuple[Selector, ...]]

    def is_apart_from(self, other: Touched) -> bool:
        """Return whether neither reads series that only the other sets, so that they can run together."""
        return not _reads(self, other) and not _reads(other, self)


def touched(inputs: Iterable[Input], read: Iterable[Selector]) -> Touched:
    """Index the series that a test sets and reads."""
    given: dict[str, dict[str, Input]] = {}
    for entry in inputs:
        given.setdefault(entry.selector.partition("{")[0], {})[entry.selector] = entry
    by_name: dict[str, list[Selector]] = {}
    for selector in read:
        by_name.setdefault(selector.name, []).append(selector)
    return Touched(given, {name: tuple(found) for name, found in by_name.items()})


def _reads(one: Touched, other: Touched) -> bool:
    anything = one.read.get("", ())
    for metric, series in other.given.items():
        own = one.given.get(metric, {})
        for selector in (*one.read.get(metric, ()), *anything):
            for text, entry in series.items():
                if own.get(text) != entry and selector.selects(labels_of(entry)):
                    return True
    return any(
        one.given[metric][text].values != entry.values
        for metric, series in other.given.items()
        if metric in one.given
        for text, entry in series.items()
        if text in one.given[metric]
    )
