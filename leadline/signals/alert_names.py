"""Alert names, and the dashboard topic each alert links to."""

from __future__ import annotations

from collections.abc import Mapping

BURNING = {
    "availability": "ErrorBudgetBurn",
    "latency": "LatencyBudgetBurn",
    "freshness": "FreshnessBudgetBurn",
    "cost": "CostBudgetBurn",
}
"""The page alert of each objective; the ticket alert adds the suffix Slow."""
SLOW = "Slow"
ABSENT = {
    "requests": "RequestsAbsent",
    "latency": "LatencyAbsent",
    "tokens": "TokensAbsent",
    "cost": "CostAbsent",
}
"""The alert for each instrument that stops reporting."""
SERVICE_DOWN, SERVICE_VANISHED = "ServiceDown", "ServiceVanished"
TARGETS_DOWN, TARGETS_LOST, RESTARTING = "TargetsDown", "TargetsLost", "InstanceRestarting"
BUCKET_MISSING = "LatencyBucketMissing"
"""Fires when series lose the bucket that the latency objective counts."""
TRAFFIC_DROP, TRAFFIC_SURGE = "TrafficDrop", "TrafficSurge"
HEADROOM_LOW, CPU_THROTTLED = "HeadroomLow", "CpuThrottled"
POOL_EXHAUSTED, QUEUE_FULL, QUEUE_STUCK = "PoolNearlyExhausted", "QueueNearlyFull", "QueueNotDraining"
MONTH_PROJECTED, MONTH_NEARLY_SPENT, MONTH_SPENT = (
    "MonthlyBudgetExceeded",
    "MonthlyBudgetNearlySpent",
    "MonthlyBudgetSpent",
)
SPEND_ANOMALY, UNPRICED = "SpendAnomaly", "TokensUnpriced"
UNIT_COST = {"cost_per_1k_tokens": "TokenCostHigh", "cost_per_request": "RequestCostHigh"}
"""The alert for each unit-cost target."""

ALERTS: Mapping[str, str] = {
    **dict.fromkeys((*BURNING.values(), *(name + SLOW for name in BURNING.values())), "slo"),
    **dict.fromkeys((*ABSENT.values(), SERVICE_DOWN, SERVICE_VANISHED), "overview"),
    **dict.fromkeys((TARGETS_DOWN, TARGETS_LOST, RESTARTING), "overview"),
    BUCKET_MISSING: "latency",
    **dict.fromkeys((TRAFFIC_DROP, TRAFFIC_SURGE, HEADROOM_LOW, CPU_THROTTLED), "throughput"),
    **dict.fromkeys((POOL_EXHAUSTED, QUEUE_FULL, QUEUE_STUCK), "throughput"),
    **dict.fromkeys((MONTH_PROJECTED, MONTH_NEARLY_SPENT, MONTH_SPENT, SPEND_ANOMALY, UNPRICED), "cost"),
    **dict.fromkeys(UNIT_COST.values(), "cost"),
}
"""Every alert's name, and the topic of the dashboard that shows it."""
