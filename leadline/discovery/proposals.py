"""Propose targets and objectives from observations: on bucket edges, met today, and marked as proposals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

RATIOS = ("1%", "2%", "5%", "10%", "20%")
OBJECTIVES = ("99.9%", "99.5%", "99%", "95%")
"""Candidates, strictest first; the first that the service meets with room to spare is proposed."""
LEAST_REQUESTS = 100
PERIODS = (30, 28, 7)
SPARE = 2
"""Minimum proposed ratio ÷ observed ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Proposed targets and objectives of a service; empty fields are explained in `why`.

    p95, p99  seconds, each a bucket edge
    period    period of objectives: "30d", "28d" or "7d"
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
    """Propose from cumulative counts by edge (`lacking` says why there are none), the error ratio and the retention."""
    why, total = [], histogram[-1][1] if histogram else 0.0
    p95 = p99 = None
    if not histogram:
        reason = lacking or "no latency was measured in the last hour"
        why.append(f"no latency target is proposed: {reason}")
    elif total < LEAST_REQUESTS:
        why.append(f"{total:.0f} requests in the last hour are too few to propose a latency target")
    else:
        p95, p99 = _edge(histogram, total, 0.95), _edge(histogram, total, 0.99)
        if p95 is None:
            why.append(
                "more than 5 % of requests are above the last bucket edge, so no p95 target is proposed"
            )
    if errors is None:
        why.append("the error ratio is unknown, so no error target is proposed")
    elif not _first(RATIOS, errors):
        why.append(f"{100 * errors:.0f} % of the requests fail, so no error target is proposed")
    elif not _last(OBJECTIVES, errors):
        why.append(f"{100 * errors:.0f} % of the requests fail, so no availability objective is proposed")
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
