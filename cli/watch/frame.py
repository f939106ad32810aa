"""A poll as lines: a table of services with curves, and below it the firing alerts."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from leadline.base.printable import printable
from leadline.base.text_table import table, width
from leadline.base.units import promql_duration, show

from ..asking.table import spark
from ..list_alerts import ago
from .poll import CURVES, Firing, Look, ServiceState

KEPT = 60
"""Maximum polls kept for the curves."""
CELLS = 16
MOST_FIRING = 8
UNITS = {
    "throughput": "requests_per_second", "error_ratio": "ratio", "latency.p50": "seconds", "latency.p95": "seconds",
    "latency.p99": "seconds", "cost_per_hour": "usd_per_hour", "saturation": "ratio",
}  # fmt: skip
HEAD = ("service", "traffic", "errors", "p50", "p95", "p99", "fullest", "spend", "alerts")
DROPPED: tuple[tuple[str, ...], ...] = (
    (), ("p95 since",), ("p95 since", "traffic since"), ("bounds",), ("bounds", "p50"), ("bounds", "p50", "fullest"),
    ("bounds", "p50", "fullest", "spend"),
)  # fmt: skip
"""Columns to drop, step by step, on a narrow terminal: the curves first, alerts never."""
GONE = "–"


class History:
    """Past values of each service and signal with a curve."""

    def __init__(self, every: float) -> None:
        self.every = every
        self._kept: dict[tuple[str, str], deque[float]] = {}

    def begin(self, past: Mapping[tuple[str, str], Sequence[float]]) -> None:
        """Replace everything with past values."""
        self._kept = {key: deque(values, maxlen=KEPT) for key, values in past.items()}

    def add(self, look: Look) -> None:
        for seen in look.seen:
            for signal in CURVES:
                value = seen.values.get(signal)
                kept = self._kept.setdefault((seen.service.name, signal), deque(maxlen=KEPT))
                kept.append(math.nan if value is None else value)

    def curve(self, service: str, signal: str) -> str:
        return spark(list(self._kept.get((service, signal), ())), CELLS, from_zero=True)


WORST, NAME = "worst first", "by name"
SORTS: Mapping[str, str] = {
    WORST: "",
    NAME: "",
    "by traffic": "throughput",
    "by errors": "error_ratio",
    "by p95": "latency.p95",
    "by spend": "cost_per_hour",
}
"""The orders of services, and the signal that each sorts by, largest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The user's view: the order, whether to show only services that need attention, and the rows scrolled by."""

    sort: str = WORST
    only_bad: bool = False
    offset: int = 0


def chosen(look: Look, choice: Choice) -> list[ServiceState]:
    """Return the services of the user's view; equal ones stay in the catalog's order."""
    found = [each for each in look.seen if not choice.only_bad or needs_attention(look, each)]
    if choice.sort == WORST:
        return sorted(found, key=lambda each: _badness(look, each), reverse=True)
    if choice.sort == NAME:
        return sorted(found, key=lambda each: each.service.name)
    signal = SORTS[choice.sort]
    return sorted(
        found,
        key=lambda each: -math.inf if (value := each.values.get(signal)) is None else value,
        reverse=True,
    )


def needs_attention(look: Look, state: ServiceState) -> bool:
    """Return whether an alert of the service fires, or a target is missed or may be."""
    return any(_badness(look, state))


def _badness(look: Look, state: ServiceState) -> tuple[int, int, int, int]:
    verdicts = [state.verdict(signal) for signal in UNITS]
    alerts = [each for each in look.firing if each.service == state.service.name]
    critical = sum(each.severity == "critical" for each in alerts)
    return critical, verdicts.count("✗"), len(alerts), verdicts.count("?")


