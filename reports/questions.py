"""What is asked of Prometheus: raw samples around a window, and why there are none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reports.counters import Counter, accumulate
from reports.fetch import batches, shares, side_by_side
from reports.measured import Measured, Track
from reports.native import as_classic
from reports.scrapes import Scrapes, TargetKey, by_target, question, target_of
from reports.window import Window
from signals.catalog import Service
from signals.instruments import GOLDEN, Instrument
from signals.promql import select
from signals.samples import Answer, Ask, Series
from signals.units import promql_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundings:
    """All that was measured of one service over one window.

    scrapes          every target that any of its instruments lives on
    scrape_interval  as the catalog says, in seconds
    """

    service: Service
    window: Window
    measured: Mapping[str, Measured]
    scrapes: Mapping[TargetKey, Scrapes]
    scrape_interval: float

    @property
    def resolution_seconds(self) -> float:
        """The distance between scrapes as it is, not as the catalog says; the longest where targets differ."""
        found = [scrapes.interval for scrapes in self.scrapes.values() if scrapes.interval]
        return max(found, default=self.scrape_interval)

    def find(self, instrument: str) -> Measured | str:
        """Give an instrument's measurement, or why there is none."""
        found = self.measured.get(instrument)
        if found is None:
            return self.service.missing.get(instrument, f"the catalog names no instrument '{instrument}'")
        return found.absent or found


def pad(scrape_interval: float) -> float:
    """Give the seconds around a window in which scrapes are looked for: two intervals, and a little for delays."""
    return 2 * scrape_interval + 1


def sound(
    services: Sequence[Service], window: Window, scrape_interval: float, ask: Ask
) -> tuple[Soundings, ...]:
    """Fetch the raw samples of all services' instruments, and when their targets were scraped.

    One question for each metric, whatever the number of services, routes and instances; side by side.
    """
    pad_seconds = pad(scrape_interval)
    duration = promql_duration(math.ceil(window.seconds + 2 * pad_seconds))
    at = window.end + pad_seconds
    queries, answers = _fetched(services, duration, at, ask)
    scrapes = _scrapes(answers, duration, at, ask)

    def one(service: Service) -> Soundings:
        measured = {
            name: _constant(instrument, window)
            if instrument.constant is not None
            else _measured(instrument, queries[instrument], answers[instrument], window, scrapes, ask)
            for name, instrument in service.instruments.items()
        }
        targets = {track.target for each in measured.values() for track in each.tracks}
        own = {target: scrapes[target] for target in targets}
        return Soundings(
            service=service, window=window, measured=measured, scrapes=own, scrape_interval=scrape_interval
        )

    return tuple(side_by_side(one, services))


def _fetched(
    services: Sequence[Service], duration: str, at: float, ask: Ask
) -> tuple[dict[Instrument, str], dict[Instrument, Answer]]:
    """Give the query that each instrument is in, and its own part of the answer."""
    every = [
        instrument
        for service in services
        for instrument in service.instruments.values()
        if instrument.constant is None
    ]
    grouped = list(batches(every))
    asked = [f"{_selector(batch.merged)}[{duration}]" for batch in grouped]
    queries, answers = {}, {}
    for batch, query, answer in zip(
        grouped, asked, side_by_side(lambda query: ask(query, at=at), asked), strict=True
    ):
        queries.update(dict.fromkeys(batch.members, query))
        answers.update({member: as_classic(share) for member, share in shares(batch, answer).items()})
    return queries, answers


def _selector(instrument: Instrument) -> str:
    return instrument.select_histogram() if instrument.kind == "histogram" else instrument.select()


def _scrapes(
    answers: Mapping[Instrument, Answer], duration: str, at: float, ask: Ask
) -> dict[TargetKey, Scrapes]:
    seen: dict[TargetKey, set[float]] = {}
    for answer in answers.values():
        for series in answer.series:
            seen.setdefault(target_of(series.labels), set()).update(sample.time for sample in series.samples)
    if not any(job for job, _ in seen):
        return by_target(Answer(kind="matrix", series=()), seen)
    return by_target(ask(question(seen, duration), at=at), seen)


