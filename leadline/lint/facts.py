"""Facts about the Prometheus to check against; each query is asked once."""

from __future__ import annotations

import difflib
import heapq
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from leadline.base.errors import LeadlineError, QueryRejectedError
from leadline.signals.inventory import Inventory, Look
from leadline.signals.promql import Matcher, select
from leadline.signals.samples import Answer

from .model import Recorded

SYNTHETIC = frozenset(
    ("up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling",
     "scrape_series_added", "ALERTS", "ALERTS_FOR_STATE")
)  # fmt: skip
"""Series that Prometheus writes itself; those of alerts exist only while alerts are active."""
MOST_QUESTIONS = 5000
"""Maximum queries of one check; the rest is not checked, and a finding says so."""


class SpentError(LeadlineError):
    """The maximum queries of a check are used up."""


@dataclass
class Facts:
    """Cached answers.

    recorded  recordings of the checked rule files, by name
    at        time of the queries; None for now
    """

    look: Look
    inventory: Inventory
    recorded: Mapping[str, Recorded] = field(default_factory=dict)
    at: float | None = None
    asked: int = 0
    _counts: dict[str, float | str] = field(default_factory=dict)
    _labels: dict[str, frozenset[str]] = field(default_factory=dict)
    _values: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    _answers: dict[str, Answer] = field(default_factory=dict)

    def exists(self, metric: str) -> bool:
        """Return whether a metric has series, or is written by these rule files or by Prometheus itself."""
        return metric in self.inventory.names or metric in self.recorded or metric in SYNTHETIC

    def nearest(self, metric: str) -> tuple[str, ...]:
        """Return the most similar metric names; those that differ only by a common suffix first."""
        endings = [metric + end for end in ("_total", "_count", "_seconds", "_bytes")]
        endings += [metric.removesuffix(end) for end in ("_total", "_count") if metric.endswith(end)]
        close = [each for each in endings if each in self.inventory.names]
        pool = heapq.nlargest(MOST_LIKE, self.inventory.names, key=lambda name: _alike(name, metric))
        return tuple(dict.fromkeys([*close, *difflib.get_close_matches(metric, pool, n=3, cutoff=0.75)]))[:3]

    def count(self, query: str) -> float | str:
        """Return how many series a query returns; the error message if the server rejects it."""
        if query not in self._counts:
            try:
                answer = self.ask(f"count({query})")
            except QueryRejectedError as error:
                self._counts[query] = str(error).split("refused the query: ", 1)[-1]
            else:
                values = [sample.value for series in answer.series for sample in series.samples]
                self._counts[query] = values[0] if values else 0.0
        return self._counts[query]

    def ask(self, query: str) -> Answer:
        if query not in self._answers:
            self._spend()
            self._answers[query] = self.look.ask(query, at=self.at)
        return self._answers[query]

    def labels(self, metric: str) -> frozenset[str] | None:
        """Return the labels of a metric's series; None if it has no series."""
        if metric not in self.inventory.names:
            return None
        if metric not in self._labels:
            self._spend()
            self._labels[metric] = frozenset(self.look.label_names(select(metric))) - {"__name__"}
        return self._labels[metric]

    def values(self, metric: str, label: str) -> tuple[str, ...]:
        """Return the values of a label on a metric's series."""
        if (metric, label) not in self._values:
            self._spend()
            self._values[metric, label] = self.look.label_values(label, select(metric))
        return self._values[metric, label]

    def last_edge(self, bucket_metric: str) -> float | None:
        """Return the highest finite bucket edge of a histogram; None if there is none."""
        edges = [each for each in map(_number, self.values(bucket_metric, "le")) if math.isfinite(each)]
        return max(edges, default=None)

    def type_of(self, metric: str) -> str:
        """Return a metric's type; if it is not declared, infer it from the samples: a series that often falls is a gauge."""
        if re.search(r":[^:]*(rate|ratio|irate)[^:]*$", metric):
            return "gauge"  # a recorded rate, by the convention level:metric:operations
        declared = self.inventory.type_of(metric)
        if declared or metric in self.recorded or metric not in self.inventory.names:
            return declared
        falls = self.largest(f"max(resets({select(metric)}[1h]))")
        return "gauge" if falls is not None and falls >= FALLS else ""

    def largest(self, query: str) -> float | None:
        """Return the largest value of a query; None if it has no result or is rejected."""
        try:
            answer = self.ask(query)
        except QueryRejectedError:
            return None
        values = [sample.value for series in answer.series for sample in series.samples]
        return max((each for each in values if math.isfinite(each)), default=None)

    def interval(self, jobs: Iterable[str]) -> float | None:
        """Return the shortest scrape interval of some jobs; of all jobs if none is named."""
        wanted = [self.inventory.intervals[job] for job in jobs if job in self.inventory.intervals]
        return min(wanted, default=None)

    def _spend(self) -> None:
        self.asked += 1
        if self.asked > MOST_QUESTIONS:
            raise SpentError(
                f"{MOST_QUESTIONS} questions were asked; the rest is not checked, check fewer files at a time"
            )


MOST_LIKE = 300
"""Number of names to compare letter by letter, those with the most similar beginning and end."""


def _alike(name: str, other: str) -> int:
    """Return common leading and trailing letters of two names, minus their difference in length."""
    return _begins(name, other) + _begins(name[::-1], other[::-1]) - abs(len(name) - len(other))


def _begins(one: str, other: str) -> int:
    """Return the length of the common prefix."""
    return next(
        (index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


FALLS = 5
"""A series that fell this often within an hour is not a counter."""


def holds(matcher: Matcher, value: str) -> bool | None:
    """Return whether a label's value satisfies a matcher; None if its regular expression is unreadable."""
    try:
        return matcher.holds(value)
    except ValueError:
        return None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
