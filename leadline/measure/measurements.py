"""Query raw samples around a window and turn them into measurements."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from leadline.base.units import promql_duration
from leadline.catalog.model import Service
from leadline.signals.instruments import GOLDEN, Instrument
from leadline.signals.labels import NAME
from leadline.signals.promql import Matcher, one_of, select
from leadline.signals.samples import Answer, Ask, Sample, Series

from . import duplicates, thinning
from .attribution import Attribution, attribute
from .buckets import counted_by, parts, selector, whole_of
from .fetch import Fetched, batches, fetched, shares, side_by_side
from .lifetimes import belongs
from .measured import CounterSeries, Measured, NotMeasured, of_targets
from .missing import reasons
from .native import as_classic, in_base_units
from .processes import Processes, former
from .scrapes import UP, Scrapes, TargetKey, key_of, scrapes_of
from .window import Window, utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """The measurements of one service over one window.

    scrapes          scrapes of every target behind its instruments
    scrape_interval  the catalog's, in seconds
    cell             seconds between samples if a long window was thinned
    attribution      how series were attributed to targets
    duplicates       targets that are, or may be, one process
    """

    service: Service
    window: Window
    measured: Mapping[str, Measured]
    scrapes: Mapping[TargetKey, Scrapes]
    scrape_interval: float
    cell: float = 0.0
    attribution: Attribution = field(default_factory=lambda: Attribution(scrapes={}, targets={}))
    duplicates: duplicates.Duplicates = field(default_factory=duplicates.Duplicates)

    @property
    def resolution_seconds(self) -> float:
        """The measured scrape interval, not the catalog's; the longest if targets differ."""
        found = [scrapes.interval for scrapes in self.scrapes.values() if scrapes.interval]
        return max((*found, self.cell), default=self.scrape_interval) or self.scrape_interval

    def find(self, instrument: str) -> Measured | NotMeasured:
        """Return an instrument's measurement, or the reason why it is missing."""
        found = self.measured.get(instrument)
        if found is None:
            unknown = f"the catalog names no instrument '{instrument}'"
            return NotMeasured(self.service.missing.get(instrument, unknown))
        return NotMeasured(found.absent) if found.absent else found


def pad(scrape_interval: float) -> float:
    """Return the seconds to fetch before and after a window: two intervals, plus one second for delays."""
    return 2 * scrape_interval + 1


SLOWER = 1.5
"""If a target's interval exceeds the catalog's by this factor, fetch again with more padding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """Fetched data: the series of every instrument, and of their scrapes.

    window   the requested window, or the part of it that has samples
    cell     seconds between points if a long window was thinned
    tallies  successful and attempted scrapes of each target, if not all of them were fetched
    """

    found: Mapping[Instrument, Fetched]
    scraped: Answer
    window: Window
    duration: str
    at: float
    cell: float = 0.0
    tallies: Mapping[TargetKey, tuple[float, float]] = field(default_factory=dict)

    @property
    def series(self) -> list[Series]:
        return [series for each in self.found.values() for series in each.answer.series]

    @property
    def counters(self) -> list[Series]:
        """The series of all counting instruments."""
        return [
            series
            for instrument, each in self.found.items()
            if instrument.kind != "gauge"
            for series in each.answer.series
            if series.samples and "quantile" not in series.labels
        ]


def measure(
    services: Sequence[Service],
    window: Window,
    scrape_interval: float,
    ask: Ask,
    *,
    replica_labels: Sequence[str] = (),
) -> tuple[Measurements, ...]:
    """Measure all instruments of services over a window.

    Ask one query per metric, whatever the number of services, routes and instances; queries run concurrently.
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
        window = taken.window
        attribution = attribute(
            (series for series in taken.series if series.samples or series.histograms),
            taken.scraped.series,
            taken.at,
            interval=scrape_interval,
            cell=taken.cell,
            tallies=taken.tallies,
        )
        slowest = max((each.interval or 0.0 for each in attribution.scrapes.values()), default=0.0)
        if slowest <= SLOWER * interval or slowest > window.seconds:
            break
        interval = slowest
    attribution = _with_the_past(attribution, window, ask)
    twice = duplicates.find(taken.counters, attribution, replica_labels, window.start, window.end)
    unique = duplicates.without_replicas(taken.counters, attribution, twice)
    model = _Model(
        window=window,
        attribution=attribution,
        twice=twice,
        incomplete="; ".join(taken.scraped.warnings),
        whole=Processes.of(unique, attribution, window, {}),
        served=Processes.of(_requests(taken, unique), attribution, window, {}),
    )
    measured = {instrument: _measured(instrument, got, model) for instrument, got in taken.found.items()}
    measured = _with_creation(measured, taken, model, ask)
    explained = _explained(measured, window, ask)
    return tuple(
        _measurements(service, explained, window, scrape_interval, taken.cell, attribution, twice)
        for service in services
    )


