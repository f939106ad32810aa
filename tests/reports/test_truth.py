"""The truth lies inside the bounds: a generated fleet with faults, its every request logged, against its snapshot."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.faults.fleet import STALE, Process, Store, every
from evidence.faults.truth import SIGNALS, Truth, untrue
from leadline.catalog import loader
from leadline.measure import attribution, counters, processes
from leadline.measure.bounds import Count
from leadline.measure.measured import Measured
from leadline.measure.window import Window
from leadline.reports import snapshot
from leadline.reports.model import ServiceReport
from leadline.signals.samples import Sample
from tests.measure.history import History

CATALOG = loader.parse(
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


def history_of(store: Store, now: float) -> History:
    """Return a Prometheus that answers from what was stored."""
    past = History(now=now)
    for key, samples in store.series.items():
        points = [
            (time, float(value))
            for time, value in samples
            if value is not STALE and isinstance(value, float | int)
        ]
        past.series.append((dict(key), points))
    return past


def taken(store: Store, window: Window) -> ServiceReport:
    past = history_of(store, UNTIL)
    return snapshot.take(CATALOG, CATALOG.services, window, past.ask).services[0]


def check(report: ServiceReport, truth: Truth) -> None:
    wrong = [
        text
        for signal in SIGNALS
        if (found := report.reading(signal)) and (text := untrue(found, truth.value(signal)))
    ]
    assert not wrong, wrong


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
            value - lower if name == "http_requests_total" and time > middle and value > 100 else value
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
    check(taken(store, window), Truth.of(processes, window.start, window.end))


Patch = Callable[[pytest.MonkeyPatch], None]


def _swapped(patch: pytest.MonkeyPatch) -> None:
    count = counters.Counter.count

    def swapped(self: counters.Counter, *span: float) -> Count:
        found = count(self, *span)
        return replace(found, lower=found.upper, upper=found.lower)

    patch.setattr(counters.Counter, "count", swapped)


def _nothing_missing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Measured, "missing", lambda *_: 0.0)


def _no_restarts(patch: pytest.MonkeyPatch) -> None:
    def step(before: Sample, now: Sample, *_: object, **__: object) -> counters.Step:
        difference = max(0.0, now.value - before.value)
        return counters.Step(difference, difference, difference)

    patch.setattr(counters, "_step", step)


def _by_job_and_instance(patch: pytest.MonkeyPatch) -> None:
    """Tell targets apart by job and instance only; one `up` and one start time of these win, as before."""

    def key(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
        return frozenset((name, labels[name]) for name in ("job", "instance") if name in labels)

    patch.setattr(attribution, "key_of", key)
    patch.setattr(attribution, "_one", lambda starts: starts[:1])


def _always_born_at_zero(patch: pytest.MonkeyPatch) -> None:
    def born(first: Sample, _: counters.Around) -> tuple[float, counters.Step]:
        return first.time - INTERVAL, counters.Step(first.value, first.value, first.value)

    patch.setattr(counters, "born", born)


def _never_ends(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(counters, "_end", lambda *_: [])
    patch.setattr(processes, "gaps", lambda *_, **__: ())


def _only_inside(patch: pytest.MonkeyPatch) -> None:
    """Take what the scrapes inside the window counted for the whole of it, as before."""
    count = counters.Counter.count

    def inside(self: counters.Counter, *span: float) -> Count:
        found = count(self, *span)
        return replace(found, value=found.lower, upper=found.lower)

    patch.setattr(counters.Counter, "count", inside)


MUTANTS: tuple[Patch, ...] = (
    _swapped, _nothing_missing, _no_restarts, _by_job_and_instance, _always_born_at_zero, _never_ends, _only_inside,
)  # fmt: skip


@pytest.mark.parametrize("mutate", MUTANTS, ids=lambda mutate: mutate.__name__.strip("_"))
def test_a_model_that_is_wrong_is_found_out(mutate: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate(monkeypatch)
    found = []
    for seed in range(5):
        for kind in KINDS:
            chance = random.Random(seed)
            store, processes = fleet(kind, chance, busy=seed % 2 == 1)
            window = cut(chance)
            try:
                check(taken(store, window), Truth.of(processes, window.start, window.end))
            except AssertionError:
                found.append(kind)
    assert found
