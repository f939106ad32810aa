"""The strategies that are compared on the same simulated traffic: what other generators do, and candidates."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from evidence.replay.firing import minutes
from evidence.replay.month import DAY, HOUR
from evidence.replay.poisson import Bools
from evidence.replay.rules import Guard, Pair, Rule, Strategy, Sums
from leadline.signals import burn
from leadline.signals.burn import PAGE, TICKET
from leadline.signals.objective import Objective

OBJECTIVE = Objective(name="availability", target=Decimal("0.999"), period_seconds=Decimal(28 * 86400))
"""Burn rates depend on the period only; the target is given to the judge."""
HOLD, KEEP = {PAGE: 2, TICKET: 15}, {PAGE: 5, TICKET: 30}
"""`for` and `keep_firing_for` of Leadline's alerts, in minutes."""
OLD_EVENTS, OLD_BAD, OLD_BAD_SHORT = 20, 5, 2
"""The fixed minimums that this page is about: events and bad events of the long window, bad events of the short one."""
CHOSEN, OLD, SLOTH, PYRRA = "chosen", "fixed minimums", "Sloth", "Pyrra"
LEAST, PART, Z = float(burn.LEAST_BAD), float(burn.LEAST_BAD_OF_EXPECTED), float(burn.CONFIDENCE_Z)


def pairs(severity: str, objective: Objective = OBJECTIVE) -> tuple[Pair, ...]:
    """Return Leadline's windows of a severity with their burn rates."""
    return tuple(
        Pair(
            long=int(minutes(arm.long)),
            short=int(minutes(arm.short)),
            factor=float(burn.factor(objective, arm)),
            bound_factor=float(burn.bound_factor(objective, arm)),
        )
        for arm in burn.BURN_RATE_WINDOWS
        if arm.severity == severity
    )


def every(objective: Objective = OBJECTIVE) -> Iterator[Strategy]:
    """Return the strategies in the order of the tables."""
    yield _windows(OLD, _fixed, objective, compared=True)
    yield sloth(objective)
    yield pyrra()
    for least in (2, 3, 4, 5):
        yield _windows(f"bad ≥ {least}, no bound", both(_least(least), short), objective)
    for z in (1.0, 1.28, 1.64, 1.96, 2.33, 2.58):
        guard = both(_least(2), poisson(z), short)
        yield _windows(f"Poisson z {z:g} > limit", guard, objective, compared=z == 1.64)
    for z in (1.64, 1.96, 2.33, 2.58):
        yield _windows(f"Wilson z {z:g} > limit", both(_least(2), wilson(z), short), objective)
    for rate, z in ((1, 2.33), (1, 2.58), (2, 1.96), (2, 2.58), (3, 2.33)):
        guard = both(_least(2), poisson(z, rate), short)
        yield _windows(f"Poisson z {z:g} > burn rate {rate}", guard, objective)
    yield _windows(f"{CHOSEN}, bad ≥ 3", both(_least(3), confident, short), objective, compared=True)
    yield _windows(f"{CHOSEN}, one bad in the short window", confident, objective)
    yield _windows(f"{CHOSEN}, two bad in the short window", both(confident, _two_in_short), objective)
    yield chosen(objective)


def chosen(objective: Objective = OBJECTIVE) -> Strategy:
    """Return the strategy whose every constant is in `leadline.signals.burn`."""
    return _windows(CHOSEN, both(_least(LEAST), confident, short), objective, compared=True)


def sloth(objective: Objective = OBJECTIVE) -> Strategy:
    """Return Sloth's rule: both shares over the limit, no `for`, no minimum."""
    rules = tuple(
        Rule(severity=severity, pairs=pairs(severity, objective), hold=0, keep=0, guard=_always)
        for severity in (PAGE, TICKET)
    )
    return Strategy(name=SLOTH, rules=rules, compared=True)


def pyrra() -> Strategy:
    """Return Pyrra's four alerts for 28 days, each with its own `for` (slo/rules.go, Windows)."""
    windows = (
        (PAGE, HOUR, 5, 14, 2),
        (PAGE, 6 * HOUR, 30, 7, 15),
        (TICKET, DAY, 2 * HOUR, 2, HOUR),
        (TICKET, 4 * DAY, 6 * HOUR, 1, 3 * HOUR),
    )
    rules = tuple(
        Rule(
            severity=severity,
            pairs=(Pair(long=long, short=short_window, factor=factor),),
            hold=hold,
            keep=0,
            guard=_always,
        )
        for severity, long, short_window, factor, hold in windows
    )
    return Strategy(name=PYRRA, rules=rules, compared=True)


def _windows(name: str, guard: Guard, objective: Objective, *, compared: bool = False) -> Strategy:
    rules = tuple(
        Rule(
            severity=severity,
            pairs=pairs(severity, objective),
            hold=HOLD[severity],
            keep=KEEP[severity],
            guard=guard,
        )
        for severity in (PAGE, TICKET)
    )
    return Strategy(name=name, rules=rules, compared=compared)


def both(*guards: Guard) -> Guard:
    """Return a guard that is met where each of the given is."""

    def met(sums: Sums) -> Bools:
        found = np.ones(len(sums.bad_long), np.bool_)
        for guard in guards:
            found &= guard(sums)
        return found

    return met


def poisson(z: float, burn_rate: float | None = None) -> Guard:
    """Return the lower bound of a Poisson count by variance stabilization, over a burn rate; over the limit by default.

    At most the limit, so that a pair with a small factor can be met.
    """

    def met(sums: Sums) -> Bools:
        rate = sums.pair.factor if burn_rate is None else min(burn_rate, sums.pair.factor)
        found: Bools = np.sqrt(sums.bad_long) - z / 2 > np.sqrt(sums.expected(rate))
        return found

    return met


def confident(sums: Sums) -> Bools:
    """Return where the lower bound exceeds the pair's own bound, by the constants of `leadline.signals.burn`."""
    return poisson(Z, sums.pair.bound_factor)(sums)


def wilson(z: float) -> Guard:
    """Return Wilson's lower bound of the share over the limit (Wilson 1927)."""

    def met(sums: Sums) -> Bools:
        count = np.maximum(sums.events_long, 1)
        share = sums.bad_long / count
        spread = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
        found: Bools = (share + z * z / (2 * count) - spread) / (1 + z * z / count) > sums.limit
        return found

    return met


def short(sums: Sums) -> Bools:
    """Return where the short window has bad events enough: two, or one where hardly two events are to be expected."""
    expected = sums.events_long * (sums.pair.short / sums.pair.long)
    found: Bools = sums.bad_short >= np.clip(PART * expected, 1, LEAST)
    return found


def _least(count: float) -> Guard:
    return lambda sums: sums.bad_long >= count


def _two_in_short(sums: Sums) -> Bools:
    return sums.bad_short >= 2


def _fixed(sums: Sums) -> Bools:
    return (sums.events_long >= OLD_EVENTS) & (sums.bad_long >= OLD_BAD) & (sums.bad_short >= OLD_BAD_SHORT)


def _always(sums: Sums) -> Bools:
    return np.ones(len(sums.bad_long), np.bool_)
