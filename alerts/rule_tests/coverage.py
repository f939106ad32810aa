"""Coverage of generated alerts and recordings by generated tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..dependencies import Recorded, selectors
from ..model import Alert, Recording
from .file_tests import FileTests
from .model import AlertTest
from .packing import labels_of

RECORDED_NAME = re.compile(r"[a-zA-Z_]\w*:[\w:]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Counts of alerts and recordings, and of those tested: alerts that fire and stay silent, recordings from raw series."""

    alerts: int
    alerts_tested: int
    recordings: int
    recordings_tested: int

    def plus(self, other: Coverage, times: int) -> Coverage:
        """Return the sum with `times` times another."""
        return Coverage(
            alerts=self.alerts + times * other.alerts,
            alerts_tested=self.alerts_tested + times * other.alerts_tested,
            recordings=self.recordings + times * other.recordings,
            recordings_tested=self.recordings_tested + times * other.recordings_tested,
        )

    def __str__(self) -> str:
        return (
            f"alerts tested {self.alerts_tested} of {self.alerts}, "
            f"recordings {self.recordings_tested} of {self.recordings}"
        )


def of(tests: Iterable[FileTests], times: Mapping[str, int] | None = None) -> Coverage:
    """Sum the coverage of rule files.

    times  by file name, the number of files with equal rules that its tests cover; one by default
    """
    total = Coverage(alerts=0, alerts_tested=0, recordings=0, recordings_tested=0)
    for each in tests:
        total = total.plus(_count(each), 1 if times is None else times[each.file.name])
    return total


def _count(tests: FileTests) -> Coverage:
    own = {id(rule) for rule in tests.file.recordings}
    return Coverage(
        alerts=len(tests.file.alerts),
        alerts_tested=sum(_is_tested(own_tests) for _, own_tests in tests.of_alerts),
        recordings=len(own),
        recordings_tested=sum(id(rule) in own for rule in tested_recordings(tests)),
    )


def tested_recordings(tests: FileTests) -> list[Recording]:
    """Return the recordings that tests evaluate from raw series, directly or indirectly."""
    known = Recorded(rule for file in (tests.file, *tests.reads) for rule in file.recordings)
    found = {id(rule): rule for expression in _looked_at(tests) for rule in known.read_by(expression)}
    return list(found.values())


def _is_tested(tests: Sequence[AlertTest]) -> bool:
    checks = [check for test in tests for check in test.checks]
    return any(check.fires for check in checks) and any(not check.fires for check in checks)


def _looked_at(tests: FileTests) -> Iterator[str]:
    """Yield the expressions that tests evaluate, except those whose recordings a test sets itself."""
    for alert, own in tests.of_alerts:
        if _is_tested(own) and any(each.is_firing and not _gives_records(alert, each) for each in own):
            yield alert.expr
    for test in tests.of_recordings:
        yield from (expression for expression, _ in test.expects)


def _gives_records(alert: Alert, test: AlertTest) -> bool:
    """Return whether a test sets the recordings that the alert reads, so that they are not evaluated."""
    read = selectors(alert.expr)
    given = (labels_of(entry) for entry in test.inputs if RECORDED_NAME.match(entry.selector))
    return any(each.selects(labels) for labels in given for each in read)