def lines(
    look: Look, history: History, window: str, columns: int, rows: int, choice: Choice = Choice()
) -> Iterator[str]:
    """Yield the lines of a poll, at most `columns` wide and `rows` long."""
    firing = [_fit(line, columns) for line in _fires(look)]
    room = max(2, rows - 2 - (len(firing) + 1 if firing else 0))
    seen = chosen(look, choice)
    head, *drawn = _services(replace(look, seen=tuple(seen)), history, columns)
    left = f", {len(seen)} of {len(look.seen)} services that need attention" if choice.only_bad else ""
    moment = time.strftime("%H:%M:%S", time.localtime(look.at))
    yield _fit(f"{moment}  rates over {window}, {choice.sort}{left}", columns)
    yield ""
    yield _fit(head, columns)
    offset = min(choice.offset, max(0, len(drawn) - 1))
    fits = len(drawn) < room
    shown = drawn if fits else drawn[offset : offset + room - 2]
    yield from (_fit(line, columns) for line in shown)
    if not fits:
        above, below = offset, len(drawn) - offset - len(shown)
        yield _fit(f"{above} above, {below} below; ↑ and ↓ scroll", columns)
    if firing:
        yield ""
        yield from firing


def _services(look: Look, history: History, columns: int) -> list[str]:
    """Lay out the services with as many columns as fit."""
    span = promql_duration(KEPT * history.every)
    drawn: list[str] = []
    for dropped in DROPPED:
        with_bounds = "bounds" not in dropped
        curves = [name for name in ("traffic since", "p95 since") if with_bounds and name not in dropped]
        head = (*HEAD, *(name.replace("since", span) for name in curves))
        keep = [index for index, name in enumerate(head) if name not in dropped]
        table_ = [
            (
                seen.service.name,
                *_cells(seen, bounds=with_bounds),
                _count(look.firing, seen.service.name),
                *(history.curve(seen.service.name, CURVES[index]) for index in range(len(curves))),
            )
            for seen in look.seen
        ]
        picked = [tuple(row[index] for index in keep) for row in table_]
        drawn = list(table(tuple(head[index] for index in keep), picked, indent=""))
        if all(width(line) <= columns for line in drawn):
            break
    return drawn


def _fires(look: Look) -> Iterator[str]:
    """Yield one line per firing alert."""
    rows = [
        (
            "✗",
            each.name,
            each.severity or GONE,
            each.service or "all services",
            each.of,
            GONE if math.isnan(each.since) else ago(look.at - each.since),
        )
        for each in look.firing[:MOST_FIRING]
    ]
    yield from table((), rows, indent="")
    if len(look.firing) > MOST_FIRING:
        yield f"{len(look.firing) - MOST_FIRING} more; leadline alerts lists all"


def plain(look: Look, window: str) -> Iterator[str]:
    """Yield one line per service, for output without a terminal."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(look.at))
    if look.lost:
        yield printable(f"{moment} lost: {look.lost}")
    for seen in look.seen:
        alerts = dict.fromkeys(each.name for each in look.firing if each.service == seen.service.name)
        values = (*_cells(seen, bounds=True), ",".join(alerts) or GONE)
        cells = [f"{name}={cell}" for name, cell in zip(HEAD[1:], values, strict=True) if cell != GONE]
        yield printable(f"{moment} {seen.service.name} over {window}: {' '.join(cells)}")


def _cells(seen: ServiceState, *, bounds: bool) -> Sequence[str]:
    fullest = _figure(seen, "saturation")
    return (
        _figure(seen, "throughput"),
        _figure(seen, "error_ratio"),
        *(_quantile(seen, f"latency.{name}", bounds=bounds) for name in ("p50", "p95", "p99")),
        f"{seen.fullest} {fullest}" if seen.fullest else fullest,
        _figure(seen, "cost_per_hour"),
    )


def _count(firing: Sequence[Firing], service: str) -> str:
    count = sum(each.service == service for each in firing)
    return f"✗ {count}" if count else GONE


def _figure(seen: ServiceState, signal: str) -> str:
    value = seen.values.get(signal)
    if value is None:
        return GONE
    return " ".join(filter(None, (seen.verdict(signal), show(value, UNITS[signal]))))


def _quantile(seen: ServiceState, signal: str, *, bounds: bool) -> str:
    found = seen.bounds(signal)
    text = _figure(seen, signal)
    if not bounds or found is None:
        return text
    low, high = found
    return f"{text} ({show(low, 'seconds')}…{'∞' if math.isinf(high) else show(high, 'seconds')})"


def _fit(line: str, columns: int) -> str:
    safe = printable(line)
    return safe if width(safe) <= columns else safe[: max(1, columns - 1)] + "…"
