"""Convert native histograms to classic ones: cumulative counts at the edges that all scrapes share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import pairwise

from leadline.base.units import MOST_DIGITS, clean, plain
from leadline.signals.samples import Answer, Histogram, Sample, Series


def as_classic(answer: Answer) -> Answer:
    """Replace every native series with `_bucket`, `_sum` and `_count` series of the same labels.

    Use the edges of all buckets that were ever filled, so that series can be added. If the resolution was reduced, drop edges
    inside a bucket of some scrape, because the count up to them is unknown. If a histogram exists in both forms, drop the
    classic one, which counts the same requests.
    """
    if not any(series.histograms for series in answer.series):
        return answer
    edges = _edges(answer)
    natives = {_origin(series) for series in answer.series if series.histograms}
    series = (
        each
        for one in answer.series
        if one.histograms or _origin(one) not in natives
        for each in (_parts(one, edges) if one.histograms else (one,))
    )
    return replace(answer, series=tuple(series))


def _origin(series: Series) -> frozenset[tuple[str, str]]:
    return frozenset(item for item in series.labels.items() if item[0] not in ("__name__", "le"))


def in_base_units(answer: Answer, scale: Decimal) -> Answer:
    """Convert sums, edges and summary quantiles to base units; the metric's unit is `scale` of them."""
    if scale == 1 and not any(_is_noisy(series.labels.get("le", "")) for series in answer.series):
        return answer
    return replace(answer, series=tuple(_scaled(series, scale) for series in answer.series))


def _is_noisy(edge: str) -> bool:
    """Return whether an edge has float artefacts, such as 0.30000000000000004."""
    return len(edge) > MOST_DIGITS


def _scaled(series: Series, scale: Decimal) -> Series:
    labels, name = series.labels, series.labels.get("__name__", "")
    if labels.get("le", "+Inf") != "+Inf":
        labels = {**labels, "le": plain(clean(Decimal(labels["le"])) * scale)}
    if "le" in labels or name.endswith("_count"):
        return replace(series, labels=labels)
    factor = float(scale)
    return replace(series, samples=tuple(Sample(each.time, each.value * factor) for each in series.samples))


def _parts(series: Series, edges: list[float]) -> Iterator[Series]:
    name = series.labels.get("__name__", "")
    restarts = tuple(now.time for before, now in pairwise(series.histograms) if now.count < before.count)

    def part(suffix: str, value: Callable[[Histogram], float], **labels: str) -> Series:
        return Series(
            labels={**series.labels, "__name__": name + suffix, **labels},
            samples=tuple(Sample(each.time, value(each)) for each in series.histograms),
            restarts=restarts,
        )

    yield part("_count", lambda each: each.count)
    yield part("_sum", lambda each: each.sum)
    for edge in (*edges, math.inf):
        yield part("_bucket", partial(_below, edge), le="+Inf" if math.isinf(edge) else repr(edge))


def _edges(answer: Answer) -> list[float]:
    """Return all positive edges that are not inside a bucket of any scrape."""
    buckets = {
        (lower, upper)
        for series in answer.series
        for each in series.histograms
        for upper, lower, count in each.buckets
        if count
    }
    edges = sorted({edge for bucket in buckets for edge in bucket if 0 < edge < math.inf})
    return [edge for edge in edges if not any(lower < edge < upper for lower, upper in buckets)]


def _below(edge: float, histogram: Histogram) -> float:
    if math.isinf(edge):
        return histogram.count
    return sum(count for upper, _, count in histogram.buckets if upper <= edge)
