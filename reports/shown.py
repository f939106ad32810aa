"""What the PromQL that everyone writes says of the same window: `increase` and `histogram_quantile`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from reports.model import Reading
from reports.questions import Soundings
from signals import latency
from signals.instruments import error_rate, increase, rate
from signals.samples import Ask
from signals.units import promql_duration


def beside(readings: tuple[Reading, ...], soundings: Soundings, ask: Ask) -> tuple[Reading, ...]:
    """Set beside each figure what a dashboard would show."""
    said = {signal: _value(query, at, ask) for signal, query, at in _queries(soundings)}
    return tuple(
        replace(reading, shown=said.get(reading.signal)) if reading.provenance else reading
        for reading in readings
    )


def _queries(soundings: Soundings) -> Iterator[tuple[str, str, float]]:
    """Give signal, expression, and when to evaluate it: rates at the load's end, the rest at the window's."""
    window, end = promql_duration(round(soundings.window.seconds, 3)), soundings.window.end
    load, load_end = promql_duration(round(soundings.window.rate_seconds, 3)), soundings.window.rate_end
    requests, histogram = soundings.find("requests"), soundings.find("latency")
    if not isinstance(requests, str):
        yield "requests", increase(requests.instrument, window), end
        yield "throughput", rate(requests.instrument, load), load_end
        if requests.instrument.has("status"):
            yield (
                "error_ratio",
                f"({error_rate(requests.instrument, window)}) / {rate(requests.instrument, window)}",
                end,
            )
    if not isinstance(histogram, str):
        for rank in latency.QUANTILES:
            yield latency.signal(rank), latency.raw_quantile(histogram.instrument, rank, window), end
    for name in ("tokens", "cost"):
        found = soundings.find(name)
        if not isinstance(found, str):
            yield name, increase(found.instrument, window), end


def _value(query: str, at: float, ask: Ask) -> float | None:
    values = [sample.value for series in ask(query, at=at).series for sample in series.samples]
    return values[0] if values and math.isfinite(values[0]) else None
