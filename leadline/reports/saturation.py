"""Saturation: CPU, memory, pools, queues, and the cache's hit ratio."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from leadline.measure.bounds import NOTHING, share
from leadline.measure.measured import Measured, NotMeasured
from leadline.measure.measurements import Measurements
from leadline.measure.reading import Reading

LEVELS = ("memory", "pool", "in_flight", "queue", "replicas")
HIT, MISS = "hit", "miss"


def readings(measurements: Measurements) -> Iterator[Reading]:
    """Yield the figures of the resources in the service's profile or catalog."""
    named = measurements.service.instruments
    if "cpu" in named:
        yield _cpu(measurements.find("cpu"))
    if "throttled" in named:
        yield _throttled(measurements.find("throttled"), measurements.find("periods"))
    for name in LEVELS:
        if name in named:
            yield _level(name, named[name].unit, measurements.find(name))
    if "cache" in named:
        yield _cache(measurements.find("cache"))
    if "rejected" in named:
        rejected = measurements.find("rejected")
        none = Reading(signal="rejected", unit="requests")
        if isinstance(rejected, NotMeasured):
            yield replace(none, reason=rejected.reason)
        else:
            yield rejected.reading("rejected", "requests", rejected.count())


def _cpu(found: Measured | NotMeasured) -> Reading:
    """Return the mean number of cores in use while the load ran."""
    if isinstance(found, NotMeasured):
        return Reading(signal="cpu", unit="cores", reason=found.reason)
    level = found.level()
    if level:  # a gauge of cores in use, without a counter of seconds
        return Reading(
            signal="cpu", unit="cores", value=level.mean, note="mean of a gauge", provenance=found.provenance
        )
    reading = found.reading("cpu", "cores", found.over_load(), per=found.window.rate_seconds)
    return replace(reading, note="mean of cores in use")


def _throttled(throttled: Measured | NotMeasured, periods: Measured | NotMeasured) -> Reading:
    none = Reading(signal="throttled_ratio", unit="ratio")
    for found in (throttled, periods):
        if isinstance(found, NotMeasured):
            return replace(none, reason=found.reason)
    if isinstance(throttled, NotMeasured) or isinstance(periods, NotMeasured):
        return none
    limited, every = throttled.count(), periods.count()
    if not every.value:
        return replace(none, reason="no CFS period in the window")
    rest = replace(
        every,
        value=max(0.0, every.value - limited.value),
        lower=max(0.0, every.lower - limited.upper),
        upper=max(0.0, every.upper - limited.lower),
    )
    return throttled.bounded("throttled_ratio", "ratio", share(limited, rest, every.missing))


def _level(name: str, unit: str, found: Measured | NotMeasured) -> Reading:
    if isinstance(found, NotMeasured):
        return Reading(signal=name, unit=unit, reason=found.reason)
    level = found.level()
    if level is None:
        return Reading(signal=name, unit=unit, reason="no sample while the load ran")
    return Reading(
        signal=name,
        unit=unit,
        value=level.peak,
        lower=level.peak,
        note="highest at a scrape; spikes between scrapes are invisible",
        provenance=found.provenance,
    )


def _cache(found: Measured | NotMeasured) -> Reading:
    none = Reading(signal="cache_hit_ratio", unit="ratio")
    if isinstance(found, NotMeasured):
        return replace(none, reason=found.reason)
    label = found.instrument.label("result")
    if label is None:
        return replace(
            none, reason=f"{found.instrument.metric} has no label that distinguishes hits from misses"
        )
    counted = found.by(label.read)
    hits, misses = counted.get(HIT, NOTHING), counted.get(MISS, NOTHING)
    lookups = hits.value + misses.value
    if not lookups:
        return replace(none, reason="no lookup in the window")
    missing = found.missing(found.window.start, found.window.end)
    reading = found.bounded("cache_hit_ratio", "ratio", share(hits, misses, missing))
    return replace(reading, note=f"{hits.value:.0f} of {lookups:.0f} lookups", events=lookups)
