"""The load of rules on a Prometheus: rules, recorded series, samples read per evaluation, and savings by recordings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from leadline.base.units import promql_duration
from leadline.signals.promql import Matcher, select
from leadline.signals.samples import Ask

from .dependencies import Recorded, selectors
from .model import Group, Recording, RuleFile

SamplesRead = Callable[[str], int]
"""Queries an expression and returns how many samples it read (Prometheus's stats=all)."""
READ = re.compile(r"([a-zA-Z_]\w*:[\w:]+)\{([^}]*)\}(?:\[(\w+)\])?(?: offset (\w+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The load of a group on a Prometheus that evaluates it.

    series   current series of its recordings
    samples  samples read in one evaluation of all its rules
    """

    series: int
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A group of rules, and its load if a Prometheus was asked."""

    group: str
    every_seconds: float
    recordings: int
    alerts: int
    live: Live | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """Samples read in one evaluation: by the alerts, by the recordings they need, and by the alerts without recordings."""

    alerts: int
    recorded: int
    plain: int

    @property
    def share(self) -> float:
        """The share of samples that recordings save; negative if they cost more."""
        return 1 - (self.alerts + self.recorded) / self.plain if self.plain else 0.0


def rows(files: Iterable[RuleFile], ask: Ask | None = None, read: SamplesRead | None = None) -> Iterator[Row]:
    """Return a row for each group, with its live load if `ask` and `read` are given."""
    for file in files:
        for group in file.groups:
            live = _live(group, ask, read) if ask and read else None
            yield Row(
                group=group.name,
                every_seconds=float(group.interval_seconds),
                recordings=len(group.recordings),
                alerts=len(group.alerts),
                live=live,
            )


def _live(group: Group, ask: Ask, read: SamplesRead) -> Live:
    series = 0
    for rule in group.recordings:
        where = (Matcher(key, "=", value) for key, value in rule.labels.items())
        answer = ask(f"count({select(rule.record, where)})")
        series += int(answer.series[0].samples[0].value) if answer.series else 0
    return Live(series=series, samples=sum(read(rule.expr) for rule in group.rules))


def spared(files: Iterable[RuleFile], read: SamplesRead) -> Spared:
    """Measure the alerts' conditions, the recordings they need, and the same conditions on raw series."""
    alerts = recorded = written_out = 0
    for file in files:
        known = Recorded(file.recordings)
        needed: dict[int, Recording] = {}
        for group in file.groups:
            interval = promql_duration(group.interval_seconds)
            for alert in group.alerts:
                needed |= {id(rule): rule for rule in known.read_by(alert.expr)}
                alerts += read(alert.expr)
                written_out += read(inlined(alert.expr, known, interval))
        recorded += sum(read(rule.expr) for rule in needed.values())
    return Spared(alerts=alerts, recorded=recorded, plain=written_out)


def inlined(expression: str, known: Recorded, interval: str, within: tuple[Recording, ...] = ()) -> str:
    """Replace each recorded series in an expression with the expression that it is recorded from.

    Keep constants and self-references. `within` are the rules being expanded.
    """

    def written(found: re.Match[str]) -> str:
        rules = [
            rule
            for rule in known.matching(selectors(f"{found[1]}{{{found[2]}}}")[0])
            if rule.constant is None
        ]
        if len(rules) != 1 or rules[0] in within:
            return found[0]
        inner = f"(\n{inlined(rules[0].expr, known, interval, (*within, rules[0]))}\n)"
        window, offset = found[3], f" offset {found[4]}" if found[4] else ""
        if window:
            return f"{inner}[{window}:{interval}]{offset}"
        return f"last_over_time({inner}[{interval}:{interval}]{offset})" if offset else inner

    return READ.sub(written, expression)
