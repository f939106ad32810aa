"""What a gauge stood at: the sum of its series, each as long as its samples are valid."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from leadline.signals.samples import Series

LOOKBACK_SECONDS = 300.0
"""Prometheus's own: no sample stands for longer."""
LATE = 1.5
"""A sample stands until the next, if that comes within so many intervals."""
LAST = 0.5
"""Where it does not, the series ended somewhere in the interval after it: the sample stands for half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeStatistics:
    """What a gauge stood at over a span; spikes between scrapes are not seen."""

    mean: float
    peak: float
    last: float
    first: float


@dataclass(frozen=True, slots=True)
class _Valid:
    """One series, and for how long each of its samples stands."""

    times: Sequence[float]
    values: Sequence[float]
    interval: float

    def at(self, time: float) -> float | None:
        index = bisect_right(self.times, time) - 1
        if index < 0:
            return None
        age, following = time - self.times[index], self.times[index + 1 : index + 2]
        goes_on = bool(following) and following[0] - self.times[index] <= LATE * self.interval
        stands = age <= min(LAST * self.interval, LOOKBACK_SECONDS)
        return self.values[index] if goes_on or stands else None


def gauge_statistics(series: Sequence[Series], start: float, end: float) -> GaugeStatistics | None:
    """Return the mean, the peak, the first and the last of the sum of gauges; None where no sample lies in the span.

    The sum is taken at the time of every sample.
    """
    known = [valid for each in series if (valid := _valid(each))]
    times = sorted({time for each in known for time in each.times if start <= time <= end})
    sums = [math.fsum(value for each in known if (value := each.at(time)) is not None) for time in times]
    return (
        GaugeStatistics(mean=math.fsum(sums) / len(sums), peak=max(sums), last=sums[-1], first=sums[0])
        if sums
        else None
    )


def sums_at(series: Sequence[Series], times: Sequence[float]) -> list[float | None]:
    """Return the sum of gauges at each moment; None where no sample stands then."""
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
