"""How much of what is generated its generated tests prove: alerts, and the recordings that they are reckoned from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alerts.closure import Recorded, labels_of, selectors
from alerts.model import Alert, Case, Recording, RuleFile

RECORDED_NAME = re.compile(r"[a-zA-Z_]\w*:[\w:]+")


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
        known = Recorded(
            [*file.recordings, *(rule for name in file.reads for rule in by_name[name].recordings)]
        )
        for expression in _looked_at(file):
            found |= {id(rule): rule for rule in known.read_by(expression)}
    return list(found.values())


def _is_tested(alert: Alert) -> bool:
    checks = [check for case in alert.cases for check in case.checks]
    return any(check.fires for check in checks) and any(not check.fires for check in checks)


def _looked_at(file: RuleFile) -> Iterator[str]:
    """Give each expression that a test depends on; not where the test itself gives what is recorded."""
    for alert in file.alerts:
        if _is_tested(alert) and any(
            case.is_firing and not _gives_records(alert, case) for case in alert.cases
        ):
            yield alert.expr
    for proof in file.proofs:
        yield from (expression for expression, _ in proof.expects)


def _gives_records(alert: Alert, case: Case) -> bool:
    """Return whether a case gives what the alert reads of recordings, so that these are not evaluated in it."""
    read = selectors(alert.expr)
    given = (labels_of(entry) for entry in case.inputs if RECORDED_NAME.match(entry.selector))
    return any(each.selects(labels) for labels in given for each in read)
