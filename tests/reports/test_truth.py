"""The truth lies inside the bounds: a generated fleet with faults, its every request logged, against its snapshot."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.faults.fleet import STALE, Process, Request, Store, every
from reports import snapshot
from reports.model import Reading, ServiceReport
from reports.window import Window
from signals import reading
from tests.reports.history import History

CATALOG = reading.parse(
    """
project: fleet
scrape_interval: 10s
services:
  web:
    profile: generic-http
    selector: {job: web}
    targets: {latency: {p95: 250ms}, error_ratio: 2%}
    instruments:
      tokens: {metric: llm_tokens_total, labels: {model: model, token_type: kind}}
      cost: {metric: llm_cost_usd_total, labels: {model: model}}
""",
    "leadline.yaml",
)
START, END, INTERVAL = 10_000.0, 10_300.0, 10.0
FROM, UNTIL = START - 60, END + 60


def taken(store: Store, window: Window) -> ServiceReport:
    past = History(now=UNTIL)
    for key, samples in store.series.items():
        points = [
            (time, value) for time, value in samples if value is not STALE and isinstance(value, float | int)
        ]
        past.series.append((dict(key), [(time, float(value)) for time, value in points]))
    return snapshot.take(CATALOG, CATALOG.services, window, past.ask).services[0]


@dataclass(frozen=True)
class Truth:
    """What was logged in a window."""

    requests: Sequence[Request]
    seconds: float

    @classmethod
    def of(cls, processes: Iterable[Process], window: Window) -> Truth:
        logged = [
            each for one in processes for each in one.requests if window.start < each.time <= window.end
        ]
        return cls(logged, window.seconds)

    def value(self, signal: str) -> float | None:
        times = sorted(each.seconds for each in self.requests)
        count = len(times)
        if signal in ("requests", "throughput"):
            return count / (self.seconds if signal == "throughput" else 1)
        if not count:
            return None
        if signal == "error_ratio":
            return sum(each.status == "500" for each in self.requests) / count
        if signal == "latency.mean":
            return math.fsum(times) / count
        if signal.startswith("latency.p"):
            return times[max(0, math.ceil(float("0." + signal[9:]) * count) - 1)]
        return {"tokens": 400.0 * count, "cost_per_request": 7e-4, "cost_per_1k_tokens": 1000 * 7e-4 / 400}[
            signal
        ]


SIGNALS = (
    "requests", "throughput", "error_ratio", "latency.mean", "latency.p50", "latency.p95", "latency.p99", "tokens",
    "cost_per_request", "cost_per_1k_tokens",
)  # fmt: skip


def outside(found: Reading, truth: float | None) -> str:
    """Say how a reading is untrue; empty where it is true."""
    if truth is None or found.lower is None:
        return ""
    slack = 1e-9 * max(1.0, abs(truth))
    if truth < found.lower - slack:
        return f"{found.signal}: {truth} is below {found.lower}"
    if not found.unbounded and found.upper is not None and truth > found.upper + slack:
        return f"{found.signal}: {truth} is above {found.upper}"
    if found.is_exact and found.value is not None and not math.isclose(found.value, truth, rel_tol=1e-9):
        return f"{found.signal}: exactly {found.value}, but it is {truth}"
    if found.verdict in ("met", "missed") and found.target is not None:
        met = truth >= found.target if found.floor else truth <= found.target + slack
        if met != (found.verdict == "met"):
            return f"{found.signal}: {found.verdict}, but {truth} against {found.target}"
    return ""


def check(report: ServiceReport, truth: Truth) -> None:
    untrue = [
        text
        for signal in SIGNALS
        if (found := report.reading(signal)) and (text := outside(found, truth.value(signal)))
    ]
    assert not untrue, untrue


def loaded(chance: random.Random, process: Process, *, busy: bool, rate: float = 3.0) -> Process:
    start, end = (FROM, UNTIL) if busy else (START + 20, END - 20)
    process.serve(
        chance, start, end, rate, errors=chance.choice((0.0, 0.01, 0.1)), slow=chance.choice((0.5, 1, 3))
    )
    return process


def cut(chance: random.Random) -> Window:
    """Choose a window; edges need not be scrapes, nor idle."""
    start = START + chance.choice((0.0, chance.uniform(-20, 60)))
    end = END - chance.choice((0.0, chance.uniform(-20, 60)))
    return Window(start=start, end=end)


seeds = st.integers(0, 1_000_000)
KINDS = (
    "plain", "restart", "restart, no start time", "born", "gone", "gap", "relabelled", "metric label", "same address",
    "scaled", "rolled", "pushed", "moved start", "dip", "crash loop", "exporter", "other edges",
)  # fmt: skip


def fleet(kind: str, chance: random.Random, *, busy: bool) -> tuple[Store, list[Process]]:  # noqa: C901, PLR0912, PLR0915
    """Build a fleet that has one kind of fault; what is chosen by chance stays inside the model's assumptions."""
    store, one = Store(), {"job": "web", "instance": "a:1"}
    old = Process(started=FROM - 5000)
    middle = chance.uniform(START + 40, END - 40)
    offset = chance.uniform(0, INTERVAL)
    times = every(FROM, UNTIL, INTERVAL, offset)
    if kind in ("restart", "restart, no start time", "crash loop"):
        old.ended = middle
        lives = [old]
        begin = middle + chance.uniform(0.1, 15)
        for _ in range(3 if kind == "crash loop" else 1):
            life = Process(started=begin)
            lives.append(life)
            begin += chance.uniform(5, 30)
            if kind == "crash loop" and len(lives) < 4:
                life.ended = begin - 1
        for each in lives:
            each.tells_start = kind != "restart, no start time"
            loaded(chance, each, busy=busy)
        store.scrape(lives, times, one, dead="down")
        return store, lives
    if kind == "born":
        late = Process(started=middle)
        for number, each in enumerate((old, late)):
            loaded(chance, each, busy=busy)
            store.scrape([each], times, {"job": "web", "instance": f"{number}:1"})
        return store, [old, late]
    if kind in ("gone", "rolled", "scaled"):
        other = Process(started=middle - (12 if kind == "rolled" else 0))
        old.ended = middle if kind != "scaled" else math.inf
        for number, each in enumerate((old, other) if kind != "gone" else (old,)):
            loaded(chance, each, busy=busy)
            store.scrape([each], times, {"job": "web", "instance": f"{number}:1"})
        return store, [old, other] if kind != "gone" else [old]
    if kind == "same address":
        other = Process(started=FROM - 7000.4)
        restarted = Process(started=middle + 1)
        old.ended = middle
        for label, lives in (("x", [old, restarted]), ("y", [other])):
            for each in lives:
                loaded(chance, each, busy=busy)
            store.scrape(lives, times, {**one, "cluster": label}, dead="down")
        return store, [old, restarted, other]
    loaded(chance, old, busy=busy)
    if kind == "gap":
        length = chance.uniform(15, 60)
        store.scrape([old], times, one, fails=lambda time: middle < time < middle + length)
    elif kind == "relabelled":
        store.scrape([old], times, lambda time: one if time < middle else {**one, "team": "a"})
    elif kind == "metric label":
        old.labels = lambda time: {"version": "1"} if time < middle else {"version": "2"}
        store.scrape([old], times, one)
    elif kind == "pushed":
        store.scrape([old], times, one, up=False)
    elif kind == "moved start":
        old.start_at = lambda time: old.started if time < middle else middle - 1
        store.scrape([old], times, one)
    elif kind == "exporter":
        old.base = 200_000
        old.start_at = lambda time: old.started if time < middle else middle - 1
        store.scrape([old], times, one)
    elif kind == "other edges":
        other = loaded(chance, Process(started=FROM - 5000, edges=("0.1", "0.3", "1", "+Inf")), busy=busy)
        store.scrape([other], times, {**one, "instance": "b:1"})
        store.scrape([old], times, one)
        return store, [old, other]
    elif kind == "dip":
        lower = chance.choice((1, 2))
        old.base = 1000
        old.requests = [each for each in old.requests if abs(each.time - middle) > 2 * INTERVAL]
        old.value_at = lambda time, name, value: (
            value - lower if name == "http_requests_total" and time > middle else value
        )
        store.scrape([old], times, one)
    else:
        store.scrape([old], times, one)
    return store, [old]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20)
@given(seeds, st.booleans())
def test_the_truth_is_inside_the_bounds(kind: str, seed: int, busy: bool) -> None:
    chance = random.Random(seed)
    store, processes = fleet(kind, chance, busy=busy)
    window = cut(chance)
    check(taken(store, window), Truth.of(processes, window))
