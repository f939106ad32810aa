"""Find out why an instrument measured nothing: wrong window, wrong selector, or a metric that does not exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from leadline.signals.instruments import Instrument
from leadline.signals.promql import Matcher, select, sum_by
from leadline.signals.samples import Answer, Ask

from .fetch import batches, shares, side_by_side
from .scrapes import UP
from .window import Window


def reasons(instruments: Iterable[Instrument], window: Window, ask: Ask) -> dict[Instrument, str]:
    """Return why each instrument has no series in the window, with at most three queries per metric."""
    asked = {_counted(each): each for each in instruments}
    found = {each: _in_another_window(each) for each in _existing(asked, ask)}
    found.update(_down([each for each in asked if each not in found], window, ask))
    rest = [each for each in asked if each not in found]
    names = sorted({each.metric for each in rest})
    known = dict(zip(names, side_by_side(partial(_is_known, window, ask), names), strict=True))
    for each in rest:
        found[each] = _of_another_selector(each) if known[each.metric] else _unknown(each)
    return {asked[each]: reason for each, reason in found.items()}


def _counted(instrument: Instrument) -> Instrument:
    """Return the instrument to count; `_count` for a histogram."""
    return instrument.part("_count") if instrument.is_distribution else instrument


def _existing(instruments: Mapping[Instrument, Instrument], ask: Ask) -> set[Instrument]:
    """Return the instruments that have series now."""
    found = set()
    for batch in batches(instruments):
        by = (batch.label,) if batch.label else ()
        answer: Answer = ask(sum_by(by, batch.merged.select(), "count"))
        found |= {member for member, share in shares(batch, answer).items() if share.series}
    return found


def _down(instruments: list[Instrument], window: Window, ask: Ask) -> dict[Instrument, str]:
    """Return the reason for instruments whose targets are down."""
    jobs = {each: matcher for each in instruments for matcher in each.matchers if matcher.label == "job"}
    if not jobs:
        return {}
    answer = ask(f"max by (job) ({select(UP, (Matcher('job', '!=', ''),))})", at=window.end)
    down = {
        series.labels.get("job", "")
        for series in answer.series
        for sample in series.samples
        if sample.value == 0
    }
    return {
        each: f"the targets of job {matcher.value} are down: up is 0"
        for each, matcher in jobs.items()
        if matcher.operator == "=" and matcher.value in down
    }


def _is_known(window: Window, ask: Ask, metric: str) -> bool:
    """Return whether a metric has any series at the window's end or now."""
    query = f"count({select(metric)})"
    return bool(ask(query, at=window.end).series or ask(query).series)


def _in_another_window(instrument: Instrument) -> str:
    return f"{instrument.metric} has series now, but no sample in the window: does it lie before the data, or in a gap?"


def _of_another_selector(instrument: Instrument) -> str:
    conditions = ", ".join(str(matcher) for matcher in instrument.matchers)
    return f"{instrument.metric} exists, but no series of it matches {{{conditions}}}; check selector and exclude"


def _unknown(instrument: Instrument) -> str:
    return f"there is no metric {instrument.metric} here; is it scraped, and is the profile the right one?"
