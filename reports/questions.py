"""What is asked of Prometheus, and what was measured: raw samples around a window, made counters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reports import duplicates
from reports.absence import reasons
from reports.attribution import Attribution, attribute
from reports.buckets import parts, whole
from reports.fetch import Fetched, fetched, side_by_side
from reports.measured import Measured, Track, of_targets
from reports.native import as_classic, in_base_units
from reports.processes import Processes, former
from reports.scrapes import Scrapes, TargetKey, key_of, question
from reports.window import Window
from signals.catalog import Service
from signals.instruments import GOLDEN, NAME, Instrument
from signals.promql import Matcher, one_of, select
from signals.samples import Answer, Ask, Series
from signals.units import promql_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundings:
    """All that was measured of one service over one window.

    scrapes          every target that any of its instruments lives on
    scrape_interval  as the catalog says, in seconds
    attribution      how series were attributed to targets
    duplicates       which targets are, or may be, one process
    """

    service: Service
    window: Window
    measured: Mapping[str, Measured]
    scrapes: Mapping[TargetKey, Scrapes]
    scrape_interval: float
    attribution: Attribution = field(default_factory=lambda: Attribution(scrapes={}, targets={}))
    duplicates: duplicates.Duplicates = field(default_factory=duplicates.Duplicates)

    @property
    def resolution_seconds(self) -> float:
        """The distance between scrapes as it is, not as the catalog says; the longest where targets differ."""
        found = [scrapes.interval for scrapes in self.scrapes.values() if scrapes.interval]
        return max(found, default=self.scrape_interval)

    def find(self, instrument: str) -> Measured | str:
        """Return an instrument's measurement, or why there is none."""
        found = self.measured.get(instrument)
        if found is None:
            return self.service.missing.get(instrument, f"the catalog names no instrument '{instrument}'")
        return found.absent or found


def pad(scrape_interval: float) -> float:
    """Return the seconds around a window in which scrapes are looked for: two intervals, and a little for delays."""
    return 2 * scrape_interval + 1


SLOWER = 1.5
"""Targets scraped so many times less often than the catalog says are asked for again, with more time around the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """What was fetched: every instrument's series, and what tells of scrapes."""

    found: Mapping[Instrument, Fetched]
    scraped: Answer
    duration: str
    at: float

    @property
    def series(self) -> list[Series]:
        return [series for each in self.found.values() for series in each.answer.series]


def sound(
    services: Sequence[Service],
    window: Window,
    scrape_interval: float,
    ask: Ask,
    *,
    replica_labels: Sequence[str] = (),
) -> tuple[Soundings, ...]:
    """Fetch what is needed of all services' instruments, and when their targets were scraped.

    One question for each metric, whatever the number of services, routes and instances; side by side.
    """
    every = dict.fromkeys(
        instrument
        for service in services
        for instrument in service.instruments.values()
        if instrument.constant is None
    )
    interval = scrape_interval
    while True:
        taken = _fetch(every, window, interval, ask)
        attribution = attribute(
            (series for series in taken.series if series.samples or series.histograms),
            taken.scraped.series,
            taken.at,
        )
        slowest = max((each.interval or 0.0 for each in attribution.scrapes.values()), default=0.0)
        if slowest <= SLOWER * interval or slowest > window.seconds:
            break
        interval = slowest
    twice = duplicates.find(taken.series, attribution, replica_labels, window.start, window.end)
    incomplete = "; ".join(taken.scraped.warnings)
    measured = {
        instrument: _measured(instrument, got, window, attribution, twice, incomplete)
        for instrument, got in taken.found.items()
    }
    measured = _with_creation(measured, taken, window, attribution, twice, incomplete, ask)
    explained = _explained(measured, window, ask)
    return tuple(
        _soundings(service, explained, window, scrape_interval, attribution, twice) for service in services
    )


def _fetch(instruments: Iterable[Instrument], window: Window, interval: float, ask: Ask) -> _Taken:
    pad_seconds = pad(interval)
    duration = promql_duration(math.ceil(window.seconds + 2 * pad_seconds))
    at = window.end + pad_seconds
    found = fetched(instruments, whole, duration, at, ask)
    jobs = {
        job for each in found.values() for series in each.answer.series if (job := series.labels.get("job"))
    }
    scraped = ask(question(jobs, duration), at=at) if jobs else Answer(kind="matrix", series=())
    return _Taken(found=found, scraped=scraped, duration=duration, at=at)


def _soundings(
    service: Service,
    measured: Mapping[Instrument, Measured],
    window: Window,
    scrape_interval: float,
    attribution: Attribution,
    twice: duplicates.Duplicates,
) -> Soundings:
    own = {
        name: measured[instrument] if instrument.constant is None else _constant(instrument, window)
        for name, instrument in service.instruments.items()
    }
    targets = dict.fromkeys(of_targets(own.values()))
    scrapes: dict[TargetKey, Scrapes] = {}
    for each in own.values():
        scrapes |= {target: each.scrapes[target] for target in targets if target in each.scrapes}
    return Soundings(
        service=service,
        window=window,
        measured=own,
        scrapes=scrapes,
        scrape_interval=scrape_interval,
        attribution=attribution,
        duplicates=twice,
    )


