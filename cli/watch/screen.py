"""A look as lines: a table of services, and what has become of each signal since the watch began."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator, Sequence

from cli.asking.table import spark
from cli.watch.looking import Look, Seen
from reports.aligned import table, width
from signals.printable import printable
from signals.units import show

KEPT = 60
"""So many looks are kept for the curves."""
UNITS = {
    "throughput": "requests_per_second", "error_ratio": "ratio", "latency.p50": "seconds", "latency.p95": "seconds",
    "latency.p99": "seconds", "cost_per_hour": "usd_per_hour", "saturation": "ratio",
}  # fmt: skip
HEAD = (
    "service",
    "traffic",
    "errors",
    "p50",
    "p95",
    "p99",
    "fullest",
    "spend",
    "alerts",
    "traffic since",
    "p95 since",
)
GONE = "–"


class History:
    """What was seen before, of each service and signal."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], deque[float]] = {}

    def add(self, look: Look) -> None:
        for seen in look.seen:
            for signal in ("throughput", "latency.p95"):
                value = seen.values.get(signal)
                kept = self._kept.setdefault((seen.service.name, signal), deque(maxlen=KEPT))
                kept.append(math.nan if value is None else value)

    def curve(self, service: str, signal: str, cells: int) -> str:
        return spark(list(self._kept.get((service, signal), ())), cells)


def lines(look: Look, history: History, window: str, columns: int) -> Iterator[str]:
    """Draw a look, no wider than the terminal: the curves go first, then the bounds."""
    rows = [_row(seen, history, bounds=True) for seen in look.seen]
    for drop, bounds in ((0, True), (1, True), (2, True), (0, False), (1, False), (2, False)):
        rows = [_row(seen, history, bounds=bounds)[: len(HEAD) - drop] for seen in look.seen]
        drawn = list(table(HEAD[: len(HEAD) - drop], rows, indent=""))
        if all(width(line) <= columns for line in drawn):
            break
    yield _clock(look, window)
    yield ""
    yield from (printable(_fit(line, columns)) for line in drawn)


def _clock(look: Look, window: str) -> str:
    return f"{time.strftime('%H:%M:%S', time.localtime(look.at))}  rates over {window}"


def plain(look: Look, window: str) -> Iterator[str]:
    """Write a look where nobody looks at a screen: a line a service."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(look.at))
    if look.lost:
        yield printable(f"{moment} lost: {look.lost}")
    for seen in look.seen:
        cells = [
            f"{name}={cell}"
            for name, cell in zip(HEAD[1:9], _cells(seen, bounds=True), strict=True)
            if cell != GONE
        ]
        yield printable(f"{moment} {seen.service.name} over {window}: {' '.join(cells)}")


def _row(seen: Seen, history: History, *, bounds: bool) -> tuple[str, ...]:
    name = seen.service.name
    curves = (history.curve(name, signal, 16) for signal in ("throughput", "latency.p95"))
    return (name, *_cells(seen, bounds=bounds), *curves)


def _cells(seen: Seen, *, bounds: bool) -> Sequence[str]:
    fullest = _figure(seen, "saturation")
    return (
        _figure(seen, "throughput"),
        _figure(seen, "error_ratio"),
        *(_quantile(seen, f"latency.{name}", bounds=bounds) for name in ("p50", "p95", "p99")),
        f"{seen.fullest} {fullest}" if seen.fullest else fullest,
        _figure(seen, "cost_per_hour"),
        ", ".join(dict.fromkeys(seen.alerts)) or GONE,
    )


def _figure(seen: Seen, signal: str) -> str:
    value = seen.values.get(signal)
    if value is None:
        return GONE
    return " ".join(filter(None, (seen.verdict(signal), show(value, UNITS[signal]))))


def _quantile(seen: Seen, signal: str, *, bounds: bool) -> str:
    found = seen.bounds(signal)
    text = _figure(seen, signal)
    if not bounds or found is None:
        return text
    low, high = found
    return f"{text} ({show(low, 'seconds')}…{'∞' if math.isinf(high) else show(high, 'seconds')})"


def _fit(line: str, columns: int) -> str:
    return line if width(line) <= columns else line[: max(1, columns - 1)] + "…"
