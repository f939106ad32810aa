"""What the PromQL that everyone writes says of the same window: `increase` and `histogram_quantile`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from reports.fetch import Batch, batches, side_by_side
from reports.model import Reading
from reports.questions import Soundings
from reports.window import Window
from signals import latency
from signals.instruments import Instrument, error_rate, increase, rate
from signals.samples import Ask
from signals.units import promql_duration

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


def said(every: Sequence[Soundings], ask: Ask) -> dict[tuple[str, str], float]:
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
        (soundings.service.name, usual.signal): answers[usual.signal][instrument]
        for soundings in every
        for usual in USUAL
        for instrument in _instruments([soundings], usual)
        if instrument in answers.get(usual.signal, {})
    }


def beside(
    readings: Iterable[Reading], service: str, shown: Mapping[tuple[str, str], float]
) -> tuple[Reading, ...]:
    """Set beside each figure what a dashboard would show."""
    return tuple(
        replace(reading, shown=shown.get((service, reading.signal))) if reading.provenance else reading
        for reading in readings
    )


def _instruments(every: Sequence[Soundings], usual: Usual) -> Iterator[Instrument]:
    """Give the instruments that measured something, and can be asked this."""
    for soundings in every:
        found = soundings.find(usual.instrument)
        if not isinstance(found, str) and (usual.signal != "error_ratio" or found.instrument.has("status")):
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
