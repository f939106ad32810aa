"""Burn rates: how many times faster than allowed an error budget is used (Google SRE workbook, chapter 5)."""

from __future__ import annotations

from decimal import Decimal

from signals.catalog import Objective

HOUR = Decimal(3600)
BUDGET_SHARE = {7: Decimal("0.08"), 28: Decimal("0.02"), 30: Decimal("0.02")}
"""Share of the period's budget that one hour may use before somebody is called, by period in days."""


def fast_factor(objective: Objective) -> Decimal:
    """Give the burn rate that pages: share × period ÷ 1 h; 14.4 for 30 days, 13.44 for 28 and 7."""
    days = int(objective.period_seconds / 86400)
    return BUDGET_SHARE[days] * objective.period_seconds / HOUR


def threshold(objective: Objective) -> Decimal:
    """Give the share of bad events above which the fast alert fires: factor × (1 − target)."""
    return fast_factor(objective) * (1 - objective.target)
