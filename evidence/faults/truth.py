"""What was logged in a window, as the figures of a report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.faults.fleet import INPUT_USD, OUTPUT_USD, Process, Request
from leadline.measure.reading import Reading

TOKENS, USD = 400.0, 300 * INPUT_USD + 100 * OUTPUT_USD
SIGNALS = (
    "requests", "throughput", "error_ratio", "success_ratio", "latency.mean", "latency.p50", "latency.p95", "latency.p99",
    "within.latency.p95", "tokens", "cost", "cost_per_request", "cost_per_1k_tokens",
)  # fmt: skip
TARGETS = {"latency.p95": 0.25, "error_ratio": 0.02}
"""What every simulated service is judged by."""


@dataclass(frozen=True)
class Truth:
    """What was logged in a window of so many seconds."""

    requests: Sequence[Request]
    seconds: float

    @classmethod
    def of(cls, processes: Iterable[Process], start: float, end: float) -> Truth:
        logged = [each for one in processes for each in one.requests if start < each.time <= end]
        return cls(logged, end - start)

    def value(self, signal: str) -> float | None:
        """Return a figure; None where without requests there is none."""
        count = len(self.requests)
        if signal in ("requests", "throughput", "tokens", "cost"):
            return count * {"throughput": 1 / self.seconds, "tokens": TOKENS, "cost": USD}.get(signal, 1.0)
        if not count:
            return None
        if signal in ("error_ratio", "success_ratio"):
            failed = sum(each.status == "500" for each in self.requests) / count
            return failed if signal == "error_ratio" else 1 - failed
        if signal.startswith("cost_per"):
            return USD if signal == "cost_per_request" else 1000 * USD / TOKENS
        return self._latency(signal)

    def _latency(self, signal: str) -> float:
        times = sorted(each.seconds for each in self.requests)
        if signal == "latency.mean":
            return math.fsum(times) / len(times)
        if signal.startswith("within."):
            return sum(each <= TARGETS["latency.p95"] for each in times) / len(times)
        return times[max(0, math.ceil(float(f"0.{signal.removeprefix('latency.p')}") * len(times)) - 1)]


def untrue(found: Reading, truth: float | None) -> str:
    """Return why a reading is wrong, or an empty text if it is right."""
    if truth is None or found.lower is None:
        return (
            ""
            if truth is not None or found.value is None
            else f"{found.signal}: {found.value}, but there is none"
        )
    slack = 1e-9 * max(1.0, abs(truth))
    if truth < found.lower - slack:
        return f"{found.signal}: {truth} is below {found.lower}"
    if not found.unbounded and found.upper is not None and truth > found.upper + slack:
        return f"{found.signal}: {truth} is above {found.upper}"
    if (
        found.is_exact
        and found.value is not None
        and not math.isclose(found.value, truth, rel_tol=1e-9, abs_tol=1e-12)
    ):
        return f"{found.signal}: exactly {found.value}, but it is {truth}"
    if found.verdict in ("met", "missed") and found.target is not None:
        met = truth >= found.target if found.floor else truth <= found.target + slack
        if met != (found.verdict == "met"):
            return f"{found.signal}: {found.verdict}, but {truth} against {found.target}"
    return ""
