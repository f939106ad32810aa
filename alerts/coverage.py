"""How much of what is generated its generated tests prove: alerts, and the recordings that they are reckoned from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from alerts.model import Alert, Case, Recording, RuleFile

SELECTOR = re.compile(r"([a-zA-Z_]\w*:[\w:]+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Alerts with a firing and a silent case, recordings that a test evaluates from raw series, and all of both."""

    alerts: int
    alerts_tested: int
    recordings: int
    recordings_tested: int

    def __str__(self) -> str:
        return (
            f"alerts tested {self.alerts_tested} of {self.alerts}, "
            f"recordings {self.recordings_tested} of {self.recordings}"
        )


def of(files: Iterable[RuleFile]) -> Coverage:
    """Count them over rule files."""
    files = tuple(files)
    recordings = [rule for file in files for group in file.groups for rule in group.recordings]
    alerts = [rule for file in files for group in file.groups for rule in group.alerts]
    tested = {id(rule) for rule in tested_recordings(files, recordings)}
    return Coverage(
        alerts=len(alerts),
        alerts_tested=sum(1 for alert in alerts if _is_tested(alert)),
        recordings=len(recordings),
        recordings_tested=sum(1 for rule in recordings if id(rule) in tested),
    )


def tested_recordings(files: Iterable[RuleFile], recordings: list[Recording]) -> list[Recording]:
    """Give the recordings that some test evaluates from raw series and looks at, directly or through others."""
    found: dict[int, Recording] = {}
    for expression, given in _looked_at(files):
        for rule in _read(expression, recordings, given):
            found[id(rule)] = rule
    return list(found.values())


def _is_tested(alert: Alert) -> bool:
    return any(case.is_firing for case in alert.cases) and any(not case.is_firing for case in alert.cases)


def _looked_at(files: Iterable[RuleFile]) -> Iterator[tuple[str, frozenset[str]]]:
    """Give each expression that a test depends on, and the records that the test itself gives.

    Of a case that gives some of an alert's records the others are not there, so it tests none.
    """
    for file in files:
        for group in file.groups:
            for alert in group.alerts:
                if _is_tested(alert):
                    firing = (case for case in alert.cases if case.is_firing)
                    yield from ((alert.expr, _given(case)) for case in firing if not case.earlier)
        for proof in file.proofs:
            yield from ((expression, frozenset()) for expression, _ in proof.expects)


def _given(case: Case) -> frozenset[str]:
    return frozenset(found[1] for entry in case.inputs if (found := SELECTOR.match(entry.selector)))


def _read(expression: str, recordings: list[Recording], given: frozenset[str]) -> Iterator[Recording]:
    """Give the recordings that an expression reads, and those that these read, but what is given."""
    waiting, seen = [expression], set()
    while waiting:
        for name, where in SELECTOR.findall(waiting.pop()):
            if name in given:
                continue
            for rule in matching(name, where, recordings):
                if id(rule) not in seen:
                    seen.add(id(rule))
                    waiting.append(rule.expr)
                    yield rule


def matching(name: str, where: str, recordings: Iterable[Recording]) -> list[Recording]:
    """Give the recordings that a selector of that name, and those equality matchers, may select."""
    wanted: Mapping[str, str] = dict(MATCHER.findall(where))
    return [
        rule
        for rule in recordings
        if rule.record == name and all(rule.labels.get(key, value) == value for key, value in wanted.items())
    ]
