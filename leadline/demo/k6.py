"""Run k6 with the shape of threads-agent's quick test, and read its summary."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from leadline.base.errors import ToolFailedError

from .processes import find, running

GRACE_SECONDS = 60.0
"""k6 lets running iterations finish after the last stage; if it takes longer than this, it hangs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """k6's figures for the requests that the service recorded: all except those answered 429. Times in seconds.

    started, ended  span of the load, in seconds since the epoch
    """

    started: float
    ended: float
    total: int
    rate_limited: int
    recorded: int
    errors: int
    durations: dict[str, float]

    @property
    def seconds(self) -> float:
        return self.ended - self.started


def run(
    target: str, seconds: float, users: int, out: Path, log: Path, progress: Callable[[float], None]
) -> Summary:
    """Put load on a service. Raise ToolFailedError if k6 fails or its summary is unreadable."""
    script = str(files("leadline.demo").joinpath("load.js"))
    command = [find("k6"), "run", "--quiet", "--no-usage-report", "--address", "127.0.0.1:0", script]
    environment = {
        "TARGET": target,
        "SECONDS": f"{seconds:g}",
        "VUS": str(users),
        "SUMMARY": str(out.resolve()),
    }
    began = time.monotonic()
    with running("k6", command, log, **environment) as program:
        while program.code is None:
            passed = time.monotonic() - began
            if passed > seconds + GRACE_SECONDS:
                raise ToolFailedError(f"k6 has not ended after {passed:.0f} s; its log is {log}")
            progress(min(passed, seconds))
            time.sleep(0.2)
        if program.code != 0:
            raise program.failure()
    progress(seconds)
    return read(out)


def read(path: Path) -> Summary:
    """Read the data that k6 passed to handleSummary."""
    try:
        data = json.loads(path.read_text("utf-8"))
        return _summary(data)
    except (OSError, ValueError, KeyError) as error:
        raise ToolFailedError(f"{path} is not the summary of the demo's k6 script: {error!r}") from None


def _summary(data: dict[str, Any]) -> Summary:
    metrics = data["metrics"]
    started = data["setup_data"]["started"] / 1000
    trend = metrics["recorded_duration"]["values"]
    names = {
        "avg": "mean",
        "min": "min",
        "med": "p50",
        "max": "max",
        "p(90)": "p90",
        "p(95)": "p95",
        "p(99)": "p99",
    }
    return Summary(
        started=started,
        ended=started + data["state"]["testRunDurationMs"] / 1000,
        total=int(metrics["http_reqs"]["values"]["count"]),
        rate_limited=_count(metrics, "rate_limited"),
        recorded=_count(metrics, "recorded_requests"),
        errors=_count(metrics, "server_errors"),
        durations={ours: trend[theirs] / 1000 for theirs, ours in names.items()},
    )


def _count(metrics: dict[str, Any], name: str) -> int:
    """Return a counter's value; k6 omits counters that were never touched."""
    return int(metrics[name]["values"]["count"]) if name in metrics else 0
