"""Native histograms become classic ones whose counts at shared edges are the same."""

from __future__ import annotations

import random
from math import ceil, log2

import pytest

from leadline.catalog.model import Catalog
from leadline.measure.native import as_classic
from leadline.measure.quantiles import distribution, quantile
from leadline.measure.window import Window
from leadline.reports import snapshot
from leadline.signals.samples import Answer, Histogram, Sample, Series


def native(time: float, values: list[float], schema: int = 3) -> Histogram:
    """Count values into exponential buckets whose bounds are powers of 2^(2^-schema), as Prometheus does."""
    growth = 2 ** (2**-schema)
    counts: dict[int, int] = {}
    for value in values:
        index = ceil(log2(value) * 2**schema)
        counts[index] = counts.get(index, 0) + 1
    buckets = tuple(
        (float(growth**index), float(growth ** (index - 1)), float(count))
        for index, count in sorted(counts.items())
    )
    return Histogram(time, len(values), sum(values), buckets)


def classic(*series: tuple[str, list[Histogram]]) -> dict[tuple[str, str], list[float]]:
    found = tuple(
        Series(labels={"__name__": "m", "route": route}, samples=(), histograms=tuple(histograms))
        for route, histograms in series
    )
    answer = as_classic(Answer(kind="matrix", series=found))
    return {
        (each.labels["route"], each.labels.get("le", each.labels["__name__"])): [
            s.value for s in each.samples
        ]
        for each in answer.series
    }


def test_counts_up_to_each_edge_are_those_of_the_values() -> None:
    chance = random.Random(3)
    values = [chance.lognormvariate(-3, 0.5) for _ in range(2000)]
    read = classic(("/a", [native(1, values)]))
    for (_, edge), (count,) in read.items():
        if edge not in ("m_count", "m_sum"):
            assert count == sum(1 for value in values if value <= float(edge))
    counts = {float(edge): found[0] for (_, edge), found in read.items() if not edge.startswith("m_")}
    exact = sorted(values)[int(0.95 * 2000)]
    assert quantile(distribution(counts), 0.95).value == pytest.approx(exact, rel=0.03)


def test_all_series_get_the_same_edges_so_that_they_can_be_added() -> None:
    read = classic(("/a", [native(1, [0.1, 0.2])]), ("/b", [native(1, [3.0])]))
    edges = {route: {edge for found, edge in read if found == route} for route in ("/a", "/b")}
    assert edges["/a"] == edges["/b"]


def test_edges_inside_a_coarser_bucket_are_dropped() -> None:
    fine, coarse = native(1, [0.9] * 4, schema=3), native(2, [0.9] * 9, schema=0)
    read = classic(("/a", [fine, coarse]))
    assert sorted(edge for _, edge in read if not edge.startswith("m_")) == ["+Inf", "0.5", "1.0"]
    assert read["/a", "1.0"] == [4, 9]


def test_a_snapshot_reads_quantiles_and_restarts_of_native_histograms(minimal: Catalog) -> None:
    """The process restarts at 150: counts fall, though at some edges they rise."""
    chance = random.Random(4)
    values = [chance.lognormvariate(-3, 0.3) for _ in range(400)]
    slow = [each * 8 for each in values]
    histograms = tuple(
        native(time, values[: time - 45]) if time < 150 else native(time, slow[: time - 145])
        for time in range(50, 251, 10)
    )
    labels = {"__name__": "http_request_duration_seconds", "job": "web", "instance": "a:1"}

    def ask(query: str, *, at: float | None = None) -> Answer:
        if "http_request_duration_seconds" in query and query.endswith("s]"):
            return Answer(kind="matrix", series=(Series(labels=labels, samples=(), histograms=histograms),))
        if query.startswith("{__name__"):
            up = tuple(Sample(time, 1) for time in range(50, 251, 10))
            return Answer(kind="matrix", series=(Series(labels={**labels, "__name__": "up"}, samples=up),))
        return Answer(kind="vector", series=())

    window = Window(start=100, end=200)
    report = snapshot.take(minimal, minimal.services, window, ask)
    p95 = report.services[0].reading("latency.p95")
    assert p95 is not None
    seen = sorted(values[55:95] + slow[:55])
    assert p95.lower is not None
    assert p95.value is not None
    assert p95.lower <= seen[int(0.95 * len(seen))] <= p95.value * 1.15
    assert p95.assumption
    assert p95.provenance is not None
    assert p95.provenance.resets == 1
