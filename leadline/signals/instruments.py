"""Instruments: the metrics behind the signals, with labels normalised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from leadline.base.units import duration as seconds
from leadline.base.units import plain

from . import regex
from .labels import NAME, STATUS_CLASS, Label, literal_replacement, normalised, value
from .promql import Matcher, label_replace, le_matcher, literal, one_of, select, sum_by

GOLDEN = {"requests": "requests", "latency": "seconds", "tokens": "tokens", "cost": "usd"}
"""The instruments behind dashboards, rules and most signals, with their units."""
STEPS = 40
NATIVE_PARTS = {"native_sum": "histogram_sum", "native_count": "histogram_count"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A metric as one service exposes it, resolved from profile and catalog.

    metric      the name in Prometheus; for a histogram, without _bucket, _sum, _count
    kind        counter | histogram | summary | gauge | bucket (a histogram's `_bucket`)
    unit        see `leadline.catalog.profiles.INSTRUMENTS`
    matchers    selector and exclusions
    buckets     upper edges in `unit`, without +Inf; empty if unknown
    raw_edges   edges with float artefacts, as the metric writes them: (0.3, "0.30000000000000004")
    bad         RE2 expression for status values that count as errors
    constant    a value from the catalog instead of a metric
    scale       factor from the metric's unit to `unit`: 0.001 for milliseconds
    names       metrics that together count one instrument, as (label value implied by the name, metric)
    expression  PromQL instead of a metric, for a gauge; $selector stands for the matchers
    failed      a separate counter of failures, if no label identifies them
    native      whether it is a native histogram: one series, without _bucket, _sum and _count
    cached      for tokens: "none" if input tokens exclude cached ones; empty if unknown
    """

    name: str
    metric: str
    kind: str
    unit: str
    labels: tuple[Label, ...] = ()
    matchers: tuple[Matcher, ...] = ()
    buckets: tuple[Decimal, ...] = ()
    raw_edges: tuple[tuple[Decimal, str], ...] = ()
    bad: str = ""
    constant: Decimal | None = None
    scale: Decimal = Decimal(1)
    names: tuple[tuple[str, str], ...] = ()
    expression: str = ""
    failed: Instrument | None = None
    native: bool = False
    cached: str = ""

    def label(self, name: str) -> Label | None:
        return next((label for label in self.labels if label.name == name), None)

    def has(self, *names: str) -> bool:
        return all(self.label(name) for name in names)

    @property
    def is_distribution(self) -> bool:
        """Whether it has a `_sum` and a `_count`."""
        return self.kind in ("histogram", "summary")

    @property
    def count_suffix(self) -> str:
        """Suffix of the series that always exist: `_count` for a classic distribution."""
        return "_count" if self.is_distribution and not self.native else ""

    @property
    def knows_buckets(self) -> bool:
        """Whether its buckets can be recorded in base units; if they need scaling, their edges must be known."""
        return self.kind == "histogram" and not self.native and (self.scale == 1 or bool(self.buckets))

    @property
    def tells_errors(self) -> bool:
        """Whether the metric distinguishes failures."""
        return self.failed is not None or self.has("status")

    def is_failure(self, labels: Mapping[str, str]) -> bool:
        """Return whether a series counts failures, by its status. A missing status label is not a failure."""
        status = self.label("status")
        raw = status.raw(labels) if status else None
        return status is not None and raw is not None and regex.matches(self.bad, status.renamed(raw))

    def value(self, name: str, labels: Mapping[str, str]) -> str:
        """Return a normalised label of one series as rules record it (`status_class` too); empty if it has none."""
        return value(name, _label_for(self, name), labels)

    def select(self, *more: Matcher, suffix: str = "") -> str:
        """Write the selector of the instrument's series."""
        matchers = (*self.matchers, *more)
        if self.expression:
            return f"({self.expression.replace('$selector', ', '.join(map(str, matchers)))})"
        if self.names:
            return select("", (Matcher(NAME, "=~", one_of(metric for _, metric in self.names)), *matchers))
        return select(self.metric + suffix, matchers)

    def over(self, duration: str) -> str:
        """Write a range selector for raw samples; for an expression, a subquery with forty steps."""
        if not self.expression:
            return f"{self.select()}[{duration}]"
        step = max(1, round(seconds(duration) / STEPS))
        return f"{self.select()}[{duration}:{step}s]"

    def select_parts(self, *suffixes: str) -> str:
        """Write one selector for several components of a histogram, so that they come from the same scrapes.

        The empty suffix selects the plain name: a native histogram, or a summary's own quantiles.
        """
        names = Matcher("__name__", "=~", one_of(self.metric + suffix for suffix in suffixes))
        return select("", (names, *self.matchers))

    def part(self, suffix: str) -> Instrument:
        """Return a histogram component (`_bucket`, `_sum`, `_count`) as a counter; a native one is read with a function."""
        if self.native:
            return replace(
                self, kind=f"native{suffix}", scale=Decimal(1) if suffix == "_count" else self.scale
            )
        kind = "bucket" if suffix == "_bucket" else "counter"
        scale = Decimal(1) if suffix == "_count" else self.scale
        return replace(self, metric=self.metric + suffix, kind=kind, scale=scale)

    @property
    def known_edges(self) -> tuple[Matcher, ...]:
        """Matchers for the buckets whose edges can be written in base units; empty if all can.

        Unlisted edges would keep the metric's own unit. Without them the rest is still cumulative.
        """
        if self.scale >= 1 or not self.buckets:
            return ()
        written = [le_matcher(self.raw_edge(edge)) for edge in self.buckets]
        patterns = [each.value if each.operator == "=~" else literal(each.value) for each in written]
        return (Matcher("le", "=~", "|".join((*patterns, literal("+Inf")))),)

    def raw_edge(self, edge: Decimal) -> str:
        """Write a bucket's edge as in the metric's own `le`."""
        return dict(self.raw_edges).get(edge) or plain(edge / self.scale)


