"""What the PromQL that everyone writes says of the same window: `increase` and `histogram_quantile`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from reports.model import Reading
from reports.questions import Soundings
from signals import latency
from signals.instruments import increase
from signals.samples import Ask
from signals.units import promql_duration


def beside(readings: tuple[Reading, ...], soundings: Soundings, ask: Ask) -> tuple[Reading, ...]:
    """Set beside each figure what a dashboard would show."""
    queries = dict(_queries(soundings))
    return tuple(
        replace(reading, shown=_value(queries[reading.signal], soundings.window.end, ask))
        if reading.signal in queries and reading.provenance
        else reading
        for reading in readings
    )


def _queries(soundings: Soundings) -> Iterator[tuple[str, str]]:
    window = promql_duration(round(soundings.window.seconds, 3))
    requests, histogram = soundings.find("requests"), soundings.find("latency")
    if not isinstance(requests, str):
        yield "requests", increase(requests.instrument, window)
    if not isinstance(histogram, str):
        for rank in latency.QUANTILES:
            yield latency.signal(rank), latency.raw_quantile(histogram.instrument, Decimal(rank), window)


def _value(query: str, at: float, ask: Ask) -> float | None:
    values = [sample.value for series in ask(query, at=at).series for sample in series.samples]
    return values[0] if values and math.isfinite(values[0]) else None
