"""Simulates services with little traffic and judges every strategy on the same counts."""

from __future__ import annotations

import statistics
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evidence.replay import burns
from evidence.replay.burns import PAGES, QUIET_BEFORE, TAIL, TICKETS, YEAR, Burn
from evidence.replay.figures import Key
from evidence.replay.month import DAY, HOUR
from evidence.replay.poisson import Counts, Floats, daily, drawn, steady
from evidence.replay.rules import Judge, Strategy
from leadline.signals.burn import PAGE, TICKET

TARGETS: Mapping[str, float] = {"99.9 %": 0.999, "99 %": 0.99}
LEVELS: Mapping[str, float] = {"2/h": 2, "20/h": 20, "200/h": 200, "100/s": 360_000}
"""Requests per hour, on average."""
BETWEEN: Mapping[str, float] = {f"{rate}/h": rate for rate in (3, 5, 7, 10, 14, 28, 40, 56, 80, 120)}
RATIOS = ("0.1", "0.5", "0.9")
"""Failures ÷ failures that the objective allows."""
HALF = "0.5"
PATTERNS: Mapping[str, Callable[[int, float], Floats]] = {"steady": steady, "day and night": daily}
FALSE, PAIRED, FOUND, DELAY, REPEATS, DUE, MISSED, POSSIBLE, FIRST, AGAIN = (
    "false alerts a year",
    "false alerts a year, failures in pairs",
    "burns noticed",
    "median delay",
    "alerts a burn",
    "burns that used a twentieth of the budget",
    "missed of these",
    "any rule",
    "fast burn noticed",
    "second page after a fast burn",
)
LEAST_USED = 0.05
"""A burn that used this part of the budget and brought no page was missed."""
NIGHTS = (0.1, 0.01)
"""Traffic of the night after a fast burn ÷ traffic before it."""
FAST_MINUTES, NIGHT_MINUTES, APART = 30, 12 * HOUR, 2 * DAY
SOON_AFTER = 40
"""Minutes after the fast burn from which a lone failure comes: the page has ended by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is simulated: years of each pattern at half the budget and otherwise, burns, fast burns before a night."""

    years: int
    fewer_years: int
    burns: int
    nights: int


def figures(strategies: Sequence[Strategy], size: Size) -> Iterator[tuple[Key, float]]:
    """Measure everything that the page shows."""
    few = [each for each in strategies if each.compared]
    for name, target in TARGETS.items():
        for level, per_hour in {**LEVELS, **BETWEEN}.items():
            for ratio in RATIOS if level in LEVELS else (HALF,):
                years = size.years if ratio == HALF else size.fewer_years
                yield from _calm(strategies, (level, name, ratio), per_hour, float(ratio), target, years)
            yield from _paired(few, (level, name, HALF), per_hour, target, size.fewer_years)
        for level, per_hour in LEVELS.items():
            for burn in PAGES:
                yield from _burning(strategies, (level, name), per_hour, target, burn, (PAGE,), size.burns)
            for burn in TICKETS:
                yield from _burning(
                    strategies, (level, name), per_hour, target, burn, (PAGE, TICKET), size.burns
                )
            for night in NIGHTS:
                yield from _after(strategies, (level, name, f"{night:g}"), per_hour, target, size.nights)


def chance_of(*key: object) -> np.random.Generator:
    """Return random numbers that are the same in every run, and others for every key."""
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


def _calm(
    strategies: Sequence[Strategy], key: Key, per_hour: float, ratio: float, target: float, years: int
) -> Iterator[tuple[Key, float]]:
    """Count the alerts of services that stay within their budgets; a year is judged, the days before fill windows."""
    minutes = QUIET_BEFORE + YEAR
    for pattern, traffic in PATTERNS.items():
        expected = traffic(minutes, per_hour)
        judges = (
            Judge(drawn(expected, ratio * (1 - target), chance_of(*key, pattern, year)), target)
            for year in range(years)
        )
        yield from _counted((FALSE, *key, pattern), strategies, judges, years)


