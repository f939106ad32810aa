"""Targets and objectives proposed from what was observed: on bucket edges, reached today, and marked as proposals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

RATIOS = ("1%", "2%", "5%", "10%", "20%")
OBJECTIVES = ("99.9%", "99.5%", "99%", "95%")
"""What is proposed, the strictest first that the service keeps with room to spare."""
LEAST_REQUESTS = 100
PERIODS = (30, 28, 7)
SPARE = 2
"""A ratio is proposed that is at least so many times what was observed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a service could be held to; empty where what was observed does not tell, and then `why` says so.

    p95, p99, within  seconds, each a bucket edge
    period            of objectives: "30d", "28d" or "7d"
    """

    p95: Decimal | None = None
    p99: Decimal | None = None
    error_ratio: str = ""
    availability: str = ""
    period: str = ""
    why: tuple[str, ...] = ()


def proposed(
    histogram: Sequence[tuple[float, float]], errors: float | None, retention: float | None, lacking: str = ""
) -> Proposal:
    """Propose from cumulative counts by edge (`lacking` says why there are none), the share of errors, and the retention."""
    why, total = [], histogram[-1][1] if histogram else 0.0
    p95 = p99 = None
    if not histogram:
        reason = lacking or "no latency was measured in the last hour"
        why.append(f"no target of latency is proposed: {reason}")
    elif total < LEAST_REQUESTS:
        why.append(f"{total:.0f} requests in the last hour are too few to propose a target of latency")
    else:
        p95, p99 = _edge(histogram, total, 0.95), _edge(histogram, total, 0.99)
        if p95 is None:
            why.append(
                "more than 5 % of requests lie above the last bucket edge, so no target of p95 is proposed"
            )
    if errors is None:
        why.append("the share of errors is not known, so no target of errors is proposed")
    elif not _first(RATIOS, errors):
        why.append(f"{100 * errors:.0f} % of the requests fail, so no target of errors is proposed")
    elif not _last(OBJECTIVES, errors):
        why.append(f"{100 * errors:.0f} % of the requests fail, so no objective of availability is proposed")
    period = _period(retention)
    if not period:
        why.append("samples are kept for less than 7 days, so no objective is proposed")
    return Proposal(
        p95=p95,
        p99=p99,
        error_ratio="" if errors is None else _first(RATIOS, errors),
        availability="" if errors is None or not period else _last(OBJECTIVES, errors),
        period=period,
        why=tuple(why),
    )


def _edge(histogram: Sequence[tuple[float, float]], total: float, rank: float) -> Decimal | None:
    edge = next(edge for edge, count in histogram if count >= rank * total)
    return Decimal(repr(edge)) if math.isfinite(edge) else None


def _period(retention: float | None) -> str:
    if retention is None:
        return "28d"
    return next((f"{days}d" for days in PERIODS if days * 86400 <= retention), "")


def _share(text: str) -> float:
    return float(text.removesuffix("%")) / 100


def _first(ratios: Sequence[str], errors: float) -> str:
    return next((each for each in ratios if _share(each) >= SPARE * errors), "")


def _last(objectives: Sequence[str], errors: float) -> str:
    return next((each for each in objectives if 1 - _share(each) >= SPARE * errors), "")