def rate(instrument: Instrument, window: str, by: tuple[str, ...] = (), *, keep: tuple[str, ...] = ()) -> str:
    """Write the per-second rate over a window, summed by normalised labels and the raw labels in `keep`.

    Sum by the raw labels before renaming, so that two series can never collide.
    """
    edges = instrument.known_edges if "le" in by else ()
    return _normalised(instrument, _each(instrument, "rate", window, *edges), by, keep)


def increase(instrument: Instrument, window: str, *, keep: tuple[str, ...] = ()) -> str:
    """Write `increase` over a window: extrapolated, so not an exact count."""
    return sum_by(keep, _each(instrument, "increase", window))


def restarts(instrument: Instrument, window: str) -> str:
    """Write the most counter resets of any one series in a window."""
    return sum_by((), _each(instrument, "resets", window), "max")


def total(instrument: Instrument) -> str:
    """Write the sum of a gauge over its series, in base units; or the catalog's constant."""
    if instrument.constant is not None:
        return plain(instrument.constant)
    whole = f"sum({instrument.select()})"
    return whole if instrument.scale == 1 else f"{plain(instrument.scale)} * {whole}"


def _each(instrument: Instrument, function: str, window: str, *more: Matcher) -> str:
    """Write a function over a window of each series, in base units.

    If several metrics count one instrument, each gets a label, so that none hides another's series.
    """
    if instrument.names:
        split = next(label.name for label in instrument.labels if label.is_name)
        alone = (
            (label_value, replace(instrument, metric=metric, names=(), scale=Decimal(1)))
            for label_value, metric in instrument.names
        )
        parts = (
            label_replace(
                _each(each, function, window, *more), split, literal_replacement(label_value), "", ""
            )
            for label_value, each in alone
        )
        return "\nor\n".join(parts)
    plainly = f"{function}({instrument.select(*more)}[{window}])"
    if instrument.kind in NATIVE_PARTS:
        plainly = f"{NATIVE_PARTS[instrument.kind]}({plainly})"
    scaled = instrument.scale != 1 and instrument.kind not in ("bucket", "native_bucket")
    return f"{plain(instrument.scale)} * {plainly}" if scaled else plainly


def error_rate(
    instrument: Instrument, window: str, by: tuple[str, ...] = (), *, keep: tuple[str, ...] = ()
) -> str:
    """Write the error rate; 0 for traffic that has a status and no errors."""
    status = instrument.label("status")
    if status is None or status.default:
        traffic = rate(instrument, window, by, keep=keep)
    else:
        known = (
            _each(instrument, "rate", window, *earlier, Matcher(source, "!=", ""))
            for source, earlier in status.in_turn()
        )
        traffic = _normalised(instrument, "\nor\n".join(known), by, keep)
    return f"{errors_alone(instrument, window, by, keep=keep)}\nor\n0 * {traffic}"


def errors_alone(
    instrument: Instrument, window: str, by: tuple[str, ...] = (), *, keep: tuple[str, ...] = ()
) -> str:
    """Write the error rate; no result before the first error."""
    status = instrument.label("status")
    if status is None:
        if instrument.failed is None:
            raise ValueError(f"{instrument.metric} has no status label")
        return rate(instrument.failed, window, by, keep=keep)
    bad = (
        _each(instrument, "rate", window, *earlier, *status.matching(source, instrument.bad))
        for source, earlier in status.in_turn()
    )
    return _normalised(instrument, "\nor\n".join(bad), by, keep)


def _normalised(instrument: Instrument, expression: str, by: tuple[str, ...], keep: tuple[str, ...]) -> str:
    wanted = [(name, _label_for(instrument, name)) for name in by if name != "le"]
    sources = [
        source
        for _, label in wanted
        if label
        for source in ((label.name,) if label.is_name else label.sources)
    ]
    edges = ("le",) if "le" in by else ()
    inner = sum_by(dict.fromkeys((*sources, *edges, *keep)), expression)
    renamed_edges = _renamed_edges(instrument) if edges else ()
    return normalised(inner, wanted, renamed_edges, (*(() if renamed_edges else edges), *keep))


def _renamed_edges(instrument: Instrument) -> tuple[tuple[str, str], ...]:
    """Return (RE2 expression for an edge, that edge in base units): PromQL cannot compute labels."""
    if instrument.scale >= 1:
        return ()
    found = []
    for edge in instrument.buckets:
        raw = le_matcher(instrument.raw_edge(edge))
        found.append((raw.value if raw.operator == "=~" else literal(raw.value), plain(edge)))
    return tuple(found)


def _label_for(instrument: Instrument, name: str) -> Label | None:
    return instrument.label("status" if name == STATUS_CLASS else name)
