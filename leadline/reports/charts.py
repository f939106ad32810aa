"""Curves of a window: throughput, latency, errors and cost over time, and the latency distribution."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

from leadline.base.units import SECONDS_PER_HOUR, show
from leadline.catalog.model import Service
from leadline.measure.measured import Labels, Measured, NotMeasured
from leadline.measure.measurements import Measurements
from leadline.measure.quantiles import Distribution, distribution, quantile

from .latency import distribution_of
from .model import Chart
from .words import in_words

MOST_STEPS = 120
Points = tuple[tuple[float, float], ...]


def charts(measurements: Measurements) -> Iterator[Chart]:
    """Yield the curves that the service's instruments allow, with steps of at least one scrape interval."""
    grid = _grid(measurements)
    if len(grid) < 2:
        return
    step = f"steps of {show(grid[1] - grid[0], 'seconds')}"
    requests, latency, cost = (measurements.find(name) for name in ("requests", "latency", "cost"))
    if not isinstance(requests, NotMeasured):
        yield _throughput(requests, grid, measurements.service, step)
        yield from _errors(requests, grid, measurements.service, step)
    if not isinstance(latency, NotMeasured):
        yield from _latency(latency, grid, measurements.service, step)
    if not isinstance(cost, NotMeasured):
        curve = tuple((time, rate * SECONDS_PER_HOUR) for time, rate in _rates(cost, grid))
        yield Chart(
            name="cost", title="Cost", x="time", unit="usd_per_hour", curves={"spend": curve}, note=step
        )


def _grid(measurements: Measurements) -> list[float]:
    """Return the times to draw curves at: those of the instrument with the longest data."""
    step = max(measurements.resolution_seconds, measurements.window.seconds / MOST_STEPS)
    grids = [each.grid(step) for each in measurements.measured.values() if each.tracks]
    return max(grids, key=len, default=[])


def _rates(
    measured: Measured, grid: list[float], keep: Callable[[Labels], bool] = lambda _: True
) -> Iterator[tuple[float, float]]:
    """Yield the rate per second of each step, at its end."""
    counts = measured.counts(grid, keep)
    for (early, late), (before, after) in zip(pairwise(grid), pairwise(counts), strict=True):
        yield late, (after - before) / (late - early)


def _targets(service: Service, *signals: str) -> dict[str, float]:
    return {
        f"target {in_words(target.signal)}": float(target.value)
        for target in service.targets
        if target.signal.startswith(signals)
    }


def _throughput(requests: Measured, grid: list[float], service: Service, step: str) -> Chart:
    return Chart(
        name="throughput",
        title="Throughput",
        x="time",
        unit="requests_per_second",
        curves={"requests": tuple(_rates(requests, grid))},
        targets=_targets(service, "throughput") if requests.window.is_load else {},
        note=step,
    )


def _errors(requests: Measured, grid: list[float], service: Service, step: str) -> Iterator[Chart]:
    if not requests.instrument.has("status"):
        return
    every = dict(_rates(requests, grid))
    ratios = tuple(
        (time, rate / every[time])
        for time, rate in _rates(requests, grid, requests.instrument.is_failure)
        if every[time] > 0
    )
    yield Chart(
        name="errors",
        title="Error ratio",
        x="time",
        unit="ratio",
        curves={"errors": ratios},
        targets=_targets(service, "error_ratio"),
        note=f"{step}; empty where there was no traffic",
    )


def _latency(latency: Measured, grid: list[float], service: Service, step: str) -> Iterator[Chart]:
    whole = distribution_of(latency)
    if isinstance(whole, NotMeasured):
        return
    buckets = latency.part("_bucket")
    counts: dict[float, list[float]] = {}
    below = [0.0] * len(grid)
    for edge in whole.edges:
        own = buckets.counts(grid, lambda labels, edge=edge: float(labels.get("le", "nan")) == edge)  # type: ignore[misc]
        below = counts[edge] = [sum(each) for each in zip(below, own, strict=True)]
    curves: dict[str, list[tuple[float, float]]] = {"p50": [], "p95": [], "p99": []}
    for index in range(1, len(grid)):
        measured = distribution({edge: found[index] - found[index - 1] for edge, found in counts.items()})
        for name, points in curves.items():
            rank = float("0." + name[1:])
            has_enough = measured.total * (1 - rank) >= 1
            estimate = quantile(measured, rank).value if has_enough else None
            if estimate is not None:
                points.append((grid[index], estimate))
    yield Chart(
        name="latency",
        title="Latency (bucket estimates)",
        x="time",
        unit="seconds",
        curves={name: tuple(points) for name, points in curves.items()},
        targets=_targets(service, "latency."),
        note=f"{step}; empty where a step has too few requests for the quantile",
    )
    yield _distribution(whole, service)


def _distribution(whole: Distribution, service: Service) -> Chart:
    """Return the share of requests up to each bucket edge. It is counted, so exact, but only at the edges."""
    points = [(edge, count / whole.total) for edge, count in zip(whole.edges, whole.counts, strict=True)]
    finite: Points = tuple(point for point in points if math.isfinite(point[0]))
    above = whole.within(len(whole.edges) - 1)
    beyond = f"; {above:.0f} requests lie above the last edge" if above else ""
    return Chart(
        name="distribution",
        title="Share of requests answered within",
        x="seconds",
        unit="ratio",
        curves={"share within the bucket's edge": finite},
        targets=_targets(service, "latency."),
        note=f"points are the bucket edges, where the share is counted{beyond}",
    )
