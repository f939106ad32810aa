"""A Prometheus made of values: answers range selectors from samples that a test wrote down."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import promql_parser

from leadline.signals.samples import Answer, Sample, Series

Points = Sequence[tuple[float, float]]


@dataclass
class History:
    """Holds series; `ask` reads selectors and range selectors of them, as Prometheus 2 does (closed ranges)."""

    series: list[tuple[dict[str, str], Points]] = field(default_factory=list)
    now: float = 250.0

    def add(self, name: str, points: Points, /, **labels: str) -> None:
        self.series.append(({"__name__": name, "job": "web", "instance": "a:1", **labels}, points))

    def scraped(self, times: Sequence[float], /, **labels: str) -> None:
        self.add("up", [(time, 1) for time in times], **labels)

    def ask(self, query: str, *, at: float | None = None) -> Answer:
        tree = promql_parser.parse(query)
        if isinstance(tree, promql_parser.MatrixSelector):
            start = (at or 0) - tree.range.total_seconds()
            found = self._matching(tree.vector_selector, start, at or 0)
            return Answer(kind="matrix", series=tuple(found))
        moment = self.now if at is None else at
        if isinstance(tree, promql_parser.VectorSelector):
            newest = (
                Series(labels=each.labels, samples=each.samples[-1:])
                for each in self._matching(tree, moment - 300, moment)
            )
            return Answer(kind="vector", series=tuple(newest))
        if isinstance(tree, promql_parser.AggregateExpr) and isinstance(
            tree.expr, promql_parser.VectorSelector
        ):
            by = tree.modifier.labels if tree.modifier else []
            groups = {
                tuple((name, each.labels.get(name, "")) for name in by)
                for each in self._matching(tree.expr, moment - 300, moment)
            }
            return Answer(kind="vector", series=tuple(Series(labels=dict(g), samples=()) for g in groups))
        return Answer(kind="vector", series=())

    def _matching(
        self, selector: promql_parser.VectorSelector, start: float, end: float
    ) -> tuple[Series, ...]:
        conditions = {matcher.name: matcher for matcher in selector.matchers.matchers}
        found = []
        for labels, points in self.series:
            if selector.name and labels["__name__"] != selector.name:
                continue
            if not all(_holds(matcher, labels) for matcher in conditions.values()):
                continue
            samples = tuple(Sample(time, value) for time, value in points if start <= time <= end)
            if samples:
                found.append(Series(labels=labels, samples=samples))
        return tuple(found)


def _holds(matcher: promql_parser.Matcher, labels: Mapping[str, str]) -> bool:
    value = labels.get(matcher.name, "")
    return {
        "MatchOp.Equal": value == matcher.value,
        "MatchOp.NotEqual": value != matcher.value,
        "MatchOp.Re": re.fullmatch(matcher.value, value) is not None,
        "MatchOp.NotRe": re.fullmatch(matcher.value, value) is None,
    }[str(matcher.op)]


def steady(
    start: float, end: float, step: float, per_second: float, first: float = 0
) -> list[tuple[float, float]]:
    """Return the samples of a counter that grows evenly."""
    count = int((end - start) / step)
    return [(start + index * step, first + per_second * index * step) for index in range(count + 1)]
