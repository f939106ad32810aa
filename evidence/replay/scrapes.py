"""What happened in a month, request by request, and what scrapes of it show. The same seed gives the same month."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from evidence.replay.month import BEGIN, DAY, EVENTS, HOUR, MINUTES, OFFSETS, USUAL, Event

SEED = 28
WITHIN = "0.5"
"""The bucket edge of the latency objective."""
SEEN_SECONDS = 300
"""A rate over five minutes sees an increment only where the scrapes before and after it lie within them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Events and bad events until the beginning of each minute, the first of them 0."""

    events: Sequence[int]
    bad: Sequence[int]

    def count(self, begin: int, end: int) -> tuple[int, int]:
        """Return events and bad events between two minutes; before the first minute there are none."""
        since = max(0, begin)
        return self.events[end] - self.events[since], self.bad[end] - self.bad[since]

    def remaining(self, minute: int, period: int, target: float) -> float:
        """Return what of the budget is left after the period (minutes) before a minute."""
        events, bad = self.count(minute - period, minute)
        return 1 - bad / events / (1 - target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What happened and what successive scrapes show of it, by objective; and the samples, by series.

    written    for each minute, whether something was scraped in it and rules were evaluated
    evaluated  for each minute, whether rules were evaluated
    restarts   how often a process began again
    """

    happened: Mapping[str, Totals]
    seen: Mapping[str, Totals]
    samples: Mapping[str, Sequence[tuple[float, int]]]
    written: Sequence[bool]
    evaluated: Sequence[bool]
    restarts: int

    def openmetrics(self) -> Iterator[str]:
        """Write all samples as promtool reads them, the series of a metric together."""
        for series in sorted(self.samples):
            for at, value in self.samples[series]:
                yield f"{series} {value} {BEGIN.timestamp() + at:.3f}\n"
        yield "# EOF\n"


@dataclass(slots=True)
class _Process:
    """One run of an instance, and what it has counted; a series of failures is there from the first failure on."""

    instance: int
    name: str
    requests: int = 0
    failed: int = 0
    slow: int = 0

    def series(self) -> Iterator[tuple[str, int]]:
        where = f'job="web",instance="{self.name}"'
        latency = "http_request_duration_seconds"
        yield f'http_requests_total{{{where},code="200"}}', self.requests - self.failed
        if self.failed:
            yield f'http_requests_total{{{where},code="500"}}', self.failed
        yield f'{latency}_bucket{{{where},le="{WITHIN}"}}', self.requests - self.slow
        yield f'{latency}_bucket{{{where},le="+Inf"}}', self.requests
        yield f"{latency}_count{{{where}}}", self.requests


@dataclass(slots=True)
class _Tally:
    """Events and bad ones of one minute, by objective."""

    events: dict[str, int] = field(default_factory=lambda: dict.fromkeys(USUAL, 0))
    bad: dict[str, int] = field(default_factory=lambda: dict.fromkeys(USUAL, 0))

    def add(self, objective: str, events: int, bad: int) -> None:
        self.events[objective] += events
        self.bad[objective] += bad


