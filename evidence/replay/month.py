"""A month of a service as it might be: days and nights, failures, restarts, holes, and the alerts that are due.

Time is in whole minutes since the first scrape, a Monday at midnight. A whole period without events goes before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
HOUR, DAY = 60, 24 * 60
WARM_UP_DAYS, MONTH_DAYS = 28, 31
MINUTES = (WARM_UP_DAYS + MONTH_DAYS) * DAY
OFFSETS = (7.125, 23.5, 41.75)
"""At which second of a minute each of the three instances is scraped."""
USUAL = {"availability": 0.0001, "latency": 0.002}
"""The share of requests that are bad for an objective on any day: a tenth and a fifth of the budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """How long after an event's begin an alert's condition is met, and after its end it is gone, in minutes."""

    met: float
    gone: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What is different for a while.

    bad        the share of requests that is bad for an objective, by the objective
    requests   requests a minute, where they are not what is usual at that hour
    exactly    so many requests in each minute and no other, all of them at one instance
    stops      (instance, minute) in which an instance is not running; after it, its counters begin at 0
    renames    whether an instance has a new name afterwards, as a pod has
    reached    whether targets answer when they are scraped; discovered, whether there are any; evaluated, whether Prometheus runs
    expects    the alerts that are due, where they are generated; when, where it does not follow from an objective
    """

    name: str
    begin: int
    minutes: int
    bad: Mapping[str, float] = field(default_factory=dict)
    requests: float | None = None
    exactly: int | None = None
    stops: frozenset[tuple[int, int]] = frozenset()
    renames: bool = False
    reached: bool = True
    discovered: bool = True
    evaluated: bool = True
    expects: Mapping[str, Due | None] = field(default_factory=dict)

    @property
    def end(self) -> int:
        return self.begin + self.minutes

    @property
    def is_scraped(self) -> bool:
        return self.reached and self.discovered and self.evaluated

    def __contains__(self, minute: int) -> bool:
        return self.begin <= minute < self.end


def _rolling(begin: int) -> frozenset[tuple[int, int]]:
    """Stop one instance after the other, each for two minutes."""
    return frozenset(
        (instance, begin + 3 * instance + late) for instance in range(len(OFFSETS)) for late in (0, 1)
    )


def _at(day: int, hour: int, minute: int = 0) -> int:
    """Return the minute of a time of day; the first day after the warm-up is day 1."""
    return (WARM_UP_DAYS + day - 1) * DAY + hour * HOUR + minute


HALF_GONE = {"TrafficDrop": Due(met=15, gone=15)}
"""Of the 30 minutes in which traffic is compared with a week before, half must be quiet."""
THREE_OF_THREE: Mapping[str, Due | None] = {"ErrorBudgetBurn": None, "LatencyBudgetBurn": None}
"""A single failure is never an outage, but from two on a page is due where nothing succeeds."""
OUTAGE = Event(
    name="total outage",
    begin=_at(2, 7),
    minutes=20,
    bad={"availability": 1.0},
    expects={"ErrorBudgetBurn": None, "ErrorBudgetBurnSlow": None},
)
EVENTS = (
    OUTAGE,
    Event(
        name="partial fast burn",
        begin=_at(5, 20),
        minutes=30,
        bad={"availability": 0.05},
        expects={"ErrorBudgetBurn": None},
    ),
    Event(
        name="quiet night after the fast burn",
        begin=_at(5, 22),
        minutes=8 * HOUR,
        requests=1.5 / HOUR,
        expects=HALF_GONE,
    ),
    Event(
        name="one failure in the night after the fast burn",
        begin=_at(6, 1),
        minutes=1,
        bad={"availability": 1.0},
        exactly=1,
    ),
    Event(name="quiet night", begin=_at(8, 22), minutes=8 * HOUR, requests=1.5 / HOUR, expects=HALF_GONE),
    Event(
        name="failures in the quiet night",
        begin=_at(9, 4, 30),
        minutes=3,
        bad={"availability": 1.0, "latency": 1.0},
        exactly=1,
        expects=THREE_OF_THREE,
    ),
    Event(
        name="slow burn",
        begin=_at(10, 9),
        minutes=2 * DAY,
        bad={"availability": 0.003},
        expects={"ErrorBudgetBurnSlow": None},
    ),
    Event(
        name="deploy, some requests fail",
        begin=_at(16, 15),
        minutes=8,
        bad={"availability": 0.04},
        stops=_rolling(_at(16, 15)),
    ),
    Event(name="Prometheus is down", begin=_at(18, 12), minutes=4 * HOUR, evaluated=False),
    Event(
        name="targets are not reached",
        begin=_at(20, 2),
        minutes=3 * HOUR,
        reached=False,
        expects={
            "RequestsAbsent": Due(met=10, gone=0),
            "LatencyAbsent": Due(met=10, gone=0),
            "ServiceDown": Due(met=0, gone=0),
            "TargetsDown": Due(met=0, gone=0),
        },
    ),
    Event(
        name="deploy, new pods",
        begin=_at(22, 10),
        minutes=8,
        stops=_rolling(_at(22, 10)),
        renames=True,
    ),
    Event(
        name="slow answers",
        begin=_at(24, 11),
        minutes=2 * HOUR,
        bad={"latency": 0.6},
        expects={"LatencyBudgetBurn": None, "LatencyBudgetBurnSlow": None},
    ),
    Event(
        name="service discovery has no target",
        begin=_at(25, 15),
        minutes=2 * HOUR,
        discovered=False,
        expects={
            "ServiceVanished": Due(met=0, gone=0),
            "RequestsAbsent": Due(met=10, gone=0),
            "LatencyAbsent": Due(met=10, gone=0),
        },
    ),
    Event(
        name="crash loop of an instance, every ten minutes",
        begin=_at(27, 9),
        minutes=3 * HOUR,
        stops=frozenset((0, minute) for minute in range(_at(27, 9), _at(27, 12), 10)),
        expects={"InstanceRestarting": Due(met=21, gone=31)},
    ),
    Event(
        name="night of little traffic",
        begin=_at(28, 22),
        minutes=8 * HOUR,
        requests=40 / HOUR,
        expects=HALF_GONE,
    ),
    Event(
        name="one failure in the night of little traffic",
        begin=_at(29, 5),
        minutes=1,
        bad={"availability": 1.0},
        exactly=1,
    ),
)


def moment(minute: int) -> datetime:
    return BEGIN + timedelta(minutes=minute)
