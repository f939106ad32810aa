"""A month replayed: what the rules recorded and when their alerts fired, beside what is known to have happened."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evidence.replay import exact
from evidence.replay.backfill import Database, filled, needed
from evidence.replay.firing import Firing, firings, formula, minutes
from evidence.replay.month import BEGIN, DAY, EVENTS, HOUR, MINUTES, OUTAGE, WARM_UP_DAYS, Due, Event
from evidence.replay.scrapes import Month, Totals, simulated
from leadline.alerts import rules
from leadline.alerts.model import Alert
from leadline.catalog import loader
from leadline.prometheus.client import Prometheus
from leadline.signals import series_names
from leadline.signals.objective import Objective

CATALOG = """\
project: replay
scrape_interval: 60s
retention: 60d
services:
  web:
    profile: generic-http
    selector: {job: web}
    instruments:
      latency: {buckets: [0.5]}
    objectives:
      availability: {target: 99.9%, period: 28d}
      latency: {target: 99%, within: 500ms, period: 28d}
"""
STEP_SECONDS = 60
PERIOD = 28 * DAY
TARGETS = {"availability": 0.999, "latency": 0.99}
AFTER = 6 * HOUR
"""An event is the cause of what begins up to so many minutes after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An alert that fired, and its cause; in minutes after the cause's begin and end, when it fired and was over.

    exactly  by the counts of all that happened; of an alert on no objective, when it is due
    formula  under even traffic
    """

    firing: Firing
    event: Event | None = None
    exactly: tuple[float, float] | None = None
    formula: tuple[float, float] | None = None

    @property
    def delays(self) -> tuple[float, float]:
        return after(self.firing, self.event) if self.event else (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What remains of a budget at a moment: as recorded, by what scrapes show, by all that happened; and its coverage.

    judged  whether it must be right: in the midst of an outage budgets lag behind
    """

    what: str
    minute: int
    judged: bool = True
    objective: str = ""
    recorded: float = 0.0
    seen: float = 0.0
    happened: float = 0.0
    coverage: float = 0.0
    expected_coverage: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A replayed month.

    generated  the names of all alerts
    told       every firing, in order
    ideal      for each alert on an objective, what its condition says of exact counts
    alone      the same of the shares alone, however few events there are
    """

    month: Month
    generated: Sequence[str]
    told: Sequence[Told]
    ideal: Mapping[str, Sequence[Firing]]
    alone: Mapping[str, Sequence[Firing]]
    left: Sequence[Left]
    levels: int
    recordings: int
    server: str
    seconds: float

    def due(self, event: Event) -> list[str]:
        """Return the alerts that are due on an event, of those that are generated."""
        return [name for name in event.expects if name in self.generated]

    def on(self, event: Event) -> list[Told]:
        """Return what fired on an event."""
        return [each for each in self.told if each.event == event]


def replayed() -> Result:
    """Live through the month, write down what the rules record, and ask when their alerts would have fired."""
    began = time.perf_counter()
    catalog = loader.parse(CATALOG, "leadline.yaml")
    files, month = rules.build(catalog), simulated()
    objectives = {each.name: each for each in catalog.services[0].objectives}
    every = [alert for file in files for group in file.groups for alert in group.alerts]
    recordings = needed(files)
    with tempfile.TemporaryDirectory(prefix="leadline-replay-") as name:
        begin, end = _at(0), _at(MINUTES - 1)
        database = Database(folder=Path(name), begin=begin, end=end, step=STEP_SECONDS)
        database.add(month.openmetrics())
        levels = filled(database, recordings, lambda at: month.evaluated[_minute(at)])
        with database.served() as client:
            answers = database.asked(client, [alert.expr for alert in every])
            with client() as prometheus:
                left, server = tuple(_left(prometheus, month)), prometheus.flavour()
    evaluations = [minute for minute in range(MINUTES) if month.evaluated[minute]]
    ideal, alone = (
        dict(_ideal(every, objectives, month, evaluations, met)) for met in (exact.met, exact.shares_met)
    )
    told = [
        _told(firing, alert, objectives.get(alert.labels.get("objective", "")), ideal.get(alert.name, ()))
        for alert, found in zip(every, answers, strict=True)
        for series in found
        for firing in firings(alert, {_minute(each.time) for each in series.samples}, evaluations)
    ]
    return Result(
        month=month,
        generated=[alert.name for alert in every],
        told=sorted(told, key=lambda each: each.firing.begin),
        ideal=ideal,
        alone=alone,
        left=left,
        levels=levels,
        recordings=len(recordings),
        server=server,
        seconds=time.perf_counter() - began,
    )


def _at(minute: int) -> float:
    return BEGIN.timestamp() + 60 * minute


def _minute(at: float) -> int:
    return round((at - BEGIN.timestamp()) / 60)


def _ideal(
    every: Sequence[Alert],
    objectives: Mapping[str, Objective],
    month: Month,
    evaluations: Sequence[int],
    when: Callable[[Objective, Alert, Totals], set[int]],
) -> Iterator[tuple[str, tuple[Firing, ...]]]:
    for alert in every:
        name = alert.labels.get("objective", "")
        if name in objectives:
            met = when(objectives[name], alert, month.happened[name])
            yield alert.name, tuple(firings(alert, met, evaluations))


def cause(firing: Firing) -> Event | None:
    """Return the last event that began before an alert's condition was met, if it is not long over."""
    found = [each for each in EVENTS if each.begin <= firing.met <= each.end + AFTER]
    return max(found, key=lambda each: each.begin, default=None)


