"""What is asked of Prometheus, and what was measured: raw samples around a window, made counters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reports import buckets
from reports.absence import reasons
from reports.counters import Counter, accumulate
from reports.fetch import Fetched, fetched
from reports.measured import Measured, Track
from reports.native import as_classic, in_base_units
from reports.scrapes import Scrapes, TargetKey, by_target, question, target_of
from reports.window import Window
from signals.catalog import Service
from signals.instruments import GOLDEN, Instrument
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
    services: Sequence[Service], window: Window, scrape_interval: float, ask: Ask, *, whole: bool = False
) -> tuple[Soundings, ...]:
    """Fetch what is needed of all services' instruments, and when their targets were scraped.

    One question for each metric, whatever the number of services, routes and instances; side by side. Of a histogram's
    buckets two instants suffice where nothing restarted; `whole` asks for all their raw samples, as charts and
    frozen snapshots need them.
    """
    pad_seconds = pad(scrape_interval)
    duration = promql_duration(math.ceil(window.seconds + 2 * pad_seconds))
    at = window.end + pad_seconds
    every = dict.fromkeys(
        instrument
        for service in services
        for instrument in service.instruments.values()
        if instrument.constant is None
    )
    found = fetched(every, buckets.whole if whole else buckets.frame, duration, at, ask)
    scrapes = _scrapes((each.answer for each in found.values()), duration, at, ask)
    if not whole:
        found = buckets.filled(found, scrapes, window, duration, at, ask)
        if any(target_of(each.labels) not in scrapes for got in found.values() for each in got.answer.series):
            scrapes = _scrapes((each.answer for each in found.values()), duration, at, ask)
    measured = {instrument: _measured(instrument, found[instrument], window, scrapes) for instrument in every}
    explained = _explained(measured, window, ask)
    return tuple(_soundings(service, explained, scrapes, window, scrape_interval) for service in services)


def _soundings(
    service: Service,
    measured: Mapping[Instrument, Measured],
    scrapes: Mapping[TargetKey, Scrapes],
    window: Window,
    scrape_interval: float,
) -> Soundings:
    own = {
        name: measured[instrument] if instrument.constant is None else _constant(instrument, window)
        for name, instrument in service.instruments.items()
    }
    targets = {track.target for each in own.values() for track in each.tracks}
    return Soundings(
        service=service,
        window=window,
        measured=own,
        scrapes={target: scrapes[target] for target in targets},
        scrape_interval=scrape_interval,
    )


def _scrapes(answers: Iterable[Answer], duration: str, at: float, ask: Ask) -> dict[TargetKey, Scrapes]:
    seen: dict[TargetKey, set[float]] = {}
    for answer in answers:
        for series in answer.series:
            times = seen.setdefault(target_of(series.labels), set())
            times.update(sample.time for sample in series.samples)
            times.update(histogram.time for histogram in series.histograms)
    if not any(job for job, _ in seen):
        return by_target(Answer(kind="matrix", series=()), seen)
    return by_target(ask(question(seen, duration), at=at), seen)


def _constant(instrument: Instrument, window: Window) -> Measured:
    return Measured(instrument=instrument, query="the catalog", window=window, scrapes={})


def _measured(
    instrument: Instrument, found: Fetched, window: Window, scrapes: Mapping[TargetKey, Scrapes]
) -> Measured:
    answer = in_base_units(as_classic(found.answer), instrument.scale)
    measured = Measured(
        instrument=instrument,
        query=found.query,
        bucket_query=found.bucket_query,
        window=window,
        scrapes=scrapes,
        samples=sum(len(series.samples) for series in answer.series),
        warnings=answer.warnings,
    )
    if instrument.kind == "gauge":
        gauge = replace(measured, scrapes={}, gauges=answer.series)
        return gauge if gauge.level() else replace(gauge, absent=_no_sample(instrument))
    quantiles = tuple(series for series in answer.series if "quantile" in series.labels)
    counters = (
        (series.labels, _counter(series, scrapes[target_of(series.labels)]))
        for series in answer.series
        if series not in quantiles
    )
    nan = sum(1 for series in answer.series for sample in series.samples if math.isnan(sample.value))
    counted = replace(
        measured,
        tracks=tuple(Track(labels=labels, counter=counter) for labels, counter in counters if counter),
        gauges=quantiles,
        warnings=answer.warnings + ((f"{nan} samples were NaN and were left out",) if nan else ()),
    )
    return counted.at_its_edges()


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