def _fetch(instruments: Iterable[Instrument], window: Window, interval: float, ask: Ask) -> _Taken:
    every = list(instruments)
    while thinning.is_long(window, interval):
        found = _fetch_long(every, window, interval, ask)
        if isinstance(found, _Taken):
            return found
        window = replace(window, start=found, chosen=f"{window.chosen}; samples begin at {utc(found)}")
    return _fetch_raw(every, window, interval, ask)


def _fetch_long(
    instruments: Sequence[Instrument], window: Window, interval: float, ask: Ask
) -> _Taken | float:
    """Fetch a long window with few samples; or return a later start if samples begin later."""
    plan = thinning.Plan.of(window, interval, pad(interval))
    computed = [each for each in instruments if each.expression]
    grouped = list(batches(each for each in instruments if not each.expression))
    selectors = [selector(batch.merged) for batch in grouped]
    thin = thinning.points(plan, selectors, ask)
    first = thinning.begins(thin)
    if first > window.start + 2 * plan.cell:
        return min(first - plan.cell, window.end - 2 * plan.cell)
    jobs = {job for answer in thin for each in answer.series if (job := each.labels.get("job"))}
    scraped = [scrapes_of(jobs)] if jobs else []
    thin += thinning.points(plan, scraped, ask)
    at_edges = thinning.spans([*selectors, *scraped], plan.edges, ask)
    counters = [batch.merged for batch in grouped if batch.merged.kind != "gauge"]
    living = [
        index for index in range(len(thin)) if index >= len(grouped) or grouped[index].merged.kind != "gauge"
    ]
    ends = thinning.events(plan, [each for one in counters for each in counted_by(one)], jobs, ask)
    ends |= thinning.changes(plan, [thin[index] for index in living], [at_edges[index] for index in living])
    inside = plan.raw(ends)
    thinning.check_size(plan, inside, sum(len(answer.series) for answer in thin))
    asked = [*plan.edges, *inside]
    more = thinning.spans([*selectors, *scraped], inside, ask)
    raw = [[*edges, *others] for edges, others in zip(at_edges, more, strict=True)]
    whole = [
        thinning.merged(points, list(zip(asked, answers, strict=True)))
        for points, answers in zip(thin, raw, strict=True)
    ]
    duration, at = promql_duration(math.ceil(window.seconds)), window.end + plan.edge
    found = fetched(computed, whole_of, duration, window.end, ask)
    for batch, chosen, answer in zip(grouped, selectors, whole[: len(grouped)], strict=True):
        query = f"{chosen}{plan.inside} and raw around {len(asked)} moments"
        found |= {
            member: Fetched(query=query, answer=share) for member, share in shares(batch, answer).items()
        }
    return _Taken(
        found=found,
        scraped=whole[-1] if scraped else Answer(kind="matrix", series=()),
        window=window,
        duration=duration,
        at=at,
        cell=plan.cell,
        tallies=thinning.counted(plan, scrapes_of(jobs, (UP,)), ask) if jobs else {},
    )


