"""Throughput: the number of requests, their mean rate and peak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from leadline.base.units import show
from leadline.measure.measured import Measured, NotMeasured
from leadline.measure.measurements import Measurements
from leadline.measure.reading import Reading

from .verdicts import judged, target_for

SIGNALS = {
    "requests": "requests",
    "throughput": "requests_per_second",
    "throughput.peak": "requests_per_second",
}
"""The signals of this topic and their units."""
VOLUMES = ("received", "sent")
DEMAND = "demand, not capacity: a throughput target is judged only for a load run"


def readings(measurements: Measurements) -> Iterator[Reading]:
    """Yield the number of requests, the mean rate and the peak."""
    found = measurements.find("requests")
    target = target_for(measurements.service, "throughput")
    if isinstance(found, NotMeasured):
        for signal, unit in SIGNALS.items():
            reading = Reading(signal=signal, unit=unit, reason=found.reason)
            judge = target and signal == "throughput" and measurements.window.is_load
            yield judged(reading, target) if target and judge else reading
        return
    yield found.reading("requests", "requests", found.count())
    mean = _mean(found)
    if target and measurements.window.is_load:
        yield judged(mean, target)
    elif target:
        yield replace(mean, note=f"target {show(float(target.value), target.unit)}; {DEMAND}")
    else:
        yield mean
    yield _peak(found, measurements.resolution_seconds)
    yield from _volumes(measurements)


def _volumes(measurements: Measurements) -> Iterator[Reading]:
    """Yield the bytes received and sent, if the profile or the catalog has their counters."""
    for name in VOLUMES:
        if name not in measurements.service.instruments:
            continue
        found = measurements.find(name)
        if isinstance(found, NotMeasured):
            yield Reading(signal=f"data.{name}", unit="bytes", reason=found.reason)
        else:
            yield found.reading(f"data.{name}", "bytes", found.count())


def _mean(found: Measured) -> Reading:
    window = found.window
    over = "over the load's own span" if window.is_load else ""
    reading = found.reading("throughput", SIGNALS["throughput"], found.over_load(), per=window.rate_seconds)
    return replace(reading, note=over)


def _peak(found: Measured, resolution_seconds: float) -> Reading:
    value = found.peak(resolution_seconds)
    return Reading(
        signal="throughput.peak",
        unit=SIGNALS["throughput.peak"],
        value=value,
        reason="" if value is not None else "the window is shorter than one scrape interval",
        note=f"highest mean over {show(resolution_seconds, 'seconds')}, one scrape interval",
        provenance=found.provenance,
    )
