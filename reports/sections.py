"""A report's parts in reading order, as values: what the text and the Markdown renderer both write."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from reports.model import MET, MISSED, UNDECIDED, Comparison, Reading, Report, ServiceReport
from reports.window import utc
from signals.units import promql_duration, show

SYMBOL = {MET: "✓", MISSED: "✗", UNDECIDED: "?"}
COST = ("tokens", "cost")
"""What the signals of the cost section begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled part: lines, then a table (head and rows) where there is one."""

    title: str
    lines: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def sections(report: Report) -> Iterator[Section]:
    """Give the parts of a report: head, verdicts first, results, comparison, cost, evidence, how to see it live."""
    yield _head(report)
    several = len(report.services) > 1
    for service in report.services:
        prefix = f"{service.name}: " if several else ""
        for section in _service(service):
            yield Section(
                title=prefix + section.title if prefix else section.title,
                lines=section.lines,
                head=section.head,
                rows=section.rows,
            )
    if report.links:
        yield Section(
            title="See it live", lines=tuple(f"{topic}: {url}" for topic, url in report.links.items())
        )


def _head(report: Report) -> Section:
    window = report.window
    names = ", ".join(f"{service.name} ({service.profile})" for service in report.services)
    lines = [
        f"services  {names}",
        f"window    {utc(window.start)} to {utc(window.end)} ({_span(window.seconds)}; {window.chosen})",
        f"local     {_local(window.start)} to {_local(window.end)}",
    ]
    if window.is_load:
        span = _span(window.rate_seconds)
        lines.append(
            f"load      {utc(window.rate_start)} to {utc(window.rate_end)} ({span}); rates are over it"
        )
    if report.source:
        lines.append(f"source    {report.source}")
    return Section(title=f"{report.project}: snapshot", lines=tuple(lines))


def _span(seconds: float) -> str:
    return promql_duration(seconds) if seconds == int(seconds) else show(seconds, "seconds")


def _local(time: float) -> str:
    return datetime.fromtimestamp(time).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def _service(service: ServiceReport) -> Iterator[Section]:
    judged = tuple(reading for reading in service.readings if reading.verdict)
    if judged:
        yield Section(title="Targets", rows=tuple(_verdict(reading) for reading in judged))
    else:
        yield Section(
            title="Targets", lines=("none is judged: the catalog names no target that applies here",)
        )
    yield _figures("Results", [r for r in service.readings if not r.signal.startswith(COST)])
    yield _comparisons(service)
    yield _figures("Cost", [r for r in service.readings if r.signal.startswith(COST)])
    yield Section(title="Evidence", lines=service.evidence or ("none: no series was found",))
    if service.remarks:
        yield Section(title="Remember", lines=service.remarks)


def _verdict(reading: Reading) -> tuple[str, ...]:
    symbol = SYMBOL[str(reading.verdict)]
    goal = show(reading.target or 0, reading.unit)
    relation = "≥" if reading.floor else "≤"
    if reading.verdict == MISSED:
        relation = "<" if reading.floor else ">"
    value = _value(reading)
    if reading.verdict == UNDECIDED:
        relation = "?"
    return symbol, reading.signal, f"{value} {relation} {goal}", reading.reason


def _value(reading: Reading) -> str:
    if reading.value is not None:
        return show(reading.value, reading.unit)
    return f"> {show(reading.lower, reading.unit)}" if reading.lower and reading.unbounded else "no data"


def _figures(title: str, readings: list[Reading]) -> Section:
    """Lay out figures; those for the same reason without data share a line."""
    rows = tuple(_figure(reading) for reading in readings if _has_figure(reading))
    reasons: dict[str, list[str]] = {}
    for reading in readings:
        if not _has_figure(reading):
            reasons.setdefault(reading.reason, []).append(reading.signal)
    lines = tuple(f"no data for {', '.join(signals)}: {reason}" for reason, signals in reasons.items())
    head = ("", "value", "certainly", "usual PromQL", "") if rows else ()
    return Section(title=title, lines=lines, head=head, rows=rows)


def _has_figure(reading: Reading) -> bool:
    return reading.value is not None or reading.lower is not None


def _figure(reading: Reading) -> tuple[str, ...]:
    shown = "" if reading.shown is None else show(reading.shown, reading.unit)
    value = "–" if reading.value is None else show(reading.value, reading.unit)
    note = reading.note or ("" if reading.verdict else reading.reason)
    return reading.signal, value, certainty(reading), shown, note


def certainty(reading: Reading) -> str:
    """Write the bounds of a figure: "exact" where they meet."""
    if reading.lower is None:
        return ""
    low = show(reading.lower, reading.unit)
    if reading.upper is None or (reading.unbounded and math.isclose(reading.lower, reading.upper)):
        return f"at least {low}"
    if math.isclose(reading.lower, reading.upper, rel_tol=1e-12, abs_tol=1e-15):
        return "exact"
    suffix = " or more" if reading.unbounded else ""
    return f"{low} to {show(reading.upper, reading.unit)}{suffix}"


def _comparisons(service: ServiceReport) -> Section:
    if not service.comparisons:
        return Section(title="Comparison", lines=("the catalog names no reference for what was measured",))
    sources = {each.reference: each.source for each in service.comparisons}
    return Section(
        title="Comparison",
        head=("", "here", "reference", "here ÷ reference", ""),
        rows=tuple(_comparison(each) for each in service.comparisons),
        lines=tuple(f"{name}: {source}" for name, source in sources.items()),
    )


def _comparison(each: Comparison) -> tuple[str, ...]:
    low, high = show(each.low, each.unit), show(each.high, each.unit)
    reference = low if low == high else f"{low} to {high}"
    return each.signal, show(each.value, each.unit), reference, _times(each.ratios), each.reference


def _times(ratios: tuple[float, float] | None) -> str:
    if ratios is None:
        return ""
    low, high = (f"{ratio:.2f}×" for ratio in ratios)
    percent = " to ".join(dict.fromkeys(f"{(ratio - 1) * 100:+.0f} %" for ratio in ratios))
    return f"{low if low == high else f'{low} to {high}'} ({percent})"
