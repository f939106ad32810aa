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
    alerts = [alert for file in files for alert in file.alerts]
    return Coverage(
        alerts=len(alerts),
        alerts_tested=sum(map(_is_tested, alerts)),
        recordings=sum(len(file.recordings) for file in files),
        recordings_tested=len(tested_recordings(files)),
    )


def tested_recordings(files: Iterable[RuleFile]) -> list[Recording]:
    """Give the recordings that some test evaluates from raw series and looks at, directly or through others."""
    by_name = {file.name: file for file in files}
    found: dict[int, Recording] = {}
    for file in by_name.values():
        known = Known([*file.recordings, *(rule for name in file.reads for rule in by_name[name].recordings)])
        for expression in _looked_at(file):
            found |= {id(rule): rule for rule in known.read_by(expression)}
    return list(found.values())


def _is_tested(alert: Alert) -> bool:
    return any(case.is_firing for case in alert.cases) and any(not case.is_firing for case in alert.cases)


def _looked_at(file: RuleFile) -> Iterator[str]:
    """Give each expression that a test depends on; not where the test itself gives what is recorded."""
    for alert in file.alerts:
        if _is_tested(alert) and any(case.is_firing and not _gives_records(case) for case in alert.cases):
            yield alert.expr
    for proof in file.proofs:
        yield from (expression for expression, _ in proof.expects)


def _gives_records(case: Case) -> bool:
    return any(SELECTOR.match(entry.selector) for entry in case.inputs)


class Known:
    """Recordings, looked up by the selectors that read them."""

    def __init__(self, recordings: Iterable[Recording]) -> None:
        self._by_name: dict[str, list[Recording]] = {}
        for rule in recordings:
            self._by_name.setdefault(rule.record, []).append(rule)

    def matching(self, name: str, where: str) -> list[Recording]:
        """Give the recordings that a selector of that name, and those equality matchers, may select."""
        wanted: Mapping[str, str] = dict(MATCHER.findall(where))
        return [
            rule
            for rule in self._by_name.get(name, ())
            if all(rule.labels.get(key, value) == value for key, value in wanted.items())
        ]

    def read_by(self, expression: str) -> Iterator[Recording]:
        """Give the recordings that an expression reads, and those that these read, each once."""
        waiting, seen = [expression], set[int]()
        while waiting:
            for name, where in SELECTOR.findall(waiting.pop()):
                for rule in self.matching(name, where):
                    if id(rule) not in seen:
                        seen.add(id(rule))
                        waiting.append(rule.expr)
                        yield rule
