"""Results by route, method and status, worst first, from the samples fetched for the totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from leadline.measure.measured import Keep, Labels, Measured, NotMeasured
from leadline.measure.measurements import Measurements
from leadline.measure.quantiles import quantile
from leadline.signals.instruments import Instrument
from leadline.signals.labels import NO_ROUTE

from .latency import distribution_of
from .model import Group

BY = ("route", "method", "status")
MOST = 12
"""Maximum rows of a breakdown; the rest are summed in one row."""
REST = "(others)"


def groups(measurements: Measurements) -> Iterator[Group]:
    """Yield a row for each route, method and status seen in the window.

    Requests and errors are estimates for the window, like the totals, so the rates add up to the throughput.
    """
    requests, latency = measurements.find("requests"), measurements.find("latency")
    if isinstance(requests, NotMeasured):
        return
    for name in BY:
        if not requests.instrument.has(name):
            continue
        counts = requests.by(partial(_value, requests.instrument, name))
        over_load = requests.by(partial(_value, requests.instrument, name), over_load=True)
        total = sum(count.value for count in counts.values())
        if len(counts) < 2 or not total:
            continue
        rows = [
            _group(name, value, count.value, total, over_load[value].value, requests, latency)
            for value, count in counts.items()
            if count.value
        ]
        yield from _worst_first(rows, total)


def _value(instrument: Instrument, name: str, labels: Labels) -> str:
    return instrument.value(name, labels) or NO_ROUTE


def _is(instrument: Instrument, name: str, value: str) -> Keep:
    return lambda labels: _value(instrument, name, labels) == value


def _group(
    name: str,
    value: str,
    count: float,
    total: float,
    over_load: float,
    requests: Measured,
    latency: Measured | NotMeasured,
) -> Group:
    errors = None
    if requests.instrument.has("status"):
        is_failure, is_in_group = requests.instrument.is_failure, _is(requests.instrument, name, value)

        def failed(labels: Labels) -> bool:
            return is_in_group(labels) and is_failure(labels)

        errors = requests.count(failed).value
    p95, mean = _latency(name, value, latency)
    return Group(
        by=name,
        value=value,
        requests=count,
        share=count / total,
        rate=over_load / requests.window.rate_seconds,
        errors=errors,
        p95=p95,
        mean=mean,
    )


def _latency(name: str, value: str, latency: Measured | NotMeasured) -> tuple[float | None, float | None]:
    """Return a group's p95 (estimate) and mean, if its histogram has the label."""
    if isinstance(latency, NotMeasured) or not latency.instrument.has(name):
        return None, None
    measured = distribution_of(latency, _is(latency.instrument, name, value))
    if isinstance(measured, NotMeasured):
        return None, None
    return quantile(measured, 0.95).value, measured.mean


def _worst_first(rows: Iterable[Group], total: float) -> Iterator[Group]:
    """Order by errors, p95 and requests; sum the rows beyond MOST."""
    ordered = sorted(rows, key=lambda row: (-(row.errors or 0), -(row.p95 or 0), -row.requests))
    yield from ordered[:MOST]
    rest = ordered[MOST:]
    if rest:
        count = sum(row.requests for row in rest)
        known = [row.errors for row in rest if row.errors is not None]
        yield Group(
            by=rest[0].by,
            value=REST,
            requests=count,
            share=count / total,
            rate=sum(row.rate for row in rest),
            errors=sum(known) if known else None,
        )
