"""Fetch long windows with few samples: raw samples where something happened, sparse points elsewhere.

For a counter that does not restart, appear or end, only the scrapes around the window's edges matter. A long window is
therefore fetched in three parts: raw samples at both edges, one point per cell in between, and raw samples of cells in which
a counter fell, a start time moved, or a series came or went.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from leadline.base.errors import UsageError
from leadline.base.units import promql_duration, show
from leadline.signals.promql import Matcher, one_of, select
from leadline.signals.samples import Answer, Ask, Series

from .fetch import side_by_side
from .scrapes import STARTED
from .window import Window

LONG_SCRAPES = 3000
"""Scrapes from which a window is long."""
CELLS = 500
"""Cells of a long window."""
LOOKBACK_SECONDS = 300.0
MOST_SAMPLES = 3e6
"""Maximum raw samples to fetch inside a long window."""

Span = tuple[float, float]


def is_long(window: Window, interval: float) -> bool:
    return window.seconds / interval > LONG_SCRAPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to fetch a long window.

    edge  seconds before and after an edge to fetch raw
    cell  seconds between two points
    """

    window: Window
    interval: float
    edge: float
    cell: float

    @classmethod
    def of(cls, window: Window, interval: float, pad: float) -> Plan:
        cell = math.ceil(window.seconds / CELLS / interval) * interval
        return cls(window=window, interval=interval, edge=pad + interval, cell=cell)

    @property
    def edges(self) -> tuple[Span, Span]:
        start, end = self.window.start, self.window.end
        return (start - self.edge, start + self.edge), (end - self.edge, end + self.edge)

    @property
    def inside(self) -> str:
        """The range of a subquery over the window, one point per cell."""
        return f"[{promql_duration(math.floor(self.window.seconds))}:{promql_duration(self.cell)}]"

    def raw(self, ends: Iterable[float]) -> list[Span]:
        """Return the spans to fetch raw: the cells that end at these times, extended by the lookback of their points."""
        before = self.cell + LOOKBACK_SECONDS + 2 * self.interval
        return _united((end - before, end + self.interval) for end in set(ends))