def _constant(instrument: Instrument, window: Window) -> Measured:
    return Measured(instrument=instrument, query="the catalog", window=window, scrapes={})


def _measured(
    instrument: Instrument,
    query: str,
    answer: Answer,
    window: Window,
    scrapes: Mapping[TargetKey, Scrapes],
    ask: Ask,
) -> Measured:
    if instrument.kind == "gauge":
        return _gauge(instrument, query, answer, window)
    counters = (
        (series.labels, _counter(series, scrapes[target_of(series.labels)])) for series in answer.series
    )
    tracks = tuple(Track(labels=labels, counter=counter) for labels, counter in counters if counter)
    nan = sum(1 for series in answer.series for sample in series.samples if math.isnan(sample.value))
    warnings = answer.warnings + ((f"{nan} samples were NaN and were left out",) if nan else ())
    measured = Measured(
        instrument=instrument,
        query=query,
        window=window,
        scrapes=scrapes,
        tracks=tracks,
        samples=sum(len(series.samples) for series in answer.series),
        warnings=warnings,
    )
    return _explained(measured, answer, ask)


def _gauge(instrument: Instrument, query: str, answer: Answer, window: Window) -> Measured:
    measured = Measured(
        instrument=instrument,
        query=query,
        window=window,
        scrapes={},
        gauges=answer.series,
        samples=sum(len(series.samples) for series in answer.series),
        warnings=answer.warnings,
    )
    none = f"{instrument.metric} has no sample in the window"
    return measured if measured.level() else replace(measured, absent=none)


def _counter(series: Series, scrapes: Scrapes) -> Counter | None:
    """Make a counter of a series.

    It counted from zero where its target was scraped before it existed, or tells when its process started.
    """
    if not series.samples:
        return None
    first = series.samples[0].time
    zero_at = scrapes.before(first)
    if zero_at is None and scrapes.born is not None and scrapes.born < first:
        zero_at = scrapes.born
    return accumulate(series.samples, zero_at=zero_at, restarts=(*scrapes.restarts, *series.restarts))


def _explained(measured: Measured, answer: Answer, ask: Ask) -> Measured:
    """Say why an instrument measured nothing, where it did not."""
    if measured.tracks and measured.has_span:
        return measured
    return Measured(
        instrument=measured.instrument,
        query=measured.query,
        window=measured.window,
        scrapes=measured.scrapes,
        samples=measured.samples,
        warnings=measured.warnings,
        absent=_why(measured, answer, ask),
    )


def _why(measured: Measured, answer: Answer, ask: Ask) -> str:
    if measured.tracks:
        return "fewer than two scrapes inside the window; choose one of at least three scrape intervals"
    name = measured.instrument.metric
    if measured.instrument.name not in GOLDEN:
        return f"{name} has no sample in the window"
    if answer.series:
        return f"{name} has only samples that are not numbers (NaN)"
    return _absence(measured.instrument, measured.window, ask)


def _absence(instrument: Instrument, window: Window, ask: Ask) -> str:
    """Tell a wrong window from a wrong selector from a metric that does not exist."""
    name = instrument.metric + ("_count" if instrument.kind == "histogram" else "")
    chosen = instrument.part("_count").select() if instrument.kind == "histogram" else instrument.select()
    if ask(f"count({chosen})").series:
        return (
            f"{name} has series now, but no sample in the window: does it lie before the data, or in a gap?"
        )
    if ask(f"count({select(name)})", at=window.end).series or ask(f"count({select(name)})").series:
        conditions = ", ".join(str(matcher) for matcher in instrument.matchers)
        return f"{name} exists, but no series of it matches {{{conditions}}}; check selector and exclude"
    return f"there is no metric {name} here; is it scraped, and is the profile the right one?"
