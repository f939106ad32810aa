"""Instruments: the counters and histograms that a signal is read from, with labels normalised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from signals.promql import Matcher, call, literal, one_of, select, sum_by

GOLDEN = {"requests": "requests", "latency": "seconds", "tokens": "tokens", "cost": "usd"}
"""The instruments that dashboards, rules and most signals are read from, and the unit of each."""
STATUS_CLASS = "status_class"
NO_ROUTE = "(none)"
"""The route of requests that carry none, so that a choice of all routes leaves none of them out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A normalised label and the names it may have on the metric; the first one present counts.

    `values` renames values, as (as exposed, normalised) pairs.
    """

    name: str
    sources: tuple[str, ...]
    values: tuple[tuple[str, str], ...] = ()

    def read(self, labels: Mapping[str, str]) -> str | None:
        """Give the normalised value on one series, or None where no source is present."""
        for source in self.sources:
            if labels.get(source):
                return dict(self.values).get(labels[source], labels[source])
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One metric as one service exposes it: resolved from profile and catalog.

    metric    the name in Prometheus; of a histogram, the name without _bucket, _sum, _count
    kind      counter | histogram | gauge
    unit      see `signals.profiles.INSTRUMENTS`
    matchers  the selector and the exclusions
    buckets   upper edges in `unit`, as written, without +Inf; empty where unknown
    bad       RE2 expression over the status label: what counts as an error
    constant  the value itself, where the catalog gives it in place of a metric
    """

    name: str
    metric: str
    kind: str
    unit: str
    labels: tuple[Label, ...] = ()
    matchers: tuple[Matcher, ...] = ()
    buckets: tuple[Decimal, ...] = ()
    bad: str = ""
    constant: Decimal | None = None

    def label(self, name: str) -> Label | None:
        return next((label for label in self.labels if label.name == name), None)

    def has(self, *names: str) -> bool:
        return all(self.label(name) for name in names)

    def select(self, *more: Matcher, suffix: str = "") -> str:
        """Write the selector of this instrument's series."""
        return select(self.metric + suffix, (*self.matchers, *more))

    def select_parts(self, *suffixes: str) -> str:
        """Write the selector of several components of a histogram at once, so that they come from the same scrapes.

        The empty suffix stands for the series of the plain name: a native histogram, or a summary's own quantiles.
        """
        names = Matcher("__name__", "=~", one_of(self.metric + suffix for suffix in suffixes))
        return select("", (names, *self.matchers))

    def part(self, suffix: str) -> Instrument:
        """Give one component of a histogram (`_bucket`, `_sum`, `_count`) as a counter."""
        return replace(self, metric=self.metric + suffix, kind="counter")


def rate(instrument: Instrument, window: str, by: tuple[str, ...] = (), *, keep: tuple[str, ...] = ()) -> str:
    """Write the per-second rate over a window, summed by normalised labels, and by those to `keep` as they are.

    Labels are summed under their own names first, so that renaming can never make two series collide.
    """
    return _normalised(instrument, f"rate({instrument.select()}[{window}])", by, keep)


def increase(instrument: Instrument, window: str, *, keep: tuple[str, ...] = ()) -> str:
    """Write the increase over a window as everyone does: extrapolated, so not a count."""
    return sum_by(keep, f"increase({instrument.select()}[{window}])")


def error_rate(
    instrument: Instrument, window: str, by: tuple[str, ...] = (), *, keep: tuple[str, ...] = ()
) -> str:
    """Write the rate of requests that count as errors; 0 where there is traffic with a status and no error."""
    status = instrument.label("status")
    if status is None:
        raise ValueError(f"{instrument.metric} has no status label")
    bad, known = [], []
    for index, source in enumerate(status.sources):
        earlier = tuple(Matcher(name, "=", "") for name in status.sources[:index])
        bad.append(f"rate({instrument.select(*earlier, Matcher(source, '=~', instrument.bad))}[{window}])")
        known.append(f"rate({instrument.select(*earlier, Matcher(source, '!=', ''))}[{window}])")
    errors = _normalised(instrument, "\nor\n".join(bad), by, keep)
    traffic = _normalised(instrument, "\nor\n".join(known), by, keep)
    return f"{errors}\nor\n0 * {traffic}"


def _normalised(instrument: Instrument, expression: str, by: tuple[str, ...], keep: tuple[str, ...]) -> str:
    wanted = [(name, _label_for(instrument, name)) for name in by]
    sources = [source for _, label in wanted if label for source in label.sources]
    sources += [*(("le",) if "le" in by else ()), *keep]
    inner = sum_by(dict.fromkeys(sources), expression)
    renamed = inner
    for name, label in wanted:
        renamed = _rename(renamed, name, label)
    if "route" in by:
        renamed = call("label_replace", renamed, f'"route", "{NO_ROUTE}", "route", ""')
    return inner if renamed == inner else sum_by((*by, *keep), renamed)


def _label_for(instrument: Instrument, name: str) -> Label | None:
    return instrument.label("status" if name == STATUS_CLASS else name)


def _rename(expression: str, name: str, label: Label | None) -> str:
    """Copy the sources of a label, least preferred first, under its normalised name."""
    if label is None:
        return expression
    for source in reversed(label.sources):
        if name == STATUS_CLASS:
            expression = call("label_replace", expression, f'"{name}", "${{1}}xx", "{source}", "([1-5]).*"')
        elif source != name:
            expression = call("label_replace", expression, f'"{name}", "$1", "{source}", "(.+)"')
    for exposed, normal in label.values:
        pattern = literal(exposed).replace("\\", "\\\\")
        expression = call("label_replace", expression, f'"{name}", "{normal}", "{name}", "{pattern}"')
    return expression