def _united(spans: Iterable[Span]) -> list[Span]:
    """Join spans that overlap."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def events(plan: Plan, metrics: Sequence[str], jobs: Iterable[str], ask: Ask) -> set[float]:
    """Return the ends of cells in which a counter fell, a series ended or a start time moved; `metrics` are selectors."""
    wide = promql_duration(plan.cell + 2 * plan.interval)
    queries = [f"(sum(resets({metric}[{wide}])) > 0){plan.inside}" for metric in metrics]
    queries += [
        f"(count(last_over_time({metric}[{wide}])) > (count({metric}) or vector(0))){plan.inside}"
        for metric in metrics
    ]
    named = [job for job in jobs if job]
    if named:
        starts = select(STARTED, (Matcher("job", "=~", one_of(sorted(named))),))
        queries.append(f"(sum(changes({starts}[{wide}])) > 0){plan.inside}")
    answers = side_by_side(partial(_ask_at, ask, plan.window.end), queries)
    return {sample.time for answer in answers for each in answer.series for sample in each.samples}


def points(plan: Plan, selectors: Sequence[str], ask: Ask) -> list[Answer]:
    """Ask for one point per cell and selector."""
    return side_by_side(partial(_ask_at, ask, plan.window.end), [f"{one}{plan.inside}" for one in selectors])


def spans(selectors: Sequence[str], asked: Sequence[Span], ask: Ask) -> list[list[Answer]]:
    """Ask for the raw samples of spans; return one list of answers per selector."""
    pairs = [(selector, span) for selector in selectors for span in asked]
    answers = side_by_side(partial(_ask_span, ask), pairs)
    return [answers[index * len(asked) : (index + 1) * len(asked)] for index in range(len(selectors))]


def _ask_span(ask: Ask, pair: tuple[str, Span]) -> Answer:
    selector, (start, end) = pair
    return ask(f"{selector}[{promql_duration(math.ceil(end - start))}]", at=end)


def _ask_at(ask: Ask, at: float, query: str) -> Answer:
    return ask(query, at=at)


def begins(answers: Iterable[Answer]) -> float:
    """Return the time of the first point of any series; infinite without points."""
    firsts = (
        (each.samples[0].time if each.samples else each.histograms[0].time)
        for answer in answers
        for each in answer.series
        if each.samples or each.histograms
    )
    return min(firsts, default=math.inf)


def changes(plan: Plan, answers: Iterable[Answer], edges: Iterable[Sequence[Answer]]) -> set[float]:
    """Return the ends of cells in which a series came or went, from its points and the raw samples at both edges."""
    found: set[float] = set()
    for answer, ends in zip(answers, edges, strict=True):
        at_start, at_end = ({frozenset(each.labels.items()) for each in one.series} for one in ends)
        seen: dict[frozenset[tuple[str, str]], list[float]] = {
            frozenset(each.labels.items()): _times(each) for each in answer.series
        }
        for key in {*seen, *at_start, *at_end}:
            times = seen.get(key, [])
            begin = times[0] if times else plan.window.start
            finish = times[-1] if times else plan.window.end
            if key not in at_start:
                found.add(begin if times else plan.window.end)
            if key not in at_end:
                found.add(finish + plan.cell)
            if key in at_start and begin > plan.window.start + 2 * plan.cell:
                found |= {plan.window.start + plan.cell, begin}
            if key in at_end and finish < plan.window.end - 2 * plan.cell:
                found |= {finish + plan.cell, plan.window.end}
            for before, now in pairwise(times):
                if now - before > 1.5 * plan.cell:
                    found |= {before + plan.cell, now}
    return found


def _times(series: Series) -> list[float]:
    return [each.time for each in series.samples] or [each.time for each in series.histograms]


def check_size(plan: Plan, asked: Sequence[Span], series: int) -> None:
    """Raise UsageError if too much happened in a window to fetch it raw."""
    samples = sum(end - start for start, end in asked) / plan.interval * series
    if samples > MOST_SAMPLES:
        raise UsageError(
            f"the window of {show(plan.window.seconds, 'seconds')} has {len(asked)} spells of restarts or of series that came and "
            f"went, about {samples:,.0f} samples to count through; choose a shorter window"
        )


def merged(thin: Answer, raw: Sequence[tuple[Span, Answer]]) -> Answer:
    """Join points and raw samples; raw samples take precedence."""
    parts: dict[frozenset[tuple[str, str]], list[Series]] = {}
    covered = _united(span for span, _ in raw)
    starts = [start for start, _ in covered]

    def is_covered(time: float) -> bool:
        index = bisect_right(starts, time) - 1
        return index >= 0 and time <= covered[index][1]

    for each in thin.series:
        kept = replace(
            each,
            samples=tuple(one for one in each.samples if not is_covered(one.time)),
            histograms=tuple(one for one in each.histograms if not is_covered(one.time)),
        )
        parts.setdefault(frozenset(each.labels.items()), []).append(kept)
    for _, answer in raw:
        for each in answer.series:
            parts.setdefault(frozenset(each.labels.items()), []).append(each)
    return Answer(
        kind="matrix",
        series=tuple(_joined(labels, pieces) for labels, pieces in parts.items()),
        warnings=_remarks(thin, raw),
    )


def _joined(labels: frozenset[tuple[str, str]], pieces: Sequence[Series]) -> Series:
    samples = {one.time: one for each in pieces for one in each.samples}
    histograms = {one.time: one for each in pieces for one in each.histograms}
    return Series(
        labels=dict(labels),
        samples=tuple(samples[time] for time in sorted(samples)),
        histograms=tuple(histograms[time] for time in sorted(histograms)),
    )


def _remarks(thin: Answer, raw: Iterable[tuple[Span, Answer]]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys((*thin.warnings, *(remark for _, answer in raw for remark in answer.warnings)))
    )


def counted(plan: Plan, up: str, ask: Ask) -> Mapping[frozenset[tuple[str, str]], Span]:
    """Return the successful and attempted scrapes of each target: labels → (successful, attempted)."""
    length = promql_duration(math.floor(plan.window.seconds))
    answered, tried = side_by_side(
        partial(_ask_at, ask, plan.window.end),
        [f"sum_over_time({up}[{length}])", f"count_over_time({up}[{length}])"],
    )
    amounts = [
        {frozenset(each.labels.items()): each.samples[-1].value for each in answer.series if each.samples}
        for answer in (answered, tried)
    ]
    return {key: (amounts[0].get(key, 0.0), amount) for key, amount in amounts[1].items()}
