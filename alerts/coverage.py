"""How much of what is generated its generated tests prove: alerts, and the recordings that they are computed from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .dependencies import Recorded, labels_of, selectors
from .model import Alert, Case, Recording, RuleFile

RECORDED_NAME = re.compile(r"[a-zA-Z_]\w*:[\w:]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Alerts with a firing and a silent case, recordings that a test evaluates from raw series, and all of both."""

    alerts: int
    alerts_tested: int
    recordings: int
    recordings_tested: int

    def plus(self, other: Coverage, times: int) -> Coverage:
        """Add another, so many times."""
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


def of(files: Iterable[RuleFile], proven_by: Mapping[str, str] | None = None) -> Coverage:
    """Count them over rule files.

    proven_by  by a file's name, that of the one whose tests prove both, as their rules are alike
    """
    by_name = {file.name: file for file in files}
    uses = Counter((proven_by or {}).get(name, name) for name in by_name)
    counted = {name: _count(by_name[name], by_name) for name in uses}
    total = Coverage(alerts=0, alerts_tested=0, recordings=0, recordings_tested=0)
    for name, times in uses.items():
        total = total.plus(counted[name], times)
    return total


def _count(file: RuleFile, by_name: Mapping[str, RuleFile]) -> Coverage:
    read = tuple(by_name[name] for name in file.reads)
    own = {id(rule) for rule in file.recordings}
    return Coverage(
        alerts=len(file.alerts),
        alerts_tested=sum(map(_is_tested, file.alerts)),
        recordings=len(own),
        recordings_tested=sum(id(rule) in own for rule in tested_recordings((file,), read)),
    )


def tested_recordings(files: Iterable[RuleFile], others: Iterable[RuleFile]) -> list[Recording]:
    """Return the recordings that some test evaluates from raw series and looks at, directly or through others."""
    found: dict[int, Recording] = {}
    for file in files:
        known = Recorded([*file.recordings, *(rule for each in others for rule in each.recordings)])
        for expression in _looked_at(file):
            found |= {id(rule): rule for rule in known.read_by(expression)}
    return list(found.values())


def _is_tested(alert: Alert) -> bool:
    checks = [check for case in alert.cases for check in case.checks]
    return any(check.fires for check in checks) and any(not check.fires for check in checks)


def _looked_at(file: RuleFile) -> Iterator[str]:
    """Return each expression that a test depends on; not where the test itself gives what is recorded."""
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
