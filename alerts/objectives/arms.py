"""The cases that prove each clause of a burn-rate alert by itself: the recorded events of one arm are given, and no others.

Cases on counters meet several clauses at once, so that one of them may be wrong and nobody sees it. Here each decides alone. What is
given has a label of its own, so that no rule records the same series.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from alerts.annotations import SHARE, Annotations, filled, percent
from alerts.model import Case, Check, Input
from alerts.objectives.watched import Watched
from signals import burn, recorded
from signals.burn import Arm
from signals.promql import Matcher, select
from signals.units import duration, plain

MINUTE = 60
PLENTY = Decimal(1_000_000)
"""Events of a window, enough for every least number of them."""
ABOVE, BELOW, MORE, SLIGHTLY = Decimal("1.25"), Decimal("0.75"), Decimal("1.5"), Decimal("0.9")
"""Parts of a limit: each clause is met, and missed, by less than half of it, so that twice or half of it would be seen."""
DIGITS = 12
GIVEN = {"replica": "given"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How many events there are in the long and in the short window of an arm, and how many of them are bad."""

    long: Decimal
    long_bad: Decimal
    short: Decimal
    short_bad: Decimal


Span = tuple[Level, int]
"""A level, and for how many steps it lasts."""


def cases(
    watched: Watched,
    arms: tuple[Arm, ...],
    waits: tuple[str, str],
    least: tuple[Decimal, Decimal, Decimal],
    annotations: Annotations,
    step: int,
) -> Iterator[Case]:
    """Give one case for each of an alert's arms; none where it reckons at another pace than usual.

    waits  for how long its condition holds before it fires, and for how long it is kept afterwards
    least  events, bad events, and bad events of the short window, from which an arm is met
    step   minutes between evaluations
    """
    if watched.catalog.pace != 1:
        return
    hold, keep = (int(duration(each) / MINUTE / step) for each in waits)

    def check(at: int, level: Level | None) -> Check:
        if level is None:
            return Check(minutes=at * step)
        said = {SHARE: percent(level.long_bad / level.long)}
        return Check(minutes=at * step, annotations=filled(annotations, said))

    for arm in arms:
        if watched.is_slice(watched.catalog.paced(arm.short)):
            continue  # the long window would be recorded from what is given of the short one
        limit = burn.threshold(watched.objective, arm)
        high = _level(min(limit * ABOVE, (1 + limit) / 2))
        low = _level(limit * BELOW)
        spans, expected = _timeline(high, low, hold, keep, least)
        checks = [check(at, level) for at, level in expected]
        yield Case(
            name=f"{arm.long} and {arm.short}, clause by clause",
            inputs=(*_inputs(watched, arm, spans), *watched.meanwhile(sum(steps for _, steps in spans))),
            minutes=checks[-1].minutes,
            earlier=tuple(checks[:-1]),
            labels=GIVEN,
            step=step,
        )


def _timeline(
    high: Level, low: Level, hold: int, keep: int, least: tuple[Decimal, Decimal, Decimal]
) -> tuple[list[Span], list[tuple[int, Level | None]]]:
    """Give levels for so many steps each, and at which step the alert fires on which level, or on none.

    First all that must not fire, each for long enough to fire; then what is hardly enough, when it has held and just before; and
    when that is over, while it is kept, and then no longer.
    """
    enough, short_of = _counts(high, least)
    silent = (replace(low, short_bad=high.short_bad), replace(high, short_bad=low.short_bad), *short_of)
    spans = [(level, hold + 1) for level in silent]
    expected: list[tuple[int, Level | None]] = [
        ((hold + 1) * number - 1, None) for number in range(1, len(silent) + 1)
    ]
    begins = (hold + 1) * len(silent)
    expected += [(begins + hold - 1, None), (begins + hold, enough), (begins + hold + 1, high)]
    over = begins + hold + 2
    expected += [(over + keep - 1, high), (over + keep + 1, None)]
    none_bad = replace(high, long_bad=Decimal(0), short_bad=Decimal(0))
    return [*spans, (enough, hold + 1), (high, 1), (none_bad, keep + 2)], expected


def _level(share: Decimal) -> Level:
    """Give a share of bad events, of plenty."""
    return Level(long=PLENTY, long_bad=PLENTY * share, short=PLENTY, short_bad=PLENTY * share)


def _counts(high: Level, least: tuple[Decimal, Decimal, Decimal]) -> tuple[Level, list[Level]]:
    """Give what is hardly enough of each number that an arm counts, and what is short of one, where that can decide."""
    events, bad, lately = least
    share = high.long_bad / high.long
    many, few = max(events, bad) * MORE, lately * BELOW
    enough = Level(
        long=many,
        long_bad=max(bad * MORE, many * share),
        short=lately * MORE / share,
        short_bad=lately * MORE,
    )
    short_of = [replace(high, short=few / share, short_bad=few)]
    if events * BELOW > bad:
        short_of.append(replace(high, long=events * BELOW, long_bad=events * BELOW))
    if bad * SLIGHTLY / share > events:
        short_of.append(replace(high, long=bad * SLIGHTLY / share, long_bad=bad * SLIGHTLY))
    return enough, short_of


def _inputs(watched: Watched, arm: Arm, levels: list[Span]) -> Iterator[Input]:
    long, short = arm.long, arm.short
    given = tuple(Matcher(name, "=", value) for name, value in GIVEN.items())
    counts = (
        (recorded.slo_events(long), long, [each.long for each, _ in levels]),
        (recorded.slo_bad_events(long), long, [each.long_bad for each, _ in levels]),
        (recorded.slo_events(short), short, [each.short for each, _ in levels]),
        (recorded.slo_bad_events(short), short, [each.short_bad for each, _ in levels]),
    )
    for record, window, found in counts:
        rates = [plain(round(count / duration(window), DIGITS)) for count in found]
        values = " ".join(f"{rate}+0x{steps - 1}" for rate, (_, steps) in zip(rates, levels, strict=True))
        yield Input(selector=select(record, (*watched.where, *given)), values=values)
