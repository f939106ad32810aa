"""Processes that serve requests, and the agents that scrape them: what a Prometheus would store, and the truth beside it.

Time is virtual. A process logs each request; a scrape reads its counters a moment after the stamp that it carries, as
Prometheus does. Whatever reads a process is free to miss it, relabel it or read it twice.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

EDGES = ("0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf")
STALE = object()
"""Stands for Prometheus's stale marker."""
Labels = dict[str, str]
Relabel = Callable[[Labels], Labels]
INPUT_USD, OUTPUT_USD = 1e-6, 4e-6


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was logged when it was counted."""

    time: float
    status: str
    seconds: float
    route: str = "/a"


@dataclass(kw_only=True)
class Process:
    """One process: its life, its requests, and how it exposes them.

    started   when it says that it started; `skew` is the error of its clock
    base      what its counters hold from before (an exporter in front of something older)
    edges     its histogram's buckets
    labels    labels of its own metrics from a time on
    """

    started: float
    ended: float = math.inf
    requests: list[Request] = field(default_factory=list)
    skew: float = 0.0
    base: int = 0
    edges: tuple[str, ...] = EDGES
    labels: Callable[[float], Labels] = lambda _: {}
    tells_start: bool = True
    start_at: Callable[[float], float] | None = None
    value_at: Callable[[float, str, float], float] = lambda _time, _name, value: value
    memory: float = 1e8

    def __post_init__(self) -> None:
        self._log: dict[tuple[str, ...], list[float]] | None = None

    def serve(
        self,
        chance: random.Random,
        start: float,
        end: float,
        rate: float,
        *,
        errors: float = 0.02,
        slow: float = 1.0,
    ) -> None:
        """Add requests at random moments between two times, while it lives."""
        begin, finish = max(start, self.started), min(end, self.ended)
        for _ in range(round(rate * max(0.0, finish - begin))):
            time = begin + (finish - begin) * chance.random()
            status = "500" if chance.random() < errors else "200"
            route = chance.choice(("/a", "/b"))
            self.requests.append(Request(time, status, slow * chance.lognormvariate(-2.3, 0.6), route))
        self._log = None

    def _index(self) -> dict[tuple[str, ...], list[float]]:
        if self._log is None:
            found: dict[tuple[str, ...], list[tuple[float, float]]] = {}
            for each in self.requests:
                found.setdefault(("code", each.status, each.route), []).append((each.time, 1.0))
                found.setdefault(("sum",), []).append((each.time, each.seconds))
                for edge in self.edges:
                    if each.seconds <= float(edge):
                        found.setdefault(("le", edge), []).append((each.time, 1.0))
            self._log, self._sums = {}, {}
            for key, pairs in found.items():
                ordered = sorted(pairs)
                self._log[key] = [time for time, _ in ordered]
                self._sums[key] = [0.0, *accumulate(amount for _, amount in ordered)]
        return self._log

    def _upto(self, key: tuple[str, ...], time: float) -> float:
        times = self._index().get(key, [])
        return self._sums[key][bisect_right(times, time)] if times else 0.0

    def expose(self, time: float) -> Iterator[tuple[Labels, float]]:
        """Return what a scrape reads at a moment; a label set appears with its first request."""
        own = self.labels(time)

        def sample(name: str, value: float, **labels: str) -> tuple[Labels, float]:
            return {"__name__": name, **labels, **own}, self.value_at(time, name, value)

        for key in sorted(key for key in self._index() if key[0] == "code"):
            count = self._upto(key, time)
            held = self.base if key[1] == "200" else 0
            if count or held:
                yield sample("http_requests_total", count + held, code=key[1], route=key[2])
        for edge in self.edges:
            yield sample(
                "http_request_duration_seconds_bucket",
                self._upto(("le", edge), time) + 2 * self.base,
                le=edge,
            )
        whole = self._upto(("le", "+Inf"), time) + 2 * self.base
        yield sample("http_request_duration_seconds_count", whole)
        yield sample("http_request_duration_seconds_sum", self._upto(("sum",), time) + 0.02 * self.base)
        yield sample("llm_tokens_total", 300 * whole, kind="input", model="m")
        yield sample("llm_tokens_total", 100 * whole, kind="output", model="m")
        yield sample("llm_cost_usd_total", whole * (300 * INPUT_USD + 100 * OUTPUT_USD), model="m")
        yield {"__name__": "process_resident_memory_bytes"}, self.memory
        if self.tells_start:
            start = self.start_at(time) if self.start_at else self.started
            yield {"__name__": "process_start_time_seconds"}, start + self.skew

    def alive(self, time: float) -> bool:
        return self.started <= time < self.ended


Key = frozenset[tuple[str, str]]


@dataclass
class Store:
    """What a Prometheus holds: series and their samples, stale markers among them."""

    series: dict[Key, list[tuple[float, object]]] = field(default_factory=dict)

    def add(self, labels: Mapping[str, str], time: float, value: object) -> None:
        self.series.setdefault(frozenset(labels.items()), []).append((round(time, 3), value))

    def scrape(
        self,
        processes: Iterable[Process],
        times: Iterable[float],
        target: Mapping[str, str] | Callable[[float], Labels],
        *,
        honor: bool = False,
        up: bool = True,
        fails: Callable[[float], bool] = lambda _: False,
        dead: str = "gone",
        seconds: float = 0.01,
        relabel: Relabel = dict,
    ) -> None:
        """Scrape whichever process lives at each time.

        dead     what a scrape finds where none does: "gone" (no target any more), "down" (up is 0)
        honor    whether labels of the metrics go before those of the target
        up       whether `up` and the rest that Prometheus adds are stored
        """
        lives, before = list(processes), set[Key]()
        for time in times:
            labels = target(time) if callable(target) else dict(target)
            process = next((each for each in lives if each.alive(time)), None)
            failed = fails(time)
            if process is None and dead == "gone":
                self._end(before, time)
                before = set()
                continue
            now: set[Key] = set()
            works = process is not None and not failed
            if works and process is not None:
                for own, value in process.expose(time + seconds / 2):
                    merged = {**labels, **own} if honor else {**own, **labels}
                    kept = relabel(merged)
                    self.add(kept, time, value)
                    now.add(frozenset(kept.items()))
            if up:
                for name, value in (("up", float(works)), ("scrape_duration_seconds", seconds)):
                    self.add({"__name__": name, **labels}, time, value)
                    now.add(frozenset({"__name__": name, **labels}.items()))
            self._end(before - now, time)
            before = now

    def _end(self, keys: Iterable[Key], time: float) -> None:
        for key in keys:
            self.series[key].append((round(time, 3), STALE))


def every(start: float, end: float, interval: float, offset: float = 0.0) -> list[float]:
    """Return the times of scrapes between two moments."""
    count = int((end - start - offset) / interval)
    return [start + offset + index * interval for index in range(count + 1)]
