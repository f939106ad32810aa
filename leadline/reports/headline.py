"""The message of a report: the verdict, figures with their targets, and what is missed, undecided or worth watching."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from leadline.base.printable import printable
from leadline.base.units import goal, plain, promql_duration, show
from leadline.measure.reading import Reading

from .model import MET, MISSED, UNDECIDED, Report, ServiceReport
from .words import in_words

FIGURES = ("latency.p95", "throughput", "error_ratio", "cost_per_1k_tokens")
INSTEAD = {"cost_per_1k_tokens": "cost_per_request"}
"""What the headline shows if a service lacks one of FIGURES."""
MOST_SERVICES = 3
"""Maximum services with figures in the headline, those with a missed target first."""
LITTLE_HEADROOM = 1.5
WATCH_OUT = "watch out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of one service, each in words with its target."""

    service: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a reader must know next. `kind` is missed, undecided or "watch out"."""

    kind: str
    text: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The message of a report.

    verdict  how many targets are met, missed and undecided
    subject  what was measured, under which load, for how long, and when
    """

    verdict: str
    subject: str
    figures: tuple[Figures, ...]
    notes: tuple[Note, ...]

    @property
    def line(self) -> str:
        """Return all of it on one line, for a chat."""
        figures = "; ".join(
            (f"{each.service}: " if len(self.figures) > 1 else "") + ", ".join(each.texts)
            for each in self.figures
        )
        opened = "; ".join(
            f"{note.kind}: {note.text.partition(' lies ')[0].partition(';')[0]}"
            for note in self.notes
            if note.kind != WATCH_OUT
        )
        return " | ".join(filter(None, (self.verdict, opened, figures, self.subject)))


def of(report: Report) -> Headline:
    """Return the headline of a report, safe to print anywhere."""
    services = sorted(report.services, key=urgency)
    several = len(services) > 1
    notes = tuple(
        replace(note, text=printable(f"{service.name}: {note.text}" if several else note.text))
        for service in services
        for note in _notes(service)
    )
    order = (MISSED, UNDECIDED, WATCH_OUT)
    return Headline(
        verdict=printable(f"{report.project}: {_verdict(report)}"),
        subject=printable(_subject(report)),
        figures=tuple(
            Figures(service=printable(each.name), texts=texts)
            for each in services[:MOST_SERVICES]
            if (texts := tuple(map(printable, _figures(each))))
        ),
        notes=tuple(sorted(notes, key=lambda note: order.index(note.kind))),
    )


def urgency(service: ServiceReport) -> tuple[bool, bool]:
    """Return a sort key: services with a missed target first, then those with an undecided one."""
    verdicts = {reading.verdict for reading in service.readings}
    return MISSED not in verdicts, UNDECIDED not in verdicts


def _verdict(report: Report) -> str:
    verdicts = report.verdicts
    if not report.has_data:
        return "no data"
    if not verdicts:
        return "measured; the catalog names no target that applies"
    met, missed, undecided = (verdicts.count(kind) for kind in (MET, MISSED, UNDECIDED))
    if met == len(verdicts):
        return f"all {met} targets met" if met > 1 else "the target is met"
    parts = [f"{met} of {len(verdicts)} targets met"]
    parts += [f"{missed} missed"] if missed else []
    parts += [f"{undecided} undecided"] if undecided else []
    return ", ".join(parts)


def _subject(report: Report) -> str:
    names = [service.name for service in report.services]
    window = report.window
    of_load = window.is_load and window.whole_load
    seconds = window.rate_seconds if of_load else window.seconds
    users = next((service.users for service in report.services if service.users), None)
    parts = [
        names[0] if len(names) == 1 else f"{len(names)} services",
        *([f"{users} users"] if users else []),
        f"{length(seconds)} on {_moment(window.rate_start if of_load else window.start)}",
    ]
    return ", ".join(parts)


def length(seconds: float) -> str:
    """Return a duration for people: "60 s", "15m"."""
    whole = round(seconds)
    return promql_duration(whole) if whole >= 120 and whole % 60 == 0 else f"{whole} s"


