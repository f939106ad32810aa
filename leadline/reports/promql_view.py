"""What the PromQL that everyone writes says of the same window: `increase` and `histogram_quantile`."""

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
"""Writes an expression of an instrument over a window, by labels to keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """One signal as everyone asks for it: of which instrument, whether over the load's span, and how."""

    signal: str
    instrument: str
    over_load: bool
    write: Write


def _error_ratio(found: Instrument, window: str, keep: tuple[str, ...]) -> str:
    return f"({error_rate(found, window, keep=keep)}) / {rate(found, window, keep=keep)}"


def _quantile(rank: Decimal) -> Write:
    return lambda found, window, keep: latency.raw_quantile(found, rank, window, keep=keep)


USUAL = (
    Usual(
        signal="requests",
        instrument="requests",
        over_load=False,
        write=lambda found, window, keep: increase(found, window, keep=keep),
    ),
    Usual(
        signal="throughput",
        instrument="requests",
        over_load=True,
        write=lambda found, window, keep: rate(found, window, keep=keep),
    ),
    Usual(signal="error_ratio", instrument="requests", over_load=False, write=_error_ratio),
    *(
        Usual(signal=latency.signal(rank), instrument="latency", over_load=False, write=_quantile(rank))
        for rank in latency.QUANTILES
    ),
    *(
        Usual(
            signal=name,
            instrument=name,
            over_load=False,
            write=lambda found, window, keep: increase(found, window, keep=keep),
        )
        for name in ("tokens", "cost")
    ),
)


def said(every: Sequence[Measurements], ask: Ask) -> dict[tuple[str, str], float]:
    """Ask what a dashboard would show, for all services at once: (service, signal) → value."""
    if not every:
        return {}
    window = every[0].window
    asked = [(usual, batch) for usual in USUAL for batch in batches(_instruments(every, usual))]

    def one(each: tuple[Usual, Batch]) -> Mapping[Instrument, float]:
        return dict(_values(*each, window, ask))

    answers: dict[str, dict[Instrument, float]] = {}
    for (usual, _), values in zip(asked, side_by_side(one, asked), strict=True):
        answers.setdefault(usual.signal, {}).update(values)
    return {
        (measurements.service.name, usual.signal): answers[usual.signal][instrument]
        for measurements in every
        for usual in USUAL
        for instrument in _instruments([measurements], usual)
        if instrument in answers.get(usual.signal, {})
    }


def beside(
    readings: Iterable[Reading], measurements: Measurements, shown: Mapping[tuple[str, str], float]
) -> tuple[Reading, ...]:
    """Set beside each figure what a dashboard would show, and say why it is another where extrapolation does not explain it."""
    return tuple(_beside(reading, measurements, shown) for reading in readings)


def _beside(reading: Reading, measurements: Measurements, shown: Mapping[tuple[str, str], float]) -> Reading:
    value = shown.get((measurements.service.name, reading.signal))
    if value is None or not reading.provenance:
        return reading
    told = replace(reading, shown=value)
    if reading.signal not in COUNTED or _is_explained(told, value, measurements):
        return told
    found = measurements.find(reading.signal)
    if isinstance(found, NotMeasured):
        return told
    note = f"increase() says {show(value, reading.unit)}: {_why(told, value, found, measurements)}"
    return replace(told, note=f"{told.note}; {note}" if told.note else note)


COUNTED = ("requests", "tokens", "cost")
"""Instruments, and signals of the same name, whose figure `increase()` would say too."""
EXTRAPOLATED_INTERVALS = 2.2
"""`increase()` extrapolates by up to 1.1 scrape intervals at either end of the samples it has."""


def _is_explained(reading: Reading, value: float, measurements: Measurements) -> bool:
    """Return whether extrapolation alone can make `increase()` differ so much."""
    lower, upper = reading.lower or 0.0, reading.upper or 0.0
    seconds = max(measurements.window.seconds, measurements.resolution_seconds)
    share = EXTRAPOLATED_INTERVALS * measurements.resolution_seconds / seconds
    estimate = reading.value or 0.0
    return min(lower, estimate) * (1 - share) <= value <= max(estimate, lower) * (1 + share) or (
        lower == upper == value
    )


def _why(reading: Reading, value: float, found: Measured, measurements: Measurements) -> str:
    """Return which of the two is right, and why the other is not."""
    if found.incomplete:
        return "the answers were incomplete, so neither is the whole"
    if any(PROCESS in dict(target) for target in found.scrapes):
        return "it takes the processes at one address for one; the value counts each by itself"
    if value < (reading.value or 0.0):
        born = sum(track.counter.born for track in found.tracks)
        if born > 0:
            return f"it leaves out the first value of series that appeared ({show(born, reading.unit)}); the value has it"
        return "it needs two samples of a series in the window; the value is counted from the scrapes around it too"
    reasons = {
        "it counts a process twice that is scraped twice; the value counts it once": found.twins,
        "it counts every replica; the value counts the more complete one": measurements.duplicates.replicas,
        "it extrapolates the series of a relabelled target as if they were others": measurements.attribution.renamed,
        "it takes a fall for a restart, and adds the whole value; the value takes it for a dip": found.assumes,
        "it extrapolates across restarts; the value is what was counted": found.resets,
    }
    return next(
        (reason for reason, holds in reasons.items() if holds),
        "it extrapolates from few samples; the value is counted from raw samples",
    )


def _instruments(every: Sequence[Measurements], usual: Usual) -> Iterator[Instrument]:
    """Return the instruments that measured something, and can be asked this."""
    for measurements in every:
        found = measurements.find(usual.instrument)
        if not isinstance(found, NotMeasured) and (
            usual.signal != "error_ratio" or found.instrument.has("status")
        ):
            yield found.instrument


def _values(usual: Usual, batch: Batch, window: Window, ask: Ask) -> Iterator[tuple[Instrument, float]]:
    seconds = window.rate_seconds if usual.over_load else window.seconds
    at = window.rate_end if usual.over_load else window.end
    keep = (batch.label,) if batch.label else ()
    answer = ask(usual.write(batch.merged, promql_duration(round(seconds, 3)), keep), at=at)
    by_value = {
        series.labels.get(batch.label, ""): sample.value
        for series in answer.series
        for sample in series.samples
    }
    for member in batch.members:
        value = by_value.get(batch.value(member), math.nan)
        if math.isfinite(value):
            yield member, value
