"""The buckets of histograms by two instant questions a metric, where that is exact, instead of all their raw samples.

Of a bucket only two values are needed: those of the first and the last scrape inside the window. The parts of a
histogram live and die together, so its `_count`, which is fetched whole, tells whether its buckets may be asked so: they
may where it was there at both scrapes, or was born between them, and did not start anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from reports.fetch import Fetched, batches, fetched, shares, side_by_side
from reports.scrapes import Scrapes, TargetKey, target_of
from reports.window import Window
from signals.instruments import Instrument
from signals.samples import Answer, Ask, Sample, Series
from signals.units import plain

MOST_MOMENTS = 4
"""Where targets are scraped at more different times, their samples are fetched whole."""
FRAME, BUCKET = ("", "_sum", "_count"), "_bucket"


@dataclass(frozen=True, slots=True)
class Spell:
    """How long the sample of one scrape stands: from its time until the next scrape (infinite after the last)."""

    time: float
    until: float


def frame(instrument: Instrument, duration: str) -> str:
    """Write the question for all of an instrument but the classic buckets of a histogram."""
    return (
        f"{instrument.select_parts(*FRAME)}[{duration}]"
        if instrument.is_distribution
        else instrument.over(duration)
    )


def whole(instrument: Instrument, duration: str) -> str:
    """Write the question for all of an instrument, so that the components of a histogram are of the same scrapes."""
    return (
        f"{instrument.select_parts(*FRAME, BUCKET)}[{duration}]"
        if instrument.is_distribution
        else instrument.over(duration)
    )


def filled(
    found: Mapping[Instrument, Fetched],
    scrapes: Mapping[TargetKey, Scrapes],
    window: Window,
    duration: str,
    at: float,
    ask: Ask,
) -> dict[Instrument, Fetched]:
    """Add their classic buckets to histograms of which the rest was fetched: by two instants, else whole."""
    classic = [each for each, got in found.items() if _counts(each, got.answer)]
    steady = [each for each in classic if _is_steady(each, found[each].answer, scrapes, window)]
    asked = _at_the_ends({each.part(BUCKET): found[each].answer for each in steady}, scrapes, window, ask)
    rest = [part for each in classic if (part := each.part(BUCKET)) not in asked]
    buckets = {**asked, **fetched(rest, Instrument.over, duration, at, ask)}
    return {
        each: got if (more := buckets.get(each.part(BUCKET))) is None else got.with_buckets(more)
        for each, got in found.items()
    }


def _counts(instrument: Instrument, answer: Answer) -> list[Series]:
    """Give the `_count` series of a histogram; none of a native one, nor of what is no histogram."""
    name = instrument.metric + "_count"
    wanted = instrument.is_distribution
    return [each for each in answer.series if wanted and each.labels.get("__name__") == name]


def _is_steady(
    instrument: Instrument, answer: Answer, scrapes: Mapping[TargetKey, Scrapes], window: Window
) -> bool:
    """Say whether two values of each bucket tell the whole: nothing was lost or forgotten between them."""
    return all(
        _is_whole(each, scrapes[target_of(each.labels)], window) for each in _counts(instrument, answer)
    )


def _is_whole(series: Series, scrapes: Scrapes, window: Window) -> bool:
    span = scrapes.span(window)
    if span is None or any(span[0] < time <= span[1] for time in scrapes.restarts):
        return False
    inside = [sample for sample in series.samples if span[0] <= sample.time <= span[1]]
    if not inside or inside[-1].time != span[1]:
        return False
    born = inside[0] is series.samples[0] and scrapes.before(inside[0].time) is not None
    return (inside[0].time == span[0] or born) and all(
        one.value <= other.value for one, other in pairwise(inside)
    )


def moments(spells: Iterable[Spell]) -> list[float]:
    """Give the fewest times such that one of them lies in each spell: the greedy choice, which is optimal."""
    chosen: list[float] = []
    waiting: list[Spell] = []
    for spell in sorted(spells, key=lambda each: each.time):
        if waiting and spell.time >= min(each.until for each in waiting):
            chosen.append(waiting[-1].time)
            waiting = []
        waiting.append(spell)
    return [*chosen, waiting[-1].time] if waiting else chosen


Spans = Mapping[TargetKey, tuple[float, float]]
"""The first and the last scrape inside the window, by target."""


def _at_the_ends(
    parts: Mapping[Instrument, Answer], scrapes: Mapping[TargetKey, Scrapes], window: Window, ask: Ask
) -> dict[Instrument, Fetched]:
    """Ask for buckets as the first and the last scrape found them; give those for which that was enough."""
    found: dict[Instrument, Fetched] = {}
    for batch in batches(parts):
        targets = {target_of(series.labels) for member in batch.members for series in parts[member].series}
        spans = {target: span for target in targets if (span := scrapes[target].span(window))}
        ends = [
            moments(Spell(span[end], scrapes[target].after(span[end])) for target, span in spans.items())
            for end in (0, 1)
        ]
        times = sorted({*ends[0], *ends[1]})
        if not times or len(times) > MOST_MOMENTS:
            continue
        query = batch.merged.select()
        answers = side_by_side(partial(_ask_at, ask, query), times)
        asked = f"{query} @ {', '.join(plain(round(time, 3)) for time in times)}"
        given = {time: shares(batch, answer) for time, answer in zip(times, answers, strict=True)}
        warnings = tuple(dict.fromkeys(warning for each in answers for warning in each.warnings))
        for member in batch.members:
            first, last = (
                _values([(time, given[time][member]) for time in ends[end]], end, spans, scrapes)
                for end in (0, 1)
            )
            series = tuple(_joined(spans, first, last))
            strange = any(
                target_of(each.labels) not in targets for time in times for each in given[time][member].series
            )
            if not strange and all(one.samples[0].value <= one.samples[1].value for one in series):
                answer = Answer(kind="matrix", series=series, warnings=warnings)
                found[member] = Fetched(query=asked, answer=answer)
    return found


def _ask_at(ask: Ask, query: str, time: float) -> Answer:
    return ask(query, at=time)


Values = dict[frozenset[tuple[str, str]], float]
"""One value a series, by its labels."""


def _values(
    answers: Iterable[tuple[float, Answer]], end: int, spans: Spans, scrapes: Mapping[TargetKey, Scrapes]
) -> Values:
    """Give each series as it stood at one end of its target's span: at the moment that lies in that scrape's spell."""
    found: Values = {}
    for time, answer in answers:
        for series in answer.series:
            target = target_of(series.labels)
            span = spans.get(target)
            if span and series.samples and span[end] <= time < scrapes[target].after(span[end]):
                found[frozenset(series.labels.items())] = series.samples[-1].value
    return found


def _joined(spans: Spans, firsts: Values, lasts: Values) -> Iterator[Series]:
    """Give series of two samples; one that was not there at the first scrape was born since, at zero."""
    for key, value in lasts.items():
        labels = dict(key)
        first, last = spans[target_of(labels)]
        yield Series(labels=labels, samples=(Sample(first, firsts.get(key, 0.0)), Sample(last, value)))