def _fetch_raw(instruments: Iterable[Instrument], window: Window, interval: float, ask: Ask) -> _Taken:
    pad_seconds = pad(interval)
    duration = promql_duration(math.ceil(window.seconds + 2 * pad_seconds))
    at = window.end + pad_seconds
    found = fetched(instruments, whole_of, duration, at, ask)
    jobs = {
        job for each in found.values() for series in each.answer.series if (job := series.labels.get("job"))
    }
    none = Answer(kind="matrix", series=())
    scraped = ask(f"{scrapes_of(jobs)}[{duration}]", at=at) if jobs else none
    return _Taken(found=found, scraped=scraped, window=window, duration=duration, at=at)


def _measurements(
    service: Service,
    measured: Mapping[Instrument, Measured],
    window: Window,
    scrape_interval: float,
    cell: float,
    attribution: Attribution,
    twice: duplicates.Duplicates,
) -> Measurements:
    own = {
        name: measured[instrument] if instrument.constant is None else _constant(instrument, window)
        for name, instrument in service.instruments.items()
    }
    targets = {*of_targets(own.values()), *(target for each in own.values() for target in each.lives)}
    scrapes: dict[TargetKey, Scrapes] = {}
    for each in own.values():
        scrapes |= {target: each.scrapes[target] for target in targets if target in each.scrapes}
    return Measurements(
        service=service,
        window=window,
        measured=own,
        scrapes=scrapes,
        scrape_interval=scrape_interval,
        cell=cell,
        attribution=attribution,
        duplicates=twice,
    )


def _constant(instrument: Instrument, window: Window) -> Measured:
    return Measured(instrument=instrument, query="the catalog", window=window, scrapes={})


def _requests(taken: _Taken, series: Iterable[Series]) -> list[Series]:
    """Return the series that count individual requests."""
    names = {
        metric
        for instrument in taken.found
        if instrument.name == "requests"
        for metric in (instrument.metric, *(metric for _, metric in instrument.names))
    }
    names |= {f"{instrument.metric}_count" for instrument in taken.found if instrument.is_distribution}
    return [each for each in series if each.labels.get("__name__") in names]


LATE = 1.5
"""A target first scraped more than so many intervals after the window's start may have existed before."""
PAST = "1h"


