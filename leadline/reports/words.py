"""Names of signals for people; programs use the identifiers."""

from __future__ import annotations

import re

WORDS = {
    "throughput.peak": "peak throughput",
    "latency.min": "fastest request",
    "latency.max": "slowest request",
    "latency.mean": "mean latency",
    "apdex": "Apdex",
    "concurrency": "requests in progress",
    "error_ratio": "errors",
    "success_ratio": "success",
    "tokens.input": "input tokens",
    "tokens.output": "output tokens",
    "cost": "spend",
    "cost.from_prices": "spend, from prices",
    "cost_per_hour": "spend per hour",
    "cost_per_month": "monthly cost",
    "cost_per_request": "cost per request",
    "cost_per_1k_tokens": "cost per 1k tokens",
    "cost_per_million_requests": "cost per million requests",
    "cost.budget_share": "share of the monthly budget",
    "cost.infrastructure": "machines",
    "cost.infrastructure_per_hour": "machines, per hour",
    "cost.infrastructure_per_1k_tokens": "machines, per 1k tokens",
    "cpu": "CPU",
    "throttled_ratio": "CPU throttled",
    "in_flight": "requests in flight",
    "cache_hit_ratio": "cache hits",
    "rejected": "requests turned away",
    "client.rejected": "requests answered 429",
    "requests but 429": "requests excluding 429",
}
OF = {
    "latency": "",
    "first_token": "time to first token, ",
    "output_token": "time per output token, ",
}
"""Prefix of each histogram's quantiles; latency needs none."""
SUFFIXES = {"1": "st", "2": "nd", "3": "rd"}


def in_words(signal: str) -> str:
    """Return a signal's name for people: "95th percentile" for latency.p95."""
    histogram, _, rank = signal.rpartition(".p")
    if histogram.startswith("within."):
        return f"within the p{rank} target"
    if histogram in OF and rank.isdigit():
        return f"{OF[histogram]}{percentile(rank)}"
    if savings := re.fullmatch(r"cost\.savings\.(.+)", signal):
        name, _, unit = savings[1].partition(".per_")
        return f"savings vs {name}" + (f", per {unit.replace('_', ' ')}" if unit else "")
    if signal.startswith("client."):
        return WORDS.get(signal, f"k6: {signal.removeprefix('client.')}")
    return WORDS.get(signal, re.sub(r"[._]", " ", signal))


def percentile(rank: str) -> str:
    """Return a signal's rank, "95" or "999", as a percentile: "95th percentile", "99.9th percentile"."""
    if rank == "50":
        return "median"
    whole, rest = rank[:2], rank[2:]
    suffix = "th" if rest or whole[0] == "1" else SUFFIXES.get(whole[-1], "th")
    return f"{whole}{'.' + rest if rest else ''}{suffix} percentile"
