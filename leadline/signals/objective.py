"""A service level objective (SLO), as a value."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """An SLO: share of good events over a period.

    within       of latency: the seconds that a good event takes at most
    of           of freshness: the instrument that must have samples; of cost: what the limit is for, requests or tokens
    limit_usd    of cost: the US dollars that one of these may cost
    """

    name: str
    target: Decimal
    period_seconds: Decimal
    within: Decimal | None = None
    of: str = ""
    limit_usd: Decimal | None = None
