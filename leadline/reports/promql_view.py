"""What dashboards show for the same window: `increase()`, `rate()` and `histogram_quantile()`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from leadline.base.units import promql_duration, show
from leadline.measure.fetch import Batch, batches, side_by_side
from leadline.measure.measured import Measured, NotMeasured
from leadline.measure.measurements import Measurements
from leadline.measure.processes import PROCESS
from leadline.measure.reading import Reading
from leadline.measure.window import Window
from leadline.signals import latency
from leadline.signals.instruments import Instrument, error_rate, increase, rate
from leadline.signals.samples import Ask

Write = Callable[[Instrument, str, tuple[str, ...]], str]
"""Writes an instrument's expression over a window, by labels to keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromQLView:
    """A signal's PromQL: its instrument, whether it covers only the load's span, and its expression."""

    signal: str
    instrument: str
    over_load: bool
    write: Write


def _error_ratio(found: Instrument, window: str, keep: tuple[str, ...]) -> str:
    return f"({error_rate(found, window, keep=keep)}) / {rate(found, window, keep=keep)}"


def _quantile(rank: Decimal) -> Write:
    return lambda found, window, keep: latency.raw_quantile(found, rank, window, keep=keep)


VIEWS = (
    PromQLView(
        signal="requests",
        instrument="requests",
        over_load=False,
        write=lambda found, window, keep: increase(found, window, keep=keep),
    ),
    PromQLView(
        signal="throughput",
        instrument="requests",
        over_load=True,
        write=lambda found, window, keep: rate(found, window, keep=keep),
    ),
    PromQLView(signal="error_ratio", instrument="requests", over_load=False, write=_error_ratio),
    *(
        PromQLView(signal=latency.signal(rank), instrument="latency", over_load=False, write=_quantile(rank))
        for rank in latency.QUANTILES
    ),
    *(
        PromQLView(
            signal=name,
            instrument=name,
            over_load=False,
            write=lambda found, window, keep: increase(found, window, keep=keep),
        )
        for name in ("tokens", "cost")
    ),
)


def fetch(every: Sequence[Measurements], ask: Ask) -> dict[tuple[str, str], float]:
    """Query what a dashboard would show, for all services at once: (service, signal) → value."""
    if not every:
        return {}
    window = every[0].window
    queries = [(view, batch) for view in VIEWS for batch in batches(_instruments(every, view))]

    def one(each: tuple[PromQLView, Batch]) -> Mapping[Instrument, float]:
        return dict(_values(*each, window, ask))

    answers: dict[str, dict[Instrument, float]] = {}
    for (view, _), values in zip(queries, side_by_side(one, queries), strict=True):
        answers.setdefault(view.signal, {}).update(values)
    return {
        (measurements.service.name, view.signal): answers[view.signal][instrument]
        for measurements in every
        for view in VIEWS
        for instrument in _instruments([measurements], view)
        if instrument in answers.get(view.signal, {})
    }


def with_views(
    readings: Iterable[Reading], measurements: Measurements, shown: Mapping[tuple[str, str], float]
) -> tuple[Reading, ...]:
    """Add to each figure what a dashboard would show, and why it differs unless extrapolation explains it."""
    return tuple(_with_view(reading, measurements, shown) for reading in readings)


def _with_view(
    reading: Reading, measurements: Measurements, shown: Mapping[tuple[str, str], float]
) -> Reading:
    value = shown.get((measurements.service.name, reading.signal))
    if value is None or not reading.provenance:
        return reading
    with_value = replace(reading, shown=value)
    if reading.signal not in COUNTED or _is_explained(with_value, value, measurements):
        return with_value
    found = measurements.find(reading.signal)
    if isinstance(found, NotMeasured):
        return with_value
    note = f"increase() returns {show(value, reading.unit)}: {_why(with_value, value, found, measurements)}"
    return replace(with_value, note=f"{with_value.note}; {note}" if with_value.note else note)


COUNTED = ("requests", "tokens", "cost")
"""Instruments, and signals of the same name, that `increase()` would compute."""
EXTRAPOLATED_INTERVALS = 2.2
"""`increase()` extrapolates by up to 1.1 scrape intervals at each end of its samples."""


def _is_explained(reading: Reading, value: float, measurements: Measurements) -> bool:
    """Return whether extrapolation alone explains the difference of `increase()`."""
    lower, upper = reading.lower or 0.0, reading.upper or 0.0
    seconds = max(measurements.window.seconds, measurements.resolution_seconds)
    share = EXTRAPOLATED_INTERVALS * measurements.resolution_seconds / seconds
    estimate = reading.value or 0.0
    return min(lower, estimate) * (1 - share) <= value <= max(estimate, lower) * (1 + share) or (
        lower == upper == value
    )


def _why(reading: Reading, value: float, found: Measured, measurements: Measurements) -> str:
    """Return why `increase()` differs from the value."""
    if found.incomplete:
        return "the answers were incomplete, so neither is complete"
    if any(PROCESS in dict(target) for target in found.scrapes):
        return "it treats the processes at one address as one; the value counts each separately"
    if value < (reading.value or 0.0):
        born = sum(track.counter.born for track in found.tracks)
        if born > 0:
            return (
                f"it omits the first value of new series ({show(born, reading.unit)}); the value includes it"
            )
        return "it needs two samples of a series inside the window; the value also uses the scrapes around it"
    reasons = {
        "it double-counts a process that is scraped twice; the value counts it once": found.twins,
        "it counts every replica; the value counts the most complete one": measurements.duplicates.replicas,
        "it extrapolates the series of a relabelled target as if they were new": measurements.attribution.renamed,
        "it treats a decrease as a restart and adds the whole value; the value treats it as a dip": found.assumes,
        "it extrapolates across restarts; the value is what was counted": found.resets,
    }
    return next(
        (reason for reason, holds in reasons.items() if holds),
        "it extrapolates from few samples; the value is counted from raw samples",
    )


def _instruments(every: Sequence[Measurements], view: PromQLView) -> Iterator[Instrument]:
    """Yield the measured instruments that have the view."""
    for measurements in every:
        found = measurements.find(view.instrument)
        if not isinstance(found, NotMeasured) and (
            view.signal != "error_ratio" or found.instrument.has("status")
        ):
            yield found.instrument


def _values(view: PromQLView, batch: Batch, window: Window, ask: Ask) -> Iterator[tuple[Instrument, float]]:
    seconds = window.rate_seconds if view.over_load else window.seconds
    at = window.rate_end if view.over_load else window.end
    keep = (batch.label,) if batch.label else ()
    answer = ask(view.write(batch.merged, promql_duration(round(seconds, 3)), keep), at=at)
    by_value = {
        series.labels.get(batch.label, ""): sample.value
        for series in answer.series
        for sample in series.samples
    }
    for member in batch.members:
        value = by_value.get(batch.value(member), math.nan)
        if math.isfinite(value):
            yield member, value
