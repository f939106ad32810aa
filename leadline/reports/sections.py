"""A report's sections in reading order, as values, for the text, Markdown and HTML renderers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from leadline.base.printable import lines, printable
from leadline.base.units import promql_duration, show
from leadline.measure.reading import Provenance, Reading
from leadline.measure.window import utc

from . import headline, highlights
from .changes import BETTER, WORSE
from .headline import Headline
from .model import MET, MISSED, UNDECIDED, Advice, Alert, Burn, Comparison, Group, Report, ServiceReport
from .words import in_words

SYMBOL = {MET: "✓", MISSED: "✗", UNDECIDED: "?"}
PROJECTED = ("cost_per_month", "cost.budget_share", "cost.savings", "cost_per_hour", "cost_per_million")
"""Figures that are projected beyond the window: even from exact inputs, they are not exact."""
MORE_IS_BETTER = ("throughput", "success_ratio", "requests")
COST = ("tokens", "cost")
SATURATION = (
    "cpu", "throttled_ratio", "memory", "pool", "in_flight", "queue", "replicas", "cache_hit_ratio", "rejected",
)  # fmt: skip
"""Prefixes of the signals in the cost section, and the signals in the headroom section."""
TITLES = {
    "head": "", "next-steps": "Next steps", "highlights": "Highlights", "summary": "Services",
    "targets": "Targets", "results": "Results", "comparison": "Comparison", "cost": "Cost", "headroom": "Headroom",
    "in-place": "Already in place", "snippets": "Next steps: to paste", "objectives": "Objectives and alerts", "client": "Client and server",
    "breakdown": "By route, method and status", "against": "Compared with an earlier snapshot",
    "evidence": "Evidence", "remember": "Caveats", "window": "Window and source", "provenance": "Provenance",
    "live": "See it live, run it again",
}  # fmt: skip
"""The titles of sections by name, as in --section, in reading order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Text to paste, and its language."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled part: a table (head and rows), then lines, then blocks to paste; each may be empty.

    service  its service; empty if it concerns the whole report
    """

    name: str
    title: str
    service: str = ""
    lines: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    blocks: tuple[Block, ...] = ()


def sections(report: Report, *, provenance: bool = False) -> Iterator[Section]:
    """Return the sections of a report in reading order: all services first, then each, then how to see it live.

    External text in them (labels, names, messages of servers) is safe to print.
    """
    return map(_safe, _sections(report, provenance=provenance))


def _safe(section: Section) -> Section:
    return replace(
        section,
        title=printable(section.title),
        service=printable(section.service),
        lines=tuple(map(printable, section.lines)),
        head=tuple(map(printable, section.head)),
        rows=tuple(tuple(map(printable, row)) for row in section.rows),
        blocks=tuple(replace(each, text="\n".join(lines(each.text))) for each in section.blocks),
    )


def _sections(report: Report, *, provenance: bool) -> Iterator[Section]:
    message = headline.of(report)
    yield Section(name="head", title=message.verdict, lines=tuple(_message(message)))
    services = sorted(report.services, key=headline.urgency)
    several = len(services) > 1

    def titled(service: ServiceReport, found: Iterable[Section]) -> Iterator[Section]:
        for section in found:
            title = f"{service.name}: {section.title}" if several else section.title
            yield replace(section, title=title, service=service.name)

    for service in services:
        yield from titled(service, _what_follows(service))
    if several:
        yield _summary(report)
    for service in services:
        yield from titled(service, _details(report, service, provenance=provenance))
    yield _window(report)
    yield from _live(report)


def _message(message: Headline) -> Iterator[str]:
    yield message.subject
    several = len(message.figures) > 1
    for each in message.figures:
        yield (f"{each.service}   " if several else "") + "   ".join(each.texts)
    for note in message.notes:
        yield f"{note.kind}: {note.text}"


def _section(name: str, **parts: object) -> Section:
    return replace(Section(name=name, title=TITLES[name]), **parts)  # type: ignore[arg-type]


def _window(report: Report) -> Section:
    window = report.window
    names = ", ".join(f"{service.name} ({service.profile})" for service in report.services)
    lines = [
        f"services  {names}",
        f"window    {utc(window.start)} to {utc(window.end)} ({span(window.seconds)}; {window.chosen})",
        f"local     {_local(window.start)} to {_local(window.end)}",
    ]
    if window.is_load:
        load = f"load      {utc(window.rate_start)} to {utc(window.rate_end)}"
        lines.append(f"{load} ({span(window.rate_seconds)}); rates are over it")
    if report.source:
        lines.append(f"source    {report.source}")
    grades = {service.name: service.grade for service in report.services if service.grade}
    if len(set(grades.values())) == 1:
        lines.append(f"evidence  {next(iter(grades.values()))}")
    elif grades:
        lines.append("evidence  " + "; ".join(f"{name} {grade}" for name, grade in grades.items()))
    return _section("window", lines=tuple(lines))


def span(seconds: float) -> str:
    """Return a duration: whole seconds as Prometheus writes them, others with their fraction."""
    return promql_duration(seconds) if seconds == int(seconds) else show(seconds, "seconds")


def _local(time: float) -> str:
    return datetime.fromtimestamp(time).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


SUMMARY = ("requests", "throughput", "latency.p95", "error_ratio", "cost_per_month")


def _summary(report: Report) -> Section:
    """Return one row per service, those with a missed target first."""
    rows = []
    for service in report.services:
        verdicts = [reading.verdict for reading in service.readings if reading.verdict]
        counts = " ".join(f"{SYMBOL[kind]}{verdicts.count(kind)}" for kind in SYMBOL if kind in verdicts)
        figures = (service.reading(signal) for signal in SUMMARY)
        rows.append((service.name, counts or "–", *(_value(each) if each else "–" for each in figures)))
    rows.sort(key=lambda row: (SYMBOL[MISSED] not in row[1], SYMBOL[UNDECIDED] not in row[1]))
    return _section("summary", head=("service", "targets", *map(in_words, SUMMARY)), rows=tuple(rows))


def _what_follows(service: ServiceReport) -> Iterator[Section]:
    """Yield the next steps and the highlights."""
    yield _next_steps(service.next_steps)
    none = "none: a highlight needs a target that is met, or a figure that is exact"
    yield _section("highlights", lines=service.highlights or (none,))


def _details(report: Report, service: ServiceReport, *, provenance: bool) -> Iterator[Section]:
    judged = tuple(reading for reading in service.readings if reading.verdict)
    if judged:
        yield _section("targets", rows=tuple(_verdict(reading) for reading in judged))
    else:
        yield _section("targets", lines=("nothing is judged: the catalog names no target that applies here",))
    yield _figures("results", [each for each in service.readings if _topic(each) == "results"])
    yield _comparisons(service)
    yield _figures("cost", [each for each in service.readings if _topic(each) == "cost"])
    yield _headroom(service)
    missing = "nothing that helps the service (cache, replicas, pool, queue, rate limit) was measured"
    yield _section("in-place", lines=service.in_place or (missing,))
    yield from _snippets(service.next_steps)
    if service.burns or service.alerts:
        yield _objectives(service)
    if service.client:
        yield _client(service)
    if service.groups:
        yield _breakdown(service.groups)
    if report.against:
        yield _against(report, service)
    yield _section("evidence", lines=service.evidence or ("none: no series was found",))
    if service.remarks:
        yield _section("remember", lines=service.remarks)
    if provenance:
        yield _provenance(service.readings)


def _topic(reading: Reading) -> str:
    if reading.signal.startswith(COST):
        return "cost"
    if reading.signal.startswith("client."):
        return "client"
    return "headroom" if reading.signal in SATURATION else "results"


def _verdict(reading: Reading) -> tuple[str, ...]:
    symbol = SYMBOL[str(reading.verdict)]
    goal = show(reading.target or 0, reading.unit)
    relation = "≥" if reading.floor else "≤"
    if reading.verdict == MISSED:
        relation = "<" if reading.floor else ">"
    value = _value(reading)
    if reading.verdict == UNDECIDED:
        relation = "?"
    return symbol, in_words(reading.signal), f"{value} {relation} {goal}", reading.reason


def _value(reading: Reading) -> str:
    if reading.value is not None:
        return show(reading.value, reading.unit)
    return f"> {show(reading.lower, reading.unit)}" if reading.lower and reading.unbounded else "no data"


def _figures(name: str, readings: Sequence[Reading]) -> Section:
    """Lay out figures; those that lack data for the same reason share a line."""
    rows = tuple(_figure(reading) for reading in readings if _has_figure(reading))
    reasons: dict[str, list[str]] = {}
    for reading in readings:
        if not _has_figure(reading):
            reasons.setdefault(reading.reason, []).append(in_words(reading.signal))
    lines = tuple(f"no data for {', '.join(signals)}: {reason}" for reason, signals in reasons.items())
    head = ("", "value", "bounds", "PromQL view", "") if rows else ()
    return _section(name, lines=lines, head=head, rows=rows)


def _has_figure(reading: Reading) -> bool:
    return reading.value is not None or reading.lower is not None


def _figure(reading: Reading) -> tuple[str, ...]:
    shown = "" if reading.shown is None else show(reading.shown, reading.unit)
    value = "–" if reading.value is None else show(reading.value, reading.unit)
    note = reading.note or ("" if reading.verdict else reading.reason)
    return in_words(reading.signal), value, certainty(reading), shown, note


def certainty(reading: Reading) -> str:
    """Return the bounds of a figure: "exact" if they meet without assumptions."""
    if reading.lower is None:
        return ""
    if reading.is_exact:
        return "projected" if reading.signal.startswith(PROJECTED) else "exact"
    low = show(reading.lower, reading.unit)
    meet = reading.upper is not None and math.isclose(reading.lower, reading.upper, rel_tol=1e-12)
    if reading.upper is None or (reading.unbounded and meet):
        return f"at least {low}"
    if meet:
        return f"{low}, assuming no hidden restart"
    suffix = " or more" if reading.unbounded else ""
    high = show(reading.upper or 0, reading.unit)
    return f"{low} to {high}{suffix}" if low != high or suffix else f"{low}, to three digits"


def _breakdown(groups: Sequence[Group]) -> Section:
    head = ("by", "", "requests", "share", "rate", "errors", "p95 (estimate)", "mean")
    return _section("breakdown", head=head, rows=tuple(_group(group) for group in groups))


def _group(group: Group) -> tuple[str, ...]:
    def or_dash(value: float | None, unit: str) -> str:
        return "–" if value is None else show(value, unit)

    return (
        group.by,
        group.value,
        show(group.requests, "requests"),
        show(group.share, "ratio"),
        show(group.rate, "requests_per_second"),
        or_dash(group.errors, "requests"),
        or_dash(group.p95, "seconds"),
        or_dash(group.mean, "seconds"),
    )


def _objectives(service: ServiceReport) -> Section:
    """Lay out how fast budgets burned, and which alerts were pending or firing."""
    head = ("", "objective", "burn rate", "bounds", "budget used", "") if service.burns else ()
    return _section(
        "objectives",
        head=head,
        rows=tuple(_burn(each) for each in service.burns),
        lines=tuple(_alert(each) for each in service.alerts)
        or ("no alert was pending or firing in the window, as far as this Prometheus evaluates them",),
    )


def _burn(each: Burn) -> tuple[str, ...]:
    def times(value: float | None) -> str:
        return "–" if value is None else f"{show(value, '')}×"

    bounds = "" if each.lower is None else f"{times(each.lower)} to {times(each.upper)}"
    if (
        each.lower is not None
        and each.upper is not None
        and math.isclose(each.lower, each.upper, abs_tol=1e-12)
    ):
        bounds = "exact"
    mark = ""
    if each.lower is not None and each.upper is not None:
        mark = SYMBOL[MISSED] if each.lower > 1 else SYMBOL[MET] if each.upper <= 1 else SYMBOL[UNDECIDED]
    spent = "" if each.spent is None else show(each.spent, "ratio")
    name = f"{each.objective} {show(each.target, 'ratio')}"
    return mark, name, times(each.rate), bounds, spent, each.reason or each.note


def _alert(each: Alert) -> str:
    whose = f" of {each.service}" if each.service else ""
    severity = f" ({each.severity})" if each.severity else ""
    return f"{each.state}: {each.name}{severity}{whose}, from {utc(each.start)} to {utc(each.end)}"


def _client(service: ServiceReport) -> Section:
    rows = tuple(
        (
            in_words(each.signal),
            show(each.client, each.unit),
            "–" if each.server is None else show(each.server, each.unit),
            f"{each.client / each.server - 1:+.1%}".replace("%", " %") if each.server else "",
            each.note,
        )
        for each in service.client
    )
    return _section(
        "client",
        head=("", "k6 (client)", "server", "difference", ""),
        rows=rows,
        lines=service.client_notes,
    )


def _comparisons(service: ServiceReport) -> Section:
    if not service.comparisons:
        return _section("comparison", lines=("the catalog names no reference for what was measured",))
    sources = {each.reference: each.source for each in service.comparisons}
    return _section(
        "comparison",
        head=("", "this run", "reference", "vs reference", ""),
        rows=tuple(_comparison(each) for each in service.comparisons),
        lines=tuple(f"{name}: {source}" for name, source in sources.items()),
    )


def _comparison(each: Comparison) -> tuple[str, ...]:
    low, high = show(each.low, each.unit), show(each.high, each.unit)
    reference = low if low == high else f"{low} to {high}"
    return in_words(each.signal), show(each.value, each.unit), reference, versus(each), each.reference


def versus(each: Comparison) -> str:
    """Return how far a figure is from a reference, and whether that is better: "47 to 75 % lower: better"."""
    if each.ratios is None:
        return ""
    percents = sorted((round((ratio - 1) * 100) for ratio in each.ratios), key=abs)
    ways = {"lower" if percent < 0 else "higher" for percent in percents if percent}
    if not ways:
        return "the same"
    if len(ways) > 1 or 0 in percents:
        low, high = min(percents), max(percents)
        return f"within the reference ({low:+d} % to {high:+d} %)"
    (way,) = ways
    amount = " to ".join(dict.fromkeys(str(abs(percent)) for percent in percents))
    is_better = (way == "higher") == (each.signal in MORE_IS_BETTER)
    return f"{amount} % {way}: {BETTER if is_better else WORSE}"


def _against(report: Report, service: ServiceReport) -> Section:
    symbols = {BETTER: "▲", WORSE: "▼"}
    rows = tuple(
        (
            symbols.get(each.change, "="),
            in_words(each.signal),
            show(each.before, each.unit),
            show(each.now, each.unit),
            f"{(each.now / each.before - 1) * 100:+.1f} %" if each.before else "",
            f"{each.change}: {each.reason}",
        )
        for each in service.changes
    )
    head = ("", "", "before", "now", "change", "") if rows else ()
    return _section(
        "against", head=head, rows=rows, lines=(f"before: {report.against}", *service.change_notes)
    )


def _headroom(service: ServiceReport) -> Section:
    room = service.headroom
    figures = _figures("headroom", [each for each in service.readings if _topic(each) == "headroom"])
    if room.factor is None:
        claim = f"no claim: {room.withheld}"
    else:
        binding = next(each for each in room.resources if each.name == room.binding)
        limit = (
            ""
            if binding.limit is None
            else f", {show(binding.used, binding.unit)} of {show(binding.limit, binding.unit)}"
        )
        claim = f"{_capacity(service)}; {in_words(room.binding)} is the limit{limit}"
    lines = [claim]
    for each in room.resources:
        what = (
            show(each.used, each.unit)
            if each.limit is None
            else f"{show(each.used, each.unit)} of {show(each.limit, each.unit)}"
        )
        times = "" if each.factor is None else f", fits {each.factor:.1f} times"
        lines.append(f"{in_words(each.name)}: {what}{times}" + (f"; {each.note}" if each.note else ""))
    if room.unmeasured:
        lines.append(
            f"not measured, and may be the limit earlier: {', '.join(map(in_words, room.unmeasured))}"
        )
    return replace(figures, lines=(*lines, *figures.lines))


def _capacity(service: ServiceReport) -> str:
    """Return the capacity of the hardware, as a rate if one was measured."""
    factor, rate = service.headroom.factor or 0.0, service.reading("throughput")
    if rate is None or not rate.value:
        return f"about {factor:.1f}× this load on this hardware (extrapolated)"
    return highlights.capacity(factor, rate)


def _next_steps(steps: Sequence[Advice]) -> Section:
    if not steps:
        return _section("next-steps", lines=("none: these figures call for nothing",))
    return _section(
        "next-steps",
        lines=tuple(f"{number}. {each.title}: {each.evidence}" for number, each in enumerate(steps, start=1)),
    )


def _snippets(steps: Sequence[Advice]) -> Iterator[Section]:
    blocks = tuple(
        Block(text=f"# {number}. {each.title}\n{each.snippet}", language=each.language)
        for number, each in enumerate(steps, start=1)
        if each.snippet
    )
    if blocks:
        yield _section("snippets", blocks=blocks)


def _live(report: Report) -> Iterator[Section]:
    lines = tuple(f"{topic}: {url}" for topic, url in report.links.items())
    if lines or report.again:
        blocks = (Block(text="\n".join(report.again), language="sh"),) if report.again else ()
        yield _section("live", lines=lines, blocks=blocks)


def _edges(source: Provenance) -> str:
    if source.edges is None:
        return ""
    kind = "idle" if source.edges.idle else "busy"
    return f", {kind} at its edges, the scrapes of {utc(source.edges.first)} and {utc(source.edges.last)}"


def _provenance(readings: Sequence[Reading]) -> Section:
    """Return, for each query, its figures, samples, resets and warnings."""
    by_query: dict[str, list[Reading]] = {}
    for reading in readings:
        if reading.provenance:
            by_query.setdefault(reading.provenance.query, []).append(reading)
    lines = []
    for query, found in by_query.items():
        source = found[0].provenance
        if source:
            signals = ", ".join(dict.fromkeys(in_words(each.signal) for each in found))
            warnings = "".join(f"; {each}" for each in source.warnings)
            lines.append(
                f"{signals}: {source.samples} samples, {source.resets} resets{_edges(source)}{warnings}"
            )
            lines.append(f"  query {query}")
    return _section("provenance", lines=tuple(lines))