def after(firing: Firing, event: Event) -> tuple[float, float]:
    """Return the minutes from an event's begin until an alert fired, and from its end until it was over."""
    return firing.begin - event.begin, (MINUTES if firing.end is None else firing.end) - event.end


def _told(firing: Firing, alert: Alert, objective: Objective | None, ideal: Sequence[Firing]) -> Told:
    event = cause(firing)
    told = Told(firing=firing, event=event)
    if event is None:
        return told
    if objective is None:
        return replace(told, exactly=_held(event.expects.get(alert.name), alert))
    exactly = next((after(each, event) for each in ideal if cause(each) == event), None)
    return replace(told, exactly=exactly, formula=_held(formula(objective, alert, event), alert))


def _held(due: Due | None, alert: Alert) -> tuple[float, float] | None:
    """Add `for` and `keep_firing_for`."""
    return (due.met + minutes(alert.hold), due.gone + minutes(alert.keep)) if due else None


def moments() -> Iterator[Left]:
    """Return when budgets are looked at."""
    yield Left(what="a week after the first scrape", minute=7 * DAY)
    yield Left(what="the month begins", minute=WARM_UP_DAYS * DAY)
    middle = OUTAGE.begin + OUTAGE.minutes // 2
    yield Left(what=f"in the midst of the {OUTAGE.name}", minute=middle, judged=False)
    for event in EVENTS:
        if event.minutes > 1:
            yield Left(what=f"an hour after: {event.name}", minute=event.end + HOUR)
    yield Left(what=f"a period and an hour after: {OUTAGE.name}", minute=OUTAGE.end + PERIOD + HOUR)
    yield Left(what="the month ends", minute=MINUTES - 1)


def _left(client: Prometheus, month: Month) -> Iterator[Left]:
    for name, target in TARGETS.items():
        for each in sorted(moments(), key=lambda moment: moment.minute):
            written = month.written[max(0, each.minute - PERIOD) : each.minute]
            yield replace(
                each,
                objective=name,
                recorded=_asked(client, series_names.SLO_REMAINING, name, each.minute),
                seen=month.seen[name].remaining(each.minute, PERIOD, target),
                happened=month.happened[name].remaining(each.minute, PERIOD, target),
                coverage=_asked(client, series_names.SLO_COVERAGE, name, each.minute),
                expected_coverage=sum(written) / PERIOD,
            )


def _asked(client: Prometheus, record: str, objective: str, minute: int) -> float:
    found = client.ask(f'{record}{{objective="{objective}"}}', at=_at(minute)).series
    return found[0].samples[0].value if found else float("nan")
