"""The tests of the recorded events of an objective, window by window: traffic comes in bursts, so that no two windows see the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from alerts.examples import Stretch, another, idle
from alerts.model import Input, Proof
from alerts.objectives.arms import GIVEN
from alerts.objectives.watched import Slices, Watched
from signals import burn, recorded
from signals.promql import Matcher, select
from signals.units import duration, plain

MINUTE, EVERY = 60, 240
"""Seconds in a minute, and minutes between evaluations: only the last one is looked at."""
FINE, COARSE = 1, 15
"""Minutes between samples, for windows up to six hours, and from two hours on."""
LONGEST_FINE, SHORTEST_COARSE = Decimal(21600), Decimal(7200)
INSIDE, OUTSIDE = Decimal("0.7"), Decimal("1.4")
"""Where the bursts are, in parts of a window: one that half of it would miss, and one that twice of it would see."""
GROWS = 10
SHARES = tuple(map(Decimal, ("0.5", "0.1", "0.8", "0.3")))
"""A burst that is older is so many times larger, so that the oldest one that a window sees decides; and its share of bad events."""
FIRST = Decimal(1000)
FOREIGN = Decimal(10) ** 13
"""Events a step that belong to others: those that a matcher keeps out."""


def proofs(watched: Watched) -> Iterator[Proof]:
    """Give the tests; none where it reckons at another pace than usual, or promtool cannot be given what is counted."""
    arms = burn.usable(watched.objective, watched.catalog.retention)
    named = {watched.slice, *(window for arm in arms for window in (arm.short, arm.long))}
    if watched.catalog.pace != 1 or (watched.traffic is None and not watched.slices):
        return
    name = watched.objective.name
    for sampled, windows in (
        (FINE, [each for each in named if duration(each) <= LONGEST_FINE]),
        (COARSE, [each for each in named if duration(each) >= SHORTEST_COARSE]),
    ):
        own = sorted((each for each in windows if not watched.is_slice(each)), key=duration)
        if own:
            yield _proof(watched, f"{name}, each window by itself, a sample every {sampled} m", sampled, own)
    if watched.traffic is not None and watched.told:
        traffic = tuple(each for each in watched.traffic((Stretch(EVERY + 1, FIRST),)) if not idle(each))
        yield Proof(
            name=f"{name}, nothing bad yet",
            inputs=traffic,
            minutes=EVERY,
            expects=tuple(
                (select(recorded.slo_bad_events(window), watched.where), Decimal(0))
                for window in sorted(named, key=duration)
            ),
            step=EVERY,
            sampled=FINE,
        )


def _proof(watched: Watched, name: str, sampled: int, windows: Sequence[str]) -> Proof:
    steps = {window: int(duration(window) / MINUTE / sampled) for window in windows}
    bursts = _bursts(sorted(steps.values()))
    minutes = (max(bursts) * sampled // EVERY + 1) * EVERY
    stretches = _stretches(bursts, minutes // sampled)
    given = tuple(Matcher(key, "=", value) for key, value in GIVEN.items()) if watched.slices else ()
    where = (*watched.where, *given)
    expects = []
    for window in windows:
        bad, events = recorded.slo_bad_events(window), recorded.slo_events(window)
        seen = [burst for age, burst in bursts.items() if age <= steps[window]]
        share = sum((each.bad for each in seen), Decimal(0)) / sum((each.events for each in seen), Decimal(0))
        expects.append((f"sum({select(bad, where)}) / sum({select(events, where)})", share))
    inputs = _given(watched.slices, stretches, where) if watched.slices else _counters(watched, stretches)
    return Proof(
        name=name,
        inputs=(*inputs, *_recorded_of_others(watched, windows, given, minutes // sampled)),
        minutes=minutes,
        expects=tuple(expects),
        step=EVERY,
        sampled=sampled,
    )


def _bursts(windows: Sequence[int]) -> dict[int, Stretch]:
    """Give the bursts by their age in steps, the youngest first."""
    ages = sorted({round(part * window) for window in windows for part in (INSIDE, OUTSIDE)})
    found = {}
    for number, age in enumerate(ages):
        events = FIRST * GROWS**number
        found[age] = Stretch(1, events, events * SHARES[number % len(SHARES)])
    return found


def _stretches(bursts: dict[int, Stretch], steps: int) -> tuple[Stretch, ...]:
    """Give the bursts in their order, and nothing between them."""
    found, left = [], steps
    for age, burst in sorted(bursts.items(), reverse=True):
        found += [Stretch(left - age, Decimal(0)), burst]
        left = age - 1
    return (*(each for each in found if each.steps), Stretch(left + 1, Decimal(0)))


def _counters(watched: Watched, stretches: tuple[Stretch, ...]) -> Iterator[Input]:
    """Give what is counted, by two instances, and beside it what others count."""
    if watched.traffic is None:
        return
    for entry in watched.traffic(stretches):
        for name in ("one", "two"):
            yield another(entry, Matcher("replica", "=", name))
    everywhere = watched.traffic((Stretch(sum(each.steps for each in stretches), FOREIGN, FOREIGN / 2),))
    for entry in everywhere:
        for matcher in watched.outside:
            yield another(entry, matcher)


def _recorded_of_others(
    watched: Watched, windows: Sequence[str], given: tuple[Matcher, ...], steps: int
) -> Iterator[Input]:
    """Give what is recorded of another project, service and objective: what rules read of their own kind."""
    records = [recorded.slo_events(window) for window in windows]
    shortest = (recorded.slo_events(watched.slice), recorded.slo_bad_events(watched.slice))
    records += (watched.slices.events, watched.slices.bad) if watched.slices else shortest
    for record in dict.fromkeys(records):
        for each in watched.where:
            other = replace(each, value=f"{each.value}-other")
            where = [*(other if matcher == each else matcher for matcher in watched.where), *given]
            yield Input(selector=select(record, where), values=f"{plain(FOREIGN)}+0x{steps}")


def _given(slices: Slices, stretches: tuple[Stretch, ...], where: tuple[Matcher, ...]) -> Iterator[Input]:
    """Give what is recorded of slices: events, and bad ones."""
    for record, of in (
        (slices.events, [(each.steps, each.events) for each in stretches]),
        (slices.bad, [(each.steps, each.bad) for each in stretches]),
    ):
        values = " ".join(f"{plain(value)}+0x{steps - 1}" for steps, value in of)
        yield Input(selector=select(record, where), values=values)
