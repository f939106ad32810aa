"""A service level objective (SLO), as a value."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """An SLO: share of good events over a period.

    within       latency: maximum seconds of a good event
    of           freshness: the instrument that must have samples; cost: the unit of the limit, requests or tokens
    limit_usd    cost: maximum US dollars per unit
    """

    name: str
    target: Decimal
    period_seconds: Decimal
    within: Decimal | None = None
    of: str = ""
    limit_usd: Decimal | None = None
