"""Instruments: the counters and histograms that a signal is read from, with labels normalised."""

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
"""The instruments that dashboards, rules and most signals are read from, and the unit of each."""
STEPS = 40
NATIVE_PARTS = {"native_sum": "histogram_sum", "native_count": "histogram_count"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One metric as one service exposes it: resolved from profile and catalog.

    metric      the name in Prometheus; of a histogram, the name without _bucket, _sum, _count
    kind        counter | histogram | summary | gauge; bucket is the kind of a histogram's `_bucket`
    unit        see `leadline.catalog.profiles.INSTRUMENTS`
    matchers    the selector and the exclusions
    buckets     upper edges in `unit`, without +Inf; empty where unknown
    raw_edges   how the metric writes edges that show how a float was computed: (0.3, "0.30000000000000004")
    bad         RE2 expression over the status label: what counts as an error
    constant    the value itself, where the catalog gives it in place of a metric
    scale       how many of `unit` one of the metric's own units is: 0.001 where it counts milliseconds
    names       several metrics that count one instrument, as (value of the label that the name tells, metric)
    expression  PromQL in place of a metric, for a gauge; $selector in it stands for the matchers
    failed      the counter of failures, where they are counted apart and not told by a label
    native      whether a histogram is a native one: one series, without _bucket, _sum and _count
    cached      of tokens: "none" where no cached ones are among the input tokens; empty where nobody says so
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
        """The suffix of the series that are there whenever it is: `_count` of a classic distribution."""
        return "_count" if self.is_distribution and not self.native else ""

    @property
    def knows_buckets(self) -> bool:
        """Whether its buckets can be recorded in base units: those of another unit only where their edges are known."""
        return self.kind == "histogram" and not self.native and (self.scale == 1 or bool(self.buckets))

    @property
    def tells_errors(self) -> bool:
        """Whether failures can be told from the rest."""
        return self.failed is not None or self.has("status")

    def is_failure(self, labels: Mapping[str, str]) -> bool:
        """Return whether a series counts failures, by its status; what a missing label stands for is none."""
        status = self.label("status")
        raw = status.raw(labels) if status else None
        return status is not None and raw is not None and regex.matches(self.bad, status.renamed(raw))

    def value(self, name: str, labels: Mapping[str, str]) -> str:
        """Return a normalised label of one series as rules record it (`status_class` too); empty if it has none."""
        return value(name, _label_for(self, name), labels)

    def select(self, *more: Matcher, suffix: str = "") -> str:
        """Write the selector of this instrument's series."""
        matchers = (*self.matchers, *more)
        if self.expression:
            return f"({self.expression.replace('$selector', ', '.join(map(str, matchers)))})"
        if self.names:
            return select("", (Matcher(NAME, "=~", one_of(metric for _, metric in self.names)), *matchers))
        return select(self.metric + suffix, matchers)

    def over(self, duration: str) -> str:
        """Write what gives the raw samples of a duration; of an expression, its values at forty steps of it."""
        if not self.expression:
            return f"{self.select()}[{duration}]"
        step = max(1, round(seconds(duration) / STEPS))
        return f"{self.select()}[{duration}:{step}s]"

    def select_parts(self, *suffixes: str) -> str:
        """Write the selector of several components of a histogram at once, so that they come from the same scrapes.

        The empty suffix stands for the series of the plain name: a native histogram, or a summary's own quantiles.
        """
        names = Matcher("__name__", "=~", one_of(self.metric + suffix for suffix in suffixes))
        return select("", (names, *self.matchers))

    def part(self, suffix: str) -> Instrument:
        """Return one component of a histogram (`_bucket`, `_sum`, `_count`) as a counter; of a native one, what takes it out."""
        if self.native:
            return replace(
                self, kind=f"native{suffix}", scale=Decimal(1) if suffix == "_count" else self.scale
            )
        kind = "bucket" if suffix == "_bucket" else "counter"
        scale = Decimal(1) if suffix == "_count" else self.scale
        return replace(self, metric=self.metric + suffix, kind=kind, scale=scale)

    @property
    def known_edges(self) -> tuple[Matcher, ...]:
        """What selects the buckets whose edges can be written in base units; nothing where all of them can.

        Edges that are not listed would stay in the metric's own unit among the others; without them the rest is still
        cumulative.
        """
        if self.scale >= 1 or not self.buckets:
            return ()
        written = [le_matcher(self.raw_edge(edge)) for edge in self.buckets]
        patterns = [each.value if each.operator == "=~" else literal(each.value) for each in written]
        return (Matcher("le", "=~", "|".join((*patterns, literal("+Inf")))),)

    def raw_edge(self, edge: Decimal) -> str:
        """Write a bucket's edge as the metric's own `le` has it."""
        return dict(self.raw_edges).get(edge) or plain(edge / self.scale)


def rate(instrument: Instrument, window: str, by: tuple[str, ...] = (), *, keep: tuple[str, ...] = ()) -> str:
    """Write the per-second rate over a window, summed by normalised labels, and by those to `keep` as they are.

    Labels are summed under their own names first, so that renaming can never make two series collide.
    """
    edges = instrument.known_edges if "le" in by else ()
    return _normalised(instrument, _each(instrument, "rate", window, *edges), by, keep)


def increase(instrument: Instrument, window: str, *, keep: tuple[str, ...] = ()) -> str:
    """Write the increase over a window as everyone does: extrapolated, so not a count."""
    return sum_by(keep, _each(instrument, "increase", window))


def restarts(instrument: Instrument, window: str) -> str:
    """Write how often, in a window, the counter of one series began again: the most that any series did."""
    return sum_by((), _each(instrument, "resets", window), "max")


def total(instrument: Instrument) -> str:
    """Write the sum of a gauge over its series, in base units; or the value that the catalog gives."""
    if instrument.constant is not None:
        return plain(instrument.constant)
    whole = f"sum({instrument.select()})"
    return whole if instrument.scale == 1 else f"{plain(instrument.scale)} * {whole}"


def _each(instrument: Instrument, function: str, window: str, *more: Matcher) -> str:
    """Write a function over a window of each series, in base units.

    Metrics that count one instrument together are told apart by a label, so that no series hides another's.
    """
    if instrument.names:
        split = next(label.name for label in instrument.labels if label.is_name)
        alone = (
            (told, replace(instrument, metric=metric, names=(), scale=Decimal(1)))
            for told, metric in instrument.names
        )
        parts = (
            label_replace(_each(each, function, window, *more), split, literal_replacement(told), "", "")
            for told, each in alone
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
    """Write the rate of requests that count as errors; 0 where there is traffic with a status and no error."""
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
    """Write the rate of requests that count as errors; nothing where none has been counted."""
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
    """Return what each bucket's edge is called in base units, by the expression that matches it: PromQL cannot compute labels."""
    if instrument.scale >= 1:
        return ()
    found = []
    for edge in instrument.buckets:
        raw = le_matcher(instrument.raw_edge(edge))
        found.append((raw.value if raw.operator == "=~" else literal(raw.value), plain(edge)))
    return tuple(found)


def _label_for(instrument: Instrument, name: str) -> Label | None:
    return instrument.label("status" if name == STATUS_CLASS else name)
