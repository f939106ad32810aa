"""Headroom: how many times this load the same hardware could take, claimed only with evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from leadline.measure.measured import NotMeasured
from leadline.measure.measurements import Measurements
from leadline.measure.reading import Reading
from leadline.signals.saturation import PLANNED

from .model import MISSED, Headroom, Resource

CPU_SHARE, MEMORY_SHARE = float(PLANNED["cpu"]), float(PLANNED["memory"])
LEAST_STEPS, LEAST_FIT, MOST_THROTTLED = 6, 0.8, 0.05
RESOURCES = ("cpu", "memory", "pool", "in_flight", "queue", "rate_limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A straight line through points: y = intercept + slope · x, and the share of variance it explains (R²)."""

    slope: float
    intercept: float
    r_squared: float


def assess(measurements: Measurements, readings: Sequence[Reading]) -> Headroom:
    """Return the smallest headroom of all resources, or why nothing can be claimed.

    A resource's factor is capacity ÷ use (for CPU, `CPU_SHARE` of the limit minus the idle use; linear in the request
    rate). The resource with the smallest factor is binding.
    """
    found = {reading.signal: reading for reading in readings}
    resources = tuple(_resources(measurements, found))
    named = {resource.name for resource in resources}
    unmeasured = tuple(name for name in RESOURCES if name not in named)
    factors = {each.name: each.factor for each in resources if each.factor is not None}
    withheld = _withheld(found, readings, factors)
    if withheld:
        return Headroom(resources=resources, withheld=withheld, unmeasured=unmeasured)
    binding = min(factors, key=lambda name: factors[name])
    return Headroom(resources=resources, factor=factors[binding], binding=binding, unmeasured=unmeasured)


def _withheld(found: Mapping[str, Reading], readings: Sequence[Reading], factors: Mapping[str, float]) -> str:
    """Return why no claim can be made; empty if one can."""
    missed = [reading.signal for reading in readings if reading.verdict == MISSED]
    throughput, throttled = found.get("throughput"), found.get("throttled_ratio")
    if throughput is None or not throughput.value:
        return "no traffic was measured"
    if missed:
        return f"{', '.join(missed)} missed already under this load"
    if throttled and throttled.value is not None and throttled.value > MOST_THROTTLED:
        return f"the CPU was throttled in {100 * throttled.value:.0f} % of its periods"
    if not factors:
        return "no resource was measured together with its limit"
    return ""


def _resources(measurements: Measurements, found: Mapping[str, Reading]) -> Iterator[Resource]:
    throughput = found.get("throughput")
    rate = throughput.value if throughput and throughput.value else 0.0
    yield from _cpu(measurements, found, rate)
    yield from _memory(measurements, found, rate)
    yield from _level(measurements, found, "pool", 1.0, "highest at a scrape")
    yield from _in_flight(measurements, found)
    yield from _queue(measurements)
    limit = _limit(measurements, "rate_limit")
    if limit is not None and rate:
        yield Resource(
            name="rate_limit", unit="requests_per_second", used=rate, limit=limit, factor=limit / rate
        )


def _limit(measurements: Measurements, name: str) -> float | None:
    """Return a limit: the newest sum over instances, or the catalog's constant."""
    measured = measurements.find(name)
    level = None if isinstance(measured, NotMeasured) else measured.level()
    return level.last if level and level.last > 0 else None


def _cpu(measurements: Measurements, found: Mapping[str, Reading], rate: float) -> Iterator[Resource]:
    reading, limit = found.get("cpu"), _limit(measurements, "cpu_limit")
    if reading is None or reading.value is None:
        return
    factor, note = None, "no limit is known; set it under instruments.cpu_limit"
    if limit is not None:
        factor, note = _cpu_factor(measurements, limit, rate)
    yield Resource(name="cpu", unit="cores", used=reading.value, limit=limit, factor=factor, note=note)


def _cpu_factor(measurements: Measurements, limit: float, rate: float) -> tuple[float | None, str]:
    requests, cpu = measurements.find("requests"), measurements.find("cpu")
    if isinstance(requests, NotMeasured) or isinstance(cpu, NotMeasured) or not rate:
        return None, "no traffic to compare it with"
    grid = requests.grid(measurements.resolution_seconds)
    xs, ys = requests.steps(grid), cpu.steps(grid)
    if len(xs) < LEAST_STEPS:
        return None, _too_few(len(xs))
    fit = line(xs, ys)
    if fit is None or fit.r_squared < LEAST_FIT or fit.slope <= 0:
        quality = 0.0 if fit is None else fit.r_squared
        return None, f"it does not follow the request rate well enough (R² {quality:.2f}, {LEAST_FIT} needed)"
    capacity = (CPU_SHARE * limit - max(fit.intercept, 0.0)) / fit.slope
    per_request = f"{fit.slope * 1000:.2f} ms of CPU a request"
    return (
        capacity / rate,
        f"{per_request} (R² {fit.r_squared:.2f}), planned to {CPU_SHARE * 100:.0f} % of the limit",
    )