def _constant(instrument: Instrument, window: Window) -> Measured:
    return Measured(instrument=instrument, query="the catalog", window=window, scrapes={})


def _measured(
    instrument: Instrument,
    found: Fetched,
    window: Window,
    attribution: Attribution,
    twice: duplicates.Duplicates,
    incomplete: str,
    created: Mapping[TargetKey, float] | None = None,
) -> Measured:
    answer = in_base_units(as_classic(found.answer), instrument.scale)
    measured = Measured(
        instrument=instrument,
        query=found.query,
        window=window,
        scrapes={},
        samples=sum(len(series.samples) for series in answer.series),
        warnings=answer.warnings,
        incomplete="; ".join(filter(None, (*answer.warnings, incomplete))),
    )
    series = duplicates.without_replicas(answer.series, attribution, twice)
    if instrument.kind == "gauge":
        gauge = replace(measured, gauges=tuple(each for _, each in former(series, attribution)))
        return gauge if gauge.level() else replace(gauge, absent=_no_sample(instrument))
    quantiles = tuple(each for each in series if "quantile" in each.labels)
    counters = [each for each in series if "quantile" not in each.labels]
    processes = Processes.of(counters, attribution, window, created or {})
    split = parts(processes.series)
    nan = sum(1 for each in series for sample in each.samples if math.isnan(sample.value))
    return replace(
        measured,
        scrapes=processes.scrapes,
        tracks=tuple(_tracks(split.others, processes)),
        buckets=tuple(_tracks(split.buckets, processes)),
        dropped=split.dropped,
        unbucketed=split.reason,
        gauges=quantiles,
        peaks=processes.peaks(),
        twins={key: first for key, first in twice.twins.items() if key in processes.scrapes},
        warnings=answer.warnings + ((f"{nan} samples were NaN and were left out",) if nan else ()),
    ).at_its_edges()


def _tracks(series: Sequence[tuple[TargetKey, Series]], processes: Processes) -> Iterable[Track]:
    for target, each, counter in processes.counters(series):
        yield Track(labels=each.labels, target=target, counter=counter)


def _with_creation(
    measured: Mapping[Instrument, Measured],
    taken: _Taken,
    window: Window,
    attribution: Attribution,
    twice: duplicates.Duplicates,
    incomplete: str,
    ask: Ask,
) -> dict[Instrument, Measured]:
    """Ask when series were created where their birth lies inside the window and nothing else tells of it."""
    unsure = [each for each in measured.values() if _unsure_of_births(each)]
    if not unsure:
        return dict(measured)
    answers = side_by_side(lambda each: ask(_created(each.instrument, taken.duration), at=taken.at), unsure)
    found = dict(measured)
    for each, answer in zip(unsure, answers, strict=True):
        created = {
            key_of(series.labels): series.samples[-1].value for series in answer.series if series.samples
        }
        if created:
            found[each.instrument] = _measured(
                each.instrument, taken.found[each.instrument], window, attribution, twice, incomplete, created
            )
    return found


def _unsure_of_births(measured: Measured) -> bool:
    start = measured.window.start
    return any(
        math.isinf(track.counter.times[0]) and track.counter.times[1] > start for track in measured.tracks
    )


def _created(instrument: Instrument, duration: str) -> str:
    """Ask for the `_created` series that OpenMetrics clients expose beside counters and histograms."""
    metrics = [metric for _, metric in instrument.names] or [instrument.metric]
    names = one_of(metric.removesuffix("_total") + "_created" for metric in metrics)
    return f"{select('', (Matcher(NAME, '=~', names), *instrument.matchers))}[{duration}]"


def _explained(
    measured: Mapping[Instrument, Measured], window: Window, ask: Ask
) -> dict[Instrument, Measured]:
    """Say of each counter that measured nothing why it did not."""
    empty = [
        each
        for each in measured.values()
        if each.instrument.kind != "gauge" and not (each.tracks and each.has_span)
    ]
    told = {each.instrument: _why(each) for each in empty}
    unseen = [instrument for instrument, why in told.items() if not why]
    told.update(reasons(unseen, window, ask))
    return {
        **measured,
        **{each.instrument: replace(each, tracks=(), absent=told[each.instrument]) for each in empty},
    }


def _why(measured: Measured) -> str:
    """Say why nothing was measured, where its samples tell; empty where there are none."""
    if measured.tracks:
        return "fewer than two scrapes inside the window; choose one of at least three scrape intervals"
    if measured.instrument.name not in GOLDEN:
        return _no_sample(measured.instrument)
    return (
        f"{measured.instrument.metric} has only samples that are not numbers (NaN)"
        if measured.samples
        else ""
    )


def _no_sample(instrument: Instrument) -> str:
    return f"{instrument.metric} has no sample in the window"