def _with_the_past(attribution: Attribution, window: Window, ask: Ask) -> Attribution:
    """Ask which targets first scraped inside the window had been scraped before it."""
    every = {**attribution.scrapes, **attribution.silent}
    late = [
        key
        for key, scrapes in every.items()
        if not scrapes.pushed
        and min((*scrapes.times, *scrapes.failed), default=window.end)
        > window.start + LATE * (scrapes.interval or scrapes.typical_interval)
    ]
    jobs = {job for key in late if (job := dict(key).get("job"))}
    if not jobs:
        return attribution
    answer = ask(f"count_over_time({scrapes_of(jobs, (UP,))}[{PAST}])", at=window.start)
    before = {key_of(each.labels) for each in answer.series} & set(late)

    def with_existed(known: Mapping[TargetKey, Scrapes]) -> dict[TargetKey, Scrapes]:
        return {key: replace(each, existed=key in before) for key, each in known.items()}

    return replace(
        attribution, scrapes=with_existed(attribution.scrapes), silent=with_existed(attribution.silent)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """Facts about all targets.

    whole       processes with the counters of all instruments
    served      processes with the counters of individual requests
    incomplete  why targets may be missing from the answer
    """

    window: Window
    attribution: Attribution
    twice: duplicates.Duplicates
    incomplete: str
    whole: Processes
    served: Processes

    def silent(self, instrument: Instrument, jobs: Collection[str]) -> dict[TargetKey, Scrapes]:
        """Return targets that an instrument would select but that have no series of it."""
        others = {**self.attribution.silent, **self.attribution.scrapes}
        return {
            key: scrapes
            for key, scrapes in others.items()
            if not scrapes.pushed
            and key not in self.twice.replicas
            and belongs(key, instrument.matchers, jobs)
        }


def _measured(
    instrument: Instrument,
    found: Fetched,
    model: _Model,
    created: Mapping[TargetKey, Sequence[Sample]] | None = None,
) -> Measured:
    window, attribution, twice = model.window, model.attribution, model.twice
    answer = in_base_units(as_classic(found.answer), instrument.scale)
    measured = Measured(
        instrument=instrument,
        query=found.query,
        window=window,
        scrapes={},
        samples=sum(len(series.samples) for series in answer.series),
        warnings=answer.warnings,
        incomplete="; ".join(filter(None, (*answer.warnings, model.incomplete))),
    )
    series = duplicates.without_replicas(answer.series, attribution, twice)
    if instrument.kind == "gauge":
        gauge = replace(measured, gauges=tuple(each for _, each in former(series, attribution)))
        return gauge if gauge.level() else replace(gauge, absent=_no_sample(instrument))
    quantiles = tuple(each for each in series if "quantile" in each.labels)
    counters = [each for each in series if "quantile" not in each.labels]
    processes = Processes.of(counters, attribution, window, created or {}, model.whole, model.served)
    jobs = {dict(target).get("job", "") for target in processes.scrapes}
    silent = model.silent(instrument, jobs) if processes.scrapes else {}
    silent = {key: each for key, each in silent.items() if key not in processes.scrapes}
    split = parts(processes.series)
    nan = sum(1 for each in series for sample in each.samples if math.isnan(sample.value))
    return replace(
        measured,
        scrapes={**silent, **processes.scrapes},
        lives=processes.lives(silent),
        tracks=tuple(_counter_series(split.others, processes)),
        buckets=tuple(_counter_series(split.buckets, processes)),
        dropped=split.dropped,
        unbucketed=split.reason,
        gauges=quantiles,
        peaks=processes.peaks(),
        twins={key: first for key, first in twice.twins.items() if key in processes.scrapes},
        warnings=answer.warnings + ((f"{nan} samples were NaN and were left out",) if nan else ()),
    ).at_its_edges()


def _counter_series(
    series: Sequence[tuple[TargetKey, Series]], processes: Processes
) -> Iterable[CounterSeries]:
    for target, each, counter in processes.counters(series):
        yield CounterSeries(labels=each.labels, target=target, counter=counter)


def _with_creation(
    measured: Mapping[Instrument, Measured],
    taken: _Taken,
    model: _Model,
    ask: Ask,
) -> dict[Instrument, Measured]:
    """Query `_created` series if births and restarts are unknown."""
    unsure = [each for each in measured.values() if _asks_for_creation(each)]
    if not unsure:
        return dict(measured)
    answers = side_by_side(lambda each: ask(_created(each.instrument, taken.duration), at=taken.at), unsure)
    found = dict(measured)
    for each, answer in zip(unsure, answers, strict=True):
        created = {key_of(series.labels): series.samples for series in answer.series if series.samples}
        if created:
            found[each.instrument] = _measured(each.instrument, taken.found[each.instrument], model, created)
    return found


def _asks_for_creation(measured: Measured) -> bool:
    """Return whether births or restarts are unknown."""
    start = measured.window.start
    return any(
        measured.scrapes[track.target].pushed
        or (math.isinf(track.counter.times[0]) and track.counter.times[1] > start)
        for track in measured.tracks
    )


def _created(instrument: Instrument, duration: str) -> str:
    """Write the query for the `_created` series that OpenMetrics clients expose."""
    metrics = [metric for _, metric in instrument.names] or [instrument.metric]
    names = one_of(metric.removesuffix("_total") + "_created" for metric in metrics)
    return f"{select('', (Matcher(NAME, '=~', names), *instrument.matchers))}[{duration}]"


def _explained(
    measured: Mapping[Instrument, Measured], window: Window, ask: Ask
) -> dict[Instrument, Measured]:
    """Add the reason to each counter that measured nothing."""
    empty = [
        each
        for each in measured.values()
        if each.instrument.kind != "gauge" and not (each.tracks and each.has_span)
    ]
    whys = {each.instrument: _why(each) for each in empty}
    unseen = [instrument for instrument, why in whys.items() if not why]
    whys.update(reasons(unseen, window, ask))
    return {
        **measured,
        **{each.instrument: replace(each, tracks=(), absent=whys[each.instrument]) for each in empty},
    }


def _why(measured: Measured) -> str:
    """Return why nothing was measured, judging by the samples; empty without samples."""
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
