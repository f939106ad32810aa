"""The last load is found in the request rate, its ramps and its steady state apart."""

from __future__ import annotations

import math
import random

import pytest

from leadline.base.errors import NoDataError
from leadline.catalog import loader
from leadline.measure import load_detection
from leadline.signals.samples import Answer, Sample, Series
from tests.conftest import MINIMAL


def rates(*parts: tuple[int, float], ramp: int = 0, noise: float = 0.0) -> list[Sample]:
    """Return a rate every 10 s: so many samples at each level, with ramps of so many samples between them."""
    chance = random.Random(1)
    values: list[float] = []
    for count, level in parts:
        if values and ramp:
            before = values[-1]
            values += [before + (level - before) * (step + 1) / (ramp + 1) for step in range(ramp)]
        values += [level] * count
    return [
        Sample(10.0 * index, value * (1 + chance.uniform(-noise, noise)))
        for index, value in enumerate(values)
    ]


def test_a_run_between_quiet_times_is_found_with_its_steady_state() -> None:
    found = load_detection.last(rates((60, 5.0), (40, 500.0), (30, 5.0), ramp=6, noise=0.05), smear=30)
    assert found is not None
    assert found.rate == pytest.approx(500, rel=0.1)
    assert found.has_steady_state
    assert 600 - 40 <= found.start <= 660
    assert 660 - 30 <= found.steady_start <= 680
    assert found.steady_end <= 1060
    assert 1060 <= found.end <= 1130


def test_of_two_runs_the_last_one_counts() -> None:
    found = load_detection.last(rates((20, 1.0), (20, 300.0), (40, 1.0), (20, 250.0), (10, 1.0)), smear=30)
    assert found is not None
    assert found.start >= 770
    assert found.rate == pytest.approx(250)


def test_a_single_dip_does_not_part_a_run() -> None:
    found = load_detection.last(rates((20, 1.0), (10, 300.0), (1, 2.0), (10, 300.0), (10, 1.0)), smear=30)
    assert found is not None
    assert found.end - found.start > 200


def test_even_traffic_is_no_load() -> None:
    assert load_detection.last(rates((100, 50.0), noise=0.2), smear=30) is None
    assert load_detection.last([], smear=30) is None


def test_where_none_is_found_the_highest_rate_is_told() -> None:
    catalog = loader.parse(MINIMAL, "leadline.yaml")
    samples = (*rates((30, 7.0)), Sample(400.0, math.nan))

    def ask(query: str, *, at: float | None = None) -> Answer:
        return Answer(kind="matrix", series=(Series(labels={}, samples=samples),))

    with pytest.raises(NoDataError, match=r"usually 7 req/s and at most 7 req/s"):
        load_detection.find(catalog.services, ask, 500, 3600, 10)


def test_a_service_that_was_scraped_before_its_first_request_was_idle_then() -> None:
    """The series was born with the load, so there is no rate before it; `up` shows that the service was idle."""
    catalog = loader.parse(MINIMAL, "leadline.yaml")
    loaded = tuple(Sample(600.0 + 10 * index, 50.0) for index in range(20))
    up = tuple(Sample(10.0 * index, 1.0) for index in range(90))

    def ask(query: str, *, at: float | None = None) -> Answer:
        found = up if "up{" in query else loaded
        return Answer(kind="matrix", series=(Series(labels={}, samples=found),))

    found = load_detection.find(catalog.services, ask, 900, 900, 10)
    assert 560 <= found.start <= 600
    assert found.usual == 0


def test_a_minute_of_even_load_has_a_steady_state() -> None:
    """Scraped every 5 s, the rate over 15 s rises and falls within three samples."""
    edge = [10.0, 30.0, 50.0]
    values = [0.0] * 20 + edge + [50.0] * 9 + edge[::-1] + [0.0] * 20
    found = load_detection.last([Sample(5.0 * index, value) for index, value in enumerate(values)], smear=15)
    assert found is not None
    assert found.has_steady_state
    assert 100 <= found.steady_start < found.steady_end <= 160
