"""What rules cost a Prometheus: rules, series recorded, samples read at each evaluation, and what the recordings spare."""

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
"""Asks an expression and says how many samples it read (Prometheus's stats=all)."""
READ = re.compile(r"([a-zA-Z_]\w*:[\w:]+)\{([^}]*)\}(?:\[(\w+)\])?(?: offset (\w+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What a group costs a Prometheus that evaluates it.

    series   the series that its recordings have now
    samples  samples read in one evaluation of all of its rules
    """

    series: int
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A group of rules, and what it costs where a Prometheus was asked."""

    group: str
    every_seconds: float
    recordings: int
    alerts: int
    live: Live | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """Samples that the alerts' conditions read in one evaluation, with what is recorded for them, and if nothing were."""

    alerts: int
    recorded: int
    plain: int

    @property
    def share(self) -> float:
        """The share of samples that recording spares; below 0 where it costs more."""
        return 1 - (self.alerts + self.recorded) / self.plain if self.plain else 0.0


def rows(files: Iterable[RuleFile], ask: Ask | None = None, read: SamplesRead | None = None) -> Iterator[Row]:
    """Return a row for each group; what is live is asked where there is somebody to ask."""
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
    """Ask the alerts' conditions as they are, what is recorded for them, and the same written out of raw series."""
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
    """Write an expression out: each recorded series in it becomes what it is recorded from.

    Constants stay, and so does what a rule remembers of itself. `within` are the rules that are being written out.
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
