"""Cost: tokens and spend in the window, per request and per 1,000 tokens, and the month if the rate lasted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reports.counters import Total
from reports.measured import Keep, Measured
from reports.model import Reading
from reports.questions import Soundings
from reports.verdicts import judged, target_for
from signals.catalog import Service
from signals.instruments import Label
from signals.units import HOURS_PER_MONTH, SECONDS_PER_HOUR

TOKEN_TYPES = ("input", "output")


def readings(soundings: Soundings) -> Iterator[Reading]:
    """Give tokens, spend, and the unit costs that follow from them."""
    tokens, cost = soundings.find("tokens"), soundings.find("cost")
    yield from _tokens(tokens)
    yield _spend(cost)
    yield from _run_rate(cost)
    service = soundings.service
    yield _judged(_per_request(cost, soundings.find("requests")), service)
    yield _judged(_per_1k_tokens(cost, tokens), service)


def _judged(reading: Reading, service: Service) -> Reading:
    target = target_for(service, reading.signal)
    return judged(reading, target) if target else reading


def _tokens(found: Measured | str) -> Iterator[Reading]:
    if isinstance(found, str):
        yield Reading(signal="tokens", unit="tokens", reason=found)
        return
    yield found.reading("tokens", "tokens", found.total())
    kind = found.instrument.label("token_type")
    if kind is None:
        return
    for name in TOKEN_TYPES:
        yield found.reading(f"tokens.{name}", "tokens", found.total(_of_type(kind, name)))


def _of_type(label: Label, name: str) -> Keep:
    return lambda labels: label.read(labels) == name


def _spend(found: Measured | str) -> Reading:
    if isinstance(found, str):
        return Reading(signal="cost", unit="usd", reason=found)
    return found.reading("cost", "usd", found.total())


def _run_rate(found: Measured | str) -> Iterator[Reading]:
    if isinstance(found, str):
        yield Reading(signal="cost_per_hour", unit="usd_per_hour", reason=found)
        yield Reading(signal="cost_per_month", unit="usd_per_month", reason=found)
        return
    hours = found.window.rate_seconds / SECONDS_PER_HOUR
    spent = found.over_load()
    span = "the load" if found.window.is_load else "the window"
    hourly = found.reading("cost_per_hour", "usd_per_hour", spent, per=hours)
    monthly = found.reading("cost_per_month", "usd_per_month", spent, per=hours / HOURS_PER_MONTH)
    yield replace(hourly, note=f"at the rate of {span}")
    yield replace(monthly, note=f"if the rate of {span} lasted {HOURS_PER_MONTH} hours")


def _per_request(cost: Measured | str, requests: Measured | str) -> Reading:
    """Divide spend by requests: of two targets, so over the window's totals and their bounds."""
    none = Reading(signal="cost_per_request", unit="usd")
    if isinstance(cost, str) or isinstance(requests, str):
        return replace(none, reason=cost if isinstance(cost, str) else str(requests))
    return _ratio(none, cost, cost.total(), requests.total(), "no requests in the window")


def _per_1k_tokens(cost: Measured | str, tokens: Measured | str) -> Reading:
    """Divide spend by tokens, input and output together: between the same scrapes, so exact."""
    none = Reading(signal="cost_per_1k_tokens", unit="usd")
    if isinstance(cost, str) or isinstance(tokens, str):
        return replace(none, reason=cost if isinstance(cost, str) else str(tokens))
    return _ratio(none, cost, cost.snapped(), tokens.snapped(), "no tokens in the window", times=1000)


def _ratio(
    none: Reading, cost: Measured, spend: Total, units: Total, reason: str, times: float = 1
) -> Reading:
    if not units.value:
        return replace(none, reason=reason)
    return replace(
        none,
        value=times * spend.value / units.value,
        lower=times * spend.lower / units.upper,
        upper=times * spend.upper / units.lower if units.lower else None,
        unbounded=spend.unbounded or not units.lower,
        provenance=cost.provenance,
    )