def _moment(time: float) -> str:
    moment = datetime.fromtimestamp(time, UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def _figures(service: ServiceReport) -> Iterator[str]:
    for signal in FIGURES:
        reading = service.reading(signal)
        if reading is None or reading.value is None:
            reading = service.reading(INSTEAD.get(signal, ""))
        if reading and reading.value is not None:
            value = (goal if reading.unit == "usd" else show)(reading.value, reading.unit)
            target = (
                ""
                if reading.target is None
                else f" (target {_without_unit(value, goal(reading.target, reading.unit))})"
            )
            yield f"{short(reading, value)}{target}"


def _without_unit(value: str, target: str) -> str:
    """Omit a unit that the value next to it has: 238 ms (target 400)."""
    unit = value.partition(" ")[2]
    return target.removesuffix(f" {unit}") if unit and unit != "%" else target


def short(reading: Reading, value: str) -> str:
    """Return a value with the shortest name that identifies it."""
    histogram, _, rank = reading.signal.rpartition(".p")
    if histogram == "latency":
        return f"p{rank} {value}"
    if reading.signal == "throughput":
        return value
    if reading.signal == "error_ratio":
        return f"{value} errors"
    if reading.signal.startswith("cost_per_"):
        return f"{value} {reading.signal.removeprefix('cost_').replace('_', ' ')}"
    return f"{in_words(reading.signal)} {value}"


def _notes(service: ServiceReport) -> Iterator[Note]:
    for reading in service.readings:
        if reading.verdict in (MISSED, UNDECIDED) and reading.target is not None:
            text = _missed(reading) if reading.verdict == MISSED else _undecided(reading)
            seen = next((each for each in service.client if each.signal == reading.signal), None)
            if seen and reading.verdict == UNDECIDED:
                text += f" (the client measured {show(seen.client, seen.unit)})"
            yield Note(kind=reading.verdict, text=text, service=service.name)
    for text in _watch_out(service):
        yield Note(kind=WATCH_OUT, text=text, service=service.name)


def _missed(reading: Reading) -> str:
    limit = goal(reading.target or 0, reading.unit)
    if reading.value is not None:
        return f"{short(reading, show(reading.value, reading.unit))}, target {limit}"
    way, bound = ("below", reading.upper) if reading.floor else ("above", reading.lower)
    value = f"{way} {show(bound or 0, reading.unit)}"
    return f"{short(reading, value)}, target {limit}"


def _undecided(reading: Reading) -> str:
    limit, name = goal(reading.target or 0, reading.unit), short(reading, "").strip()
    if reading.lower is None or reading.upper is None:
        return f"{name or in_words(reading.signal)}, target {limit}: {reading.reason}"
    low, high = show(reading.lower, reading.unit), show(reading.upper, reading.unit)
    remedy = reading.reason
    if "inside the bucket" in remedy or "beyond the last bucket" in remedy:
        remedy = f"a bucket at {plain(reading.target or 0)} s would decide it"
    return f"{name or in_words(reading.signal)} lies between {low} and {high}, target {limit}; {remedy}"


def _watch_out(service: ServiceReport) -> Iterator[str]:
    if service.grade and not service.grade.startswith("full"):
        yield f"the evidence is {service.grade}"
    firing = sorted({each.name for each in service.alerts if each.state == "firing"})
    if firing:
        yield f"{', '.join(firing)} fired in the window"
    for burn in service.burns:
        if (
            burn.pages_at
            and burn.lower is not None
            and burn.lower > burn.pages_at
            and burn.alert not in firing
        ):
            yield (
                f"{burn.alert} would page at this rate: the {burn.objective} objective of {goal(burn.target, 'ratio')} allows "
                f"{goal(1 - burn.target, 'ratio')} bad events, and there were {show(burn.rate or burn.lower, '')} times as many"
            )
    yield from _budget(service)
    room = service.headroom
    if room.factor is not None and room.factor < LITTLE_HEADROOM:
        yield f"little headroom: {in_words(room.binding)} is the limit at {room.factor:.1f}× this load"


def _budget(service: ServiceReport) -> Iterator[str]:
    share, each = service.reading("cost.budget_share"), service.reading("cost_per_request")
    budget = service.monthly_budget_usd
    if budget is None or each is None or not each.value or (share and share.verdict == MISSED):
        return
    yield (
        f"at {goal(each.value, 'usd')} a request the monthly budget of {goal(budget, 'usd')} "
        f"lasts {millions(budget / each.value)} requests"
    )


def millions(count: float) -> str:
    """Return a large count in short: 1.2 M."""
    for size, unit in ((1e9, " G"), (1e6, " M")):
        if count >= size:
            return f"{count / size:.2g}{unit}" if count < 100 * size else f"{count / size:.0f}{unit}"
    return show(count, "requests")