class _World:
    """The service, and the Prometheus that scrapes it, from minute to minute."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.processes = [_Process(each, f"web-{each}:8080") for each in range(len(OFFSETS))]
        self.restarts = 0
        self.samples: dict[str, list[tuple[float, int]]] = {}
        self.happened: list[_Tally] = []
        self.seen: list[_Tally] = []

    def live(self, minute: int, current: Sequence[Event]) -> None:
        """Live through a minute: each instance serves, is scraped, and serves on."""
        self.happened.append(_Tally())
        self.seen.append(_Tally())
        running = self._running(minute, current)
        usual = _requests(minute, self.chance)
        requests = next((each.requests for each in reversed(current) if each.requests is not None), usual)
        exactly = next((each.exactly for each in current if each.exactly is not None), None)
        bad = {key: _share(key, share, current) for key, share in USUAL.items()}
        for number, process in enumerate(running):
            before = OFFSETS[process.instance] / 60
            counts = [_drawn(self.chance, requests / len(running) * part) for part in (before, 1 - before)]
            if exactly is not None:
                counts = [exactly if number == 0 else 0, 0]
            self._serve(process, counts[0], bad)
            if all(each.is_scraped for each in current):
                self._scrape(process, minute * 60 + OFFSETS[process.instance])
            self._serve(process, counts[1], bad)
        if all(each.evaluated and each.discovered for each in current):
            self._check(minute, running if all(each.reached for each in current) else [])

    def _running(self, minute: int, current: Sequence[Event]) -> list[_Process]:
        """Stop the instances that are due, and give the others."""
        stops = {stop for each in current for stop in each.stops}
        stopped = {instance for instance, when in stops if when == minute}
        for instance in stopped:
            self.restarts += (instance, minute - 1) not in stops
            renamed = any(each.renames for each in current)
            name = f"web-{instance}-{self.restarts}:8080" if renamed else self.processes[instance].name
            self.processes[instance] = _Process(instance, name)
        return [each for each in self.processes if each.instance not in stopped]

    def _serve(self, process: _Process, count: int, bad: Mapping[str, float]) -> None:
        failed, slow = (_of(self.chance, count, bad[each]) for each in ("availability", "latency"))
        process.requests += count
        process.failed += failed
        process.slow += slow
        self.happened[-1].add("availability", count, failed)
        self.happened[-1].add("latency", count, slow)

    def _scrape(self, process: _Process, at: float) -> None:
        for series, value in process.series():
            increment = self._increment(series, at, value)
            if series.startswith("http_requests_total"):
                self.seen[-1].add("availability", increment, increment if 'code="500"' in series else 0)
            elif "_count" in series:
                self.seen[-1].add("latency", increment, increment)
            elif f'le="{WITHIN}"' in series:
                self.seen[-1].add("latency", 0, -increment)

    def _check(self, minute: int, answering: Sequence[_Process]) -> None:
        """Write down which targets answered."""
        for process in self.processes:
            series = f'up{{job="web",instance="{process.name}"}}'
            at = minute * 60 + OFFSETS[process.instance]
            self.samples.setdefault(series, []).append((at, int(process in answering)))

    def _increment(self, series: str, at: float, value: int) -> int:
        """Write a sample down; give what it shows to have come since the one before, if that is near enough."""
        earlier = self.samples.setdefault(series, [])
        last, counted = earlier[-1] if earlier else (-math.inf, 0)
        earlier.append((at, value))
        if at - last > SEEN_SECONDS:
            return 0
        return value - counted if value >= counted else value


def simulated(events: Sequence[Event] = EVENTS, seed: int = SEED) -> Month:
    """Live through the month."""
    world = _World(seed)
    current = [[each for each in events if minute in each] for minute in range(MINUTES)]
    for minute, now in enumerate(current):
        world.live(minute, now)
    return Month(
        happened=_totals(world.happened),
        seen=_totals(world.seen),
        samples=world.samples,
        written=[all(each.is_scraped for each in now) for now in current],
        evaluated=[all(each.evaluated for each in now) for now in current],
        restarts=world.restarts,
    )


def _totals(tallies: Sequence[_Tally]) -> dict[str, Totals]:
    return {
        each: Totals(
            events=tuple(accumulate((tally.events[each] for tally in tallies), initial=0)),
            bad=tuple(accumulate((tally.bad[each] for tally in tallies), initial=0)),
        )
        for each in USUAL
    }


def _requests(minute: int, chance: random.Random) -> float:
    """Return the requests to expect in a minute: most at two in the afternoon, a tenth at night, fewer on weekends."""
    daily = 0.55 + 0.45 * math.cos(2 * math.pi * (minute % DAY - 14 * HOUR) / DAY)
    weekend = minute // DAY % 7 >= 5
    return 1200 * daily * (0.6 if weekend else 1) * max(0.5, chance.gauss(1, 0.05))


def _share(objective: str, usual: float, current: Sequence[Event]) -> float:
    return max((each.bad[objective] for each in current if objective in each.bad), default=usual)


def _of(chance: random.Random, count: int, share: float) -> int:
    return count if share >= 1 else min(count, _drawn(chance, count * share))


def _drawn(chance: random.Random, mean: float) -> int:
    """Draw a count of independent events (Poisson; of many, by the normal curve)."""
    if mean > 50:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, chance.random()
    while product > limit:
        count += 1
        product *= chance.random()
    return count