def _paired(
    strategies: Sequence[Strategy], key: Key, per_hour: float, target: float, years: int
) -> Iterator[tuple[Key, float]]:
    """Count the alerts of a service whose every failure is tried again at once, and fails again."""
    expected = steady(QUIET_BEFORE + YEAR, per_hour)

    def judge(year: int) -> Judge:
        chance = chance_of(*key, "paired", year)
        twice = 2 * chance.poisson(expected * float(HALF) * (1 - target) / 2).astype(np.int64)
        return Judge(Counts(events=chance.poisson(expected) + twice, bad=twice), target)

    yield from _counted((PAIRED, *key), strategies, (judge(year) for year in range(years)), years)


def _counted(
    key: Key, strategies: Sequence[Strategy], judges: Iterator[Judge], years: int
) -> Iterator[tuple[Key, float]]:
    counts = {(each.name, severity): 0 for each in strategies for severity in (PAGE, TICKET)}
    for judge in judges:
        for each in strategies:
            for severity in (PAGE, TICKET):
                fired = judge.fired(each, severity)
                counts[each.name, severity] += sum(one.begin >= QUIET_BEFORE for one in fired)
    for (name, severity), count in counts.items():
        yield (*key, name, severity), count / years


def _burning(
    strategies: Sequence[Strategy],
    key: Key,
    per_hour: float,
    target: float,
    burn: Burn,
    severities: tuple[str, ...],
    count: int,
) -> Iterator[tuple[Key, float]]:
    tail = TAIL[severities[-1]]
    starts = burns.begins(burn, count)
    counts = burns.timeline(burn, per_hour, target, count, chance_of(*key, burn.name))
    judge = Judge(counts, target)
    due = [part >= LEAST_USED for part in burns.used(counts, starts, burn.minutes, per_hour, target)]
    yield (POSSIBLE, *key, burn.name), burns.power(burn, per_hour, target, tail)
    yield (DUE, *key, burn.name), float(sum(due))
    for each in strategies:
        fired = sorted(
            (one for severity in severities for one in judge.fired(each, severity)),
            key=lambda one: one.begin,
        )
        delays = burns.delays(starts, burn.minutes, fired, tail)
        missed = sum(was and delay == np.inf for was, delay in zip(due, delays, strict=True))
        yield (FOUND, *key, burn.name, each.name), sum(delay < np.inf for delay in delays) / count
        yield (DELAY, *key, burn.name, each.name), statistics.median_low(delays)
        yield (REPEATS, *key, burn.name, each.name), burns.within(starts, burn.minutes, fired, tail) / count
        yield (MISSED, *key, burn.name, each.name), float(missed)


def _after(
    strategies: Sequence[Strategy], key: Key, per_hour: float, target: float, count: int
) -> Iterator[tuple[Key, float]]:
    """Count second pages: half of all requests fail for half an hour, then a quiet night with one failure in it."""
    starts = [index * APART + DAY for index in range(count)]
    judge = Judge(_nights(key, per_hour, starts), target)
    for each in strategies:
        times = np.array([one.begin for one in judge.fired(each, PAGE)], dtype=np.int64)
        soon = [bool(((times >= at) & (times < at + FAST_MINUTES + SOON_AFTER)).any()) for at in starts]
        later = [
            bool(((times >= at + FAST_MINUTES + SOON_AFTER) & (times < at + DAY)).any()) for at in starts
        ]
        yield (FIRST, *key, each.name), sum(soon) / count
        yield (AGAIN, *key, each.name), sum(later) / count


def _nights(key: Key, per_hour: float, starts: Sequence[int]) -> Counts:
    chance = chance_of(*key, "nights")
    expected = steady(starts[-1] + DAY, per_hour)
    failing = np.zeros(len(expected))
    for start in starts:
        failing[start : start + FAST_MINUTES] = 0.5
        expected[start + FAST_MINUTES : start + FAST_MINUTES + NIGHT_MINUTES] *= float(key[-1])
    counts = drawn(expected, failing, chance)
    lone = np.array(starts) + FAST_MINUTES + chance.integers(SOON_AFTER, NIGHT_MINUTES, len(starts))
    counts.events[lone] += 1
    counts.bad[lone] += 1
    return counts
