"""Gauge statistics: the sum of the series, each for as long as its samples are valid."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from leadline.signals.samples import Series

LOOKBACK_SECONDS = 300.0
"""Prometheus's lookback: no sample is valid for longer."""
LATE = 1.5
"""A sample is valid until the next one, if that follows within so many intervals."""
LAST = 0.5
"""Otherwise the series ended within the next interval, and the sample is valid for half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeStatistics:
    """A gauge's statistics over a span. Spikes between scrapes are invisible."""

    mean: float
    peak: float
    last: float
    first: float


@dataclass(frozen=True, slots=True)
class _Valid:
    """A series with the validity of its samples."""

    times: Sequence[float]
    values: Sequence[float]
    interval: float

    def at(self, time: float) -> float | None:
        index = bisect_right(self.times, time) - 1
        if index < 0:
            return None
        age, following = time - self.times[index], self.times[index + 1 : index + 2]
        goes_on = bool(following) and following[0] - self.times[index] <= LATE * self.interval
        is_recent = age <= min(LAST * self.interval, LOOKBACK_SECONDS)
        return self.values[index] if goes_on or is_recent else None


def gauge_statistics(series: Sequence[Series], start: float, end: float) -> GaugeStatistics | None:
    """Return mean, peak, first and last of the sum of gauges, taken at every sample; None without samples in the span."""
    known = [valid for each in series if (valid := _valid(each))]
    times = sorted({time for each in known for time in each.times if start <= time <= end})
    sums = [math.fsum(value for each in known if (value := each.at(time)) is not None) for time in times]
    return (
        GaugeStatistics(mean=math.fsum(sums) / len(sums), peak=max(sums), last=sums[-1], first=sums[0])
        if sums
        else None
    )


def sums_at(series: Sequence[Series], times: Sequence[float]) -> list[float | None]:
    """Return the sum of gauges at each time; None if no sample is valid."""
    known = [valid for each in series if (valid := _valid(each))]
    found = ([value for each in known if (value := each.at(time)) is not None] for time in times)
    return [math.fsum(values) if values else None for values in found]


def _valid(series: Series) -> _Valid | None:
    finite = [sample for sample in series.samples if math.isfinite(sample.value)]
    if not finite:
        return None
    times = [sample.time for sample in finite]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return _Valid(times, [sample.value for sample in finite], median(gaps) if gaps else 0.0)
