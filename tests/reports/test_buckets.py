"""Buckets by two instants give the same report as all their raw samples, in far fewer samples."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import snapshot
from reports.buckets import Spell, moments
from reports.model import ServiceReport
from reports.window import Window
from signals import reading
from signals.samples import Answer
from tests.conftest import MINIMAL
from tests.reports.history import History, Points

WINDOW = Window(start=100, end=200)
EDGES = ("0.1", "0.25", "0.5", "1", "+Inf")
CATALOG = reading.parse(MINIMAL, "leadline.yaml")


class Told:
    """A history that notes what it is asked."""

    def __init__(self, past: History) -> None:
        self.past, self.samples, self.queries = past, 0, list[str]()

    def ask(self, query: str, *, at: float | None = None) -> Answer:
        answer = self.past.ask(query, at=at)
        self.queries.append(query)
        if "_bucket" in query and "rate" not in query:
            self.samples += sum(len(series.samples) for series in answer.series)
        return answer


def service(past: History, instance: str, offset: float, points: Points, chance: random.Random) -> None:
    """Add a target whose histogram counted `points`, spread over the buckets by chance."""
    past.scraped([time + offset for time in range(40, 260, 10)], instance=instance)
    shares = sorted(chance.random() for _ in EDGES[:-1])
    at = [(time + offset, value) for time, value in points]
    for edge, share in zip(EDGES, (*shares, 1.0), strict=True):
        past.add(
            "http_request_duration_seconds_bucket",
            [(time, int(share * value)) for time, value in at],
            le=edge,
            instance=instance,
        )
    past.add("http_request_duration_seconds_count", at, instance=instance)
    past.add("http_request_duration_seconds_sum", [(t, 0.1 * v) for t, v in at], instance=instance)
    past.add("http_requests_total", at, instance=instance, code="200")


def both(past: History) -> tuple[ServiceReport, ServiceReport, Told]:
    told = Told(past)
    cheap = snapshot.take(CATALOG, CATALOG.services, WINDOW, told.ask).services[0]
    whole = snapshot.take(CATALOG, CATALOG.services, WINDOW, past.ask, whole=True).services[0]
    return cheap, whole, told


def without_provenance(report: ServiceReport) -> ServiceReport:
    return replace(report, readings=tuple(replace(each, provenance=None) for each in report.readings))


def steps(chance: random.Random, start: int = 40) -> Points:
    value, points = chance.randrange(1000), []
    for time in range(start, 260, 10):
        points.append((float(time), float(value)))
        value += chance.randrange(100)
    return points


@given(st.integers(0, 10_000), st.sampled_from(["steady", "born", "restart", "gone", "absent"]))
def test_two_instants_say_what_all_samples_say(seed: int, kind: str) -> None:
    chance, past = random.Random(seed), History()
    points = steps(chance, 150 if kind == "born" else 40)
    if kind == "restart":
        points = [(t, v if t < 150 else float(t - 150)) for t, v in points]
    if kind == "gone":
        points = [(t, v) for t, v in points if t < 160]
    if kind == "absent":
        points = [(t, v) for t, v in points if not 90 <= t <= 120]
    service(past, "a:1", 0, points, chance)
    service(past, "b:1", chance.random() * 9.9, steps(chance), chance)
    cheap, whole, _ = both(past)
    assert without_provenance(cheap) == without_provenance(whole)


def test_a_steady_histogram_costs_two_samples_a_bucket() -> None:
    chance, past = random.Random(1), History()
    for number in range(3):
        service(past, f"{number}:1", number, steps(chance), chance)
    cheap, _, told = both(past)
    assert told.samples == 2 * len(EDGES) * 3
    p95 = cheap.reading("latency.p95")
    assert p95 is not None
    assert p95.provenance is not None
    assert p95.provenance.query.endswith(" @ 102, 200")


def test_after_a_restart_all_samples_are_asked_for() -> None:
    chance, past = random.Random(2), History()
    service(past, "a:1", 0, [(t, float(t % 150)) for t in range(40, 260, 10)], chance)
    _, _, told = both(past)
    assert told.samples > 2 * len(EDGES) * 2


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 30)), max_size=20))
def test_every_spell_holds_one_of_the_moments(found: list[tuple[float, float]]) -> None:
    spells = [Spell(time, time + length) for time, length in found]
    chosen = moments(spells)
    assert all(any(each.time <= moment < each.until for moment in chosen) for each in spells)
    assert bool(chosen) == bool(spells)


@pytest.mark.parametrize(
    ("spells", "count"),
    [([(0, 10), (3, 13), (9, 19)], 1), ([(0, 10), (10, 20)], 2), ([(0, 1), (0.5, 15)], 1)],
)
def test_as_few_moments_as_can_be_are_chosen(spells: list[tuple[float, float]], count: int) -> None:
    assert len(moments(Spell(*each) for each in spells)) == count
