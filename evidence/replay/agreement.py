"""The chosen condition in a real Prometheus, on simulated counters, beside the simulation's own judgement."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evidence.replay.backfill import Database
from evidence.replay.burns import HALF
from evidence.replay.lowtraffic import chance_of
from evidence.replay.month import DAY, HOUR, moment
from evidence.replay.poisson import Counts, Ints, drawn, ratios, steady
from evidence.replay.rules import Judge, Pair, firings
from evidence.replay.strategies import CHOSEN, HOLD, KEEP, LEAST, PART, Z, chosen
from leadline.signals.burn import PAGE

DAYS, TARGET = 3, 0.999
SCRAPE_SECONDS, OFFSET_SECONDS, STEP_SECONDS = 15, 7, 60
BURN_BEGINS, BURN_MINUTES, BURN_SHARE = (12 * HOUR, 30 * HOUR, 48 * HOUR, 62 * HOUR), 3 * HOUR, 0.1
EDGE_MINUTES = 3
"""Minutes by which a judgement may begin or end apart: rate() sees scrapes, and extrapolates to the ends of its window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far Prometheus and the simulation judge alike, minute by minute; and how many minutes after a burn's begin each pages."""

    level: str
    minutes: int
    met: int
    met_in_prometheus: int
    differ: int
    unexplained: int
    paged: tuple[int, ...]
    paged_in_prometheus: tuple[int, ...]


def agreements() -> Iterator[Agreement]:
    """Compare at 20 and at 200 requests an hour."""
    for level, per_hour in (("20/h", 20.0), ("200/h", 200.0)):
        yield _compared(level, per_hour)


def faults(agreements: Sequence[Agreement]) -> Iterator[str]:
    """Return where Prometheus judges otherwise than the simulation, beside edges."""
    for each in agreements:
        if each.unexplained:
            yield f"{each.level}: Prometheus judges {each.unexplained} minutes otherwise than the simulation"


def condition(pair: Pair, target: float) -> str:
    """Return a pair's condition as PromQL on raw counters."""
    long, short = f"{pair.long}m", f"{pair.short}m"
    limit, bound = (f"{round(factor * (1 - target), 10):g}" for factor in (pair.factor, pair.bound_factor))
    return (
        f"sqrt({_rate('bad', long)} * {pair.long * 60}) - {Z / 2:g}"
        f" > sqrt({_rate('events', long)} * {pair.long * 60} * {bound})\n"
        f"and {_rate('bad', long)} / ({_rate('events', long)} > 0) > {limit}\n"
        f"and {_rate('bad', short)} / ({_rate('events', short)} > 0) > {limit}\n"
        f"and {_rate('bad', short)} * {pair.short * 60}"
        f" >= clamp({_rate('events', long)} * {pair.short * 60} * {PART:g}, 1, {LEAST:g})"
    )


def _rate(name: str, window: str) -> str:
    return f"rate({name}_total[{window}])"


def _compared(level: str, per_hour: float) -> Agreement:
    counts = _counts(level, per_hour)
    page = next(rule for rule in chosen().rules if rule.severity == PAGE)
    first = max(pair.long for pair in page.pairs)
    met = Judge(counts, TARGET).met(page)
    met = met[met >= first]
    found = _asked(level, counts, page.pairs, first)
    differ = np.setxor1d(met, found)
    return Agreement(
        level=level,
        minutes=DAYS * DAY - first,
        met=len(met),
        met_in_prometheus=len(found),
        differ=len(differ),
        unexplained=sum(not _is_edge(int(minute), met, found) for minute in differ),
        paged=_paged(met),
        paged_in_prometheus=_paged(found),
    )


def _is_edge(minute: int, met: Ints, found: Ints) -> bool:
    """Tell whether both judge the other way, and alike, within a few minutes of one that they judge differently."""
    near = np.arange(minute - EDGE_MINUTES, minute + EDGE_MINUTES + 1)
    mine, theirs = np.isin(near, met), np.isin(near, found)
    agreed = mine == theirs
    return bool(agreed[:EDGE_MINUTES].any() and agreed[-EDGE_MINUTES:].any())


def _paged(met: Ints) -> tuple[int, ...]:
    """Return, of each page, the minutes since the last burn began."""
    fired = firings(met, HOLD[PAGE], KEEP[PAGE])
    return tuple(
        each.begin - max((begin for begin in BURN_BEGINS if begin <= each.begin), default=0) for each in fired
    )


def _counts(level: str, per_hour: float) -> Counts:
    minutes = DAYS * DAY
    failing = ratios(minutes, HALF * (1 - TARGET), BURN_BEGINS, BURN_MINUTES, BURN_SHARE)
    return drawn(steady(minutes, per_hour), failing, chance_of(CHOSEN, level))


def _asked(level: str, counts: Counts, pairs: tuple[Pair, ...], first: int) -> Ints:
    """Return the minutes whose end meets the condition in Prometheus; minute 0 ends 60 seconds after the epoch given."""
    begin = moment(0).timestamp()
    with tempfile.TemporaryDirectory(prefix="leadline-traffic-") as name:
        database = Database(
            folder=Path(name),
            begin=begin + 60 * (first + 1),
            end=begin + 60 * DAYS * DAY,
            step=STEP_SECONDS,
        )
        database.add(_samples(level, counts, begin))
        with database.served() as client:
            answers = database.asked(client, [condition(pair, TARGET) for pair in pairs])
    times = {sample.time for series in answers for each in series for sample in each.samples}
    return np.array(sorted(round((time - begin) / 60) - 1 for time in times), dtype=np.int64)


def _samples(level: str, counts: Counts, begin: float) -> Iterator[str]:
    chance = chance_of(CHOSEN, level, "seconds")
    scrapes = np.arange(OFFSET_SECONDS, 60 * len(counts.events) + 1, SCRAPE_SECONDS)
    for metric, each in (("bad", counts.bad), ("events", counts.events)):
        minutes = np.repeat(np.arange(len(each)), each)
        seconds = np.sort(60 * minutes + 60 * chance.random(len(minutes)))
        yield f"# TYPE {metric} counter\n"
        for at, total in zip(scrapes, np.searchsorted(seconds, scrapes), strict=True):
            yield f"{metric}_total {total} {begin + at:.3f}\n"
    yield "# EOF\n"
