"""Saturation: resources, the instruments for their limits, and the planned share of each limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from .instruments import Instrument, rate, total

PLANNED = {
    "cpu": Decimal("0.7"),
    "memory": Decimal("0.9"),
    "in_flight": Decimal(1),
    "rate_limit": Decimal(1),
    "replicas": Decimal(1),
}
"""Planned maximum share of each limit: queues grow beyond 70 % CPU, and 100 % memory is fatal."""
LIMITS = {
    "cpu": "cpu_limit",
    "memory": "memory_limit",
    "pool": "pool_limit",
    "in_flight": "in_flight_limit",
    "queue": "queue_limit",
    "rate_limit": "rate_limit",
    "replicas": "replicas_limit",
}
"""The instrument for each resource's limit."""
USED_BY = {"rate_limit": "requests"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """The instruments for a resource's use and its limit."""

    used: Instrument
    limit: Instrument


def planned(instruments: Mapping[str, Instrument]) -> dict[str, Decimal]:
    """Return the planned share of the limit, for each resource with a known headroom."""
    return {name: PLANNED[name] for name in resources(instruments) if name in PLANNED}


def use(instrument: Instrument, window: str) -> str:
    """Write the use: the sum of a gauge, or the rate of a counter over a window."""
    return total(instrument) if instrument.kind == "gauge" else rate(instrument, window)


def resources(instruments: Mapping[str, Instrument]) -> dict[str, Resource]:
    """Return the resources whose use and limit are both known, by name.

    Without a gauge of requests in progress, use the seconds spent per second (Little's law).
    """
    known = dict(instruments)
    if "in_flight" not in known and "latency" in known:
        known["in_flight"] = known["latency"].part("_sum")
    return {
        name: Resource(used=known[used], limit=known[limit])
        for name, limit in LIMITS.items()
        if limit in known and (used := USED_BY.get(name, name)) in known
    }