def _too_few(steps: int) -> str:
    return f"{steps} steps are too few to see how it grows with the load; {LEAST_STEPS} are needed"


def _memory(measurements: Measurements, found: Mapping[str, Reading], rate: float) -> Iterator[Resource]:
    """Extrapolate memory only if it grew with the load: a heap fills up to its limit whatever the load."""
    reading, limit = found.get("memory"), _limit(measurements, "memory_limit")
    if reading is None or reading.value is None:
        return
    factor, note = None, "no limit is known; set it under instruments.memory_limit"
    if limit is not None:
        factor, note = _memory_factor(measurements, limit, rate)
        note = f"{100 * reading.value / limit:.0f} % of the limit at most; {note}"
    yield Resource(
        name="memory", unit=reading.unit, used=reading.value, limit=limit, factor=factor, note=note
    )


def _memory_factor(measurements: Measurements, limit: float, rate: float) -> tuple[float | None, str]:
    requests, memory = measurements.find("requests"), measurements.find("memory")
    if isinstance(requests, NotMeasured) or isinstance(memory, NotMeasured) or not rate:
        return None, "no traffic to compare it with"
    grid = requests.grid(measurements.resolution_seconds)
    levels = memory.levels(grid[1:])
    points = [(x, y) for x, y in zip(requests.steps(grid), levels, strict=True) if y is not None]
    if len(points) < LEAST_STEPS:
        return None, _too_few(len(points))
    fit = line([x for x, _ in points], [y for _, y in points])
    if fit is None or fit.r_squared < LEAST_FIT or fit.slope <= 0:
        return None, "it does not follow the request rate, so nothing is extrapolated from it"
    capacity = (MEMORY_SHARE * limit - fit.intercept) / fit.slope
    return max(
        capacity, 0.0
    ) / rate, f"planned to {MEMORY_SHARE * 100:.0f} % of the limit (R² {fit.r_squared:.2f})"


def line(xs: Sequence[float], ys: Sequence[float]) -> Fit | None:
    """Fit a line by least squares; None if x does not vary."""
    n = len(xs)
    mean_x, mean_y = sum(xs) / n, sum(ys) / n
    spread = sum((x - mean_x) ** 2 for x in xs)
    if not spread:
        return None
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    intercept = mean_y - slope * mean_x
    whole = sum((y - mean_y) ** 2 for y in ys)
    rest = sum((y - intercept - slope * x) ** 2 for x, y in zip(xs, ys, strict=True))
    return Fit(slope=slope, intercept=intercept, r_squared=1 - rest / whole if whole else 0.0)


def _level(
    measurements: Measurements, found: Mapping[str, Reading], name: str, share: float, note: str
) -> Iterator[Resource]:
    reading, limit = found.get(name), _limit(measurements, f"{name}_limit")
    if reading is None or reading.value is None:
        return
    if limit is None:
        unknown = f"no limit is known; set it under instruments.{name}_limit"
        yield Resource(name=name, unit=reading.unit, used=reading.value, note=unknown)
        return
    factor = share * limit / reading.value if reading.value else None
    yield Resource(
        name=name,
        unit=reading.unit,
        used=reading.value,
        limit=limit,
        factor=factor,
        note=note if factor is not None else "unused under this load",
    )


def _in_flight(measurements: Measurements, found: Mapping[str, Reading]) -> Iterator[Resource]:
    """Compare requests in progress with their limit, by the larger of the gauge and Little's law."""
    limit = _limit(measurements, "in_flight_limit")
    known = [
        reading.value
        for name in ("in_flight", "concurrency")
        if (reading := found.get(name)) and reading.value
    ]
    if limit is None or not known:
        return
    used = max(known)
    yield Resource(name="in_flight", unit="concurrent", used=used, limit=limit, factor=limit / used)


def _queue(measurements: Measurements) -> Iterator[Resource]:
    """Report a queue as full if it grew under the load; otherwise it sets no bound."""
    measured = measurements.find("queue")
    level = None if isinstance(measured, NotMeasured) else measured.level()
    if isinstance(measured, NotMeasured) or level is None:
        return
    first = level.first
    grew = level.last > max(2 * first, first + 10)
    yield Resource(
        name="queue",
        unit="tasks",
        used=level.peak,
        factor=1.0 if grew else None,
        note=f"grew from {first:.0f} to {level.last:.0f}: more came in than was processed"
        if grew
        else "did not grow",
    )
