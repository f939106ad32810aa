"""The truth: every request with its exact duration, as measured by the service itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request. `recorded` is whether the service's metrics include it."""

    recorded: bool
    status: int
    seconds: float
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The recorded requests of a run, and the number of rejected, unrecorded ones."""

    requests: tuple[Request, ...]
    rejected: int

    @property
    def errors(self) -> int:
        return sum(1 for request in self.requests if request.status >= 500)

    @property
    def durations(self) -> list[float]:
        return sorted(request.seconds for request in self.requests)


def line(request: Request) -> str:
    return json.dumps(asdict(request)) + "\n"


def read(path: Path) -> Truth:
    """Read the file that a run wrote."""
    requests = [Request(**json.loads(text)) for text in path.read_text("utf-8").splitlines()]
    recorded = tuple(request for request in requests if request.recorded)
    return Truth(requests=recorded, rejected=len(requests) - len(recorded))


def quantile(ordered: Sequence[float], q: float) -> float:
    """Return a quantile of ordered values, linear between ranks as k6 does (Hyndman and Fan 1996, type 7)."""
    position = (len(ordered) - 1) * q
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)
