"""Saturation: which resources a service uses up, what tells their limits, and up to which share of these is planned."""

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
"""Up to which share of its limit a resource is planned: beyond 70 % of a CPU queues grow, memory is fatal at 100 %."""
LIMITS = {
    "cpu": "cpu_limit",
    "memory": "memory_limit",
    "pool": "pool_limit",
    "in_flight": "in_flight_limit",
    "queue": "queue_limit",
    "rate_limit": "rate_limit",
    "replicas": "replicas_limit",
}
"""The instrument that tells each resource's limit."""
USED_BY = {"rate_limit": "requests"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What tells how much of a resource is used, and how much there is."""

    used: Instrument
    limit: Instrument


def planned(instruments: Mapping[str, Instrument]) -> dict[str, Decimal]:
    """Return the resources with a known headroom, and up to which share of its limit each is planned."""
    return {name: PLANNED[name] for name in resources(instruments) if name in PLANNED}


def use(instrument: Instrument, window: str) -> str:
    """Write how much is used: a gauge as it is, a counter by what it grew over a window."""
    return total(instrument) if instrument.kind == "gauge" else rate(instrument, window)


def resources(instruments: Mapping[str, Instrument]) -> dict[str, Resource]:
    """Return the resources whose use and limit are both known, by name.

    Where no gauge tells the requests in progress, the seconds spent per second do (Little's law).
    """
    told = dict(instruments)
    if "in_flight" not in told and "latency" in told:
        told["in_flight"] = told["latency"].part("_sum")
    return {
        name: Resource(used=told[used], limit=told[limit])
        for name, limit in LIMITS.items()
        if limit in told and (used := USED_BY.get(name, name)) in told
    }
