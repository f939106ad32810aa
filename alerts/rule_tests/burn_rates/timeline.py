"""Rule tests of burn-rate alerts: a timeline of the fast page, and series at the edge of each condition of each window pair.

The timeline starts from raw counters and covers the recordings. Edges are recorded series in parallel, distinguished by a label,
because promtool's time is evaluations, not series. For each condition, one series just fails it and one just meets it, so that a
rule with a wrong window, limit or function is caught. Slower pairs have longer steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

from leadline.signals import burn
from leadline.signals.burn import PAGE

from ...annotations import SHARE, percent
from ...objectives import budget
from ...objectives.sli import SLI
from ..input_series import Phase
from ..model import NOTHING_MEASURED, STEP, AlertTest, Check
from ..sli_series import MINUTE, counts, fed, many_events
from ..subject import Subject
from . import edges, sums
from .pair import QUIET, Pair, in_steps

BELOW, ABOVE = Decimal("0.75"), Decimal("1.36")
"""Factors of a limit at which an alert is silent and fires; half and double the window length are beyond them."""
BAD_STEPS = 10
"""Bad steps that bring the long window below the limit."""
BREACH_STEPS, LASTING_STEPS = 6, 24
MOST_OF_SLICES = Decimal("0.9")
"""A larger share of bad slices is not reached after a good one, without which nothing is known to be missing."""


class Timeline:
    """Consecutive phases, and the checks at their ends."""

    def __init__(self, step: int) -> None:
        self.phases: list[Phase] = []
        self.checks: list[Check] = []
        self._step = step

    def run(self, steps: int, events: Decimal, bad: Decimal = Decimal(0), *, restarts: bool = False) -> None:
        if steps:
            self.phases.append(Phase(steps, events, bad, restarts))

    def see(self, *, fires: bool = False) -> None:
        """Expect the alert to fire, or to be silent, at the last step so far."""
        minutes = (sum(each.steps for each in self.phases) - 1) * self._step
        self.checks.append(Check(minutes=minutes, fires=fires))


def tests(subject: Subject) -> Iterator[AlertTest]:
    """Yield the tests of an alert; none if windows are shortened for the demo."""
    alert, sli = subject.alert, subject.slis[subject.alert.labels["objective"]]
    if sli.scope.pace != 1:
        return
    pairs = sli.pairs(alert.labels["severity"])
    for windows in pairs:
        pair = in_steps(sli, windows, (alert.hold, alert.keep))
        if windows.long in burn.RECORDED:
            if not sli.slices or pair.limit < MOST_OF_SLICES:
                yield _breach(subject, sli, pair)
            if sli.sampled:
                yield _fast(sli, pair)
            if not sli.is_slice(sli.slice):  # otherwise rules record the hour from the given five minutes
                yield from edges.tests(sli, windows, pair)
        else:
            yield from sums.tests(sli, pairs, windows, pair)
    is_slow_page = pairs[0].severity == PAGE and pairs[0].long not in burn.RECORDED and counts(sli)
    if is_slow_page and (not sli.slices or burn.threshold(sli.objective, pairs[0]) < MOST_OF_SLICES):
        yield _from_counters(sli)
    yield NOTHING_MEASURED


def _breach(subject: Subject, sli: SLI, pair: Pair) -> AlertTest:
    """Test a share above the limit from the first sample, so that the alert's annotations are predictable."""
    share = Decimal(1) if sli.slices else min(pair.limit * Decimal("1.25"), Decimal(1))
    bad = (pair.many * share).to_integral_value()
    fired = subject.fired({SHARE: percent(bad / pair.many)})
    is_predictable = sli.objective.limit_usd is None and not sli.slices
    steps = BREACH_STEPS if sli.sampled else LASTING_STEPS
    phases = [*([Phase(1, pair.many)] if sli.slices else []), Phase(steps, pair.many, bad)]
    at = sum(each.steps for each in phases) - 1
    checks = (
        Check(minutes=STEP),
        Check(minutes=at * STEP, fires=True, annotations=fired if is_predictable else None),
    )
    return AlertTest(name="a breach", inputs=fed(sli, phases), checks=checks)


def _fast(sli: SLI, pair: Pair) -> AlertTest:
    """Test the fast page: few events, a burst of good ones, bad ones below and above the limit, the end, and a failure after it."""
    line = Timeline(STEP)
    if not sli.slices and budget.interval(sli.scope) <= STEP * MINUTE:
        _few(line, sli, pair)  # otherwise promtool, which evaluates at each step, counts an event twice
    line.run(1, pair.burst)
    _burn(line, pair, whole=bool(sli.slices))
    if not sli.slices:
        _after(line, pair)
        line.run(pair.short, pair.many, restarts=True)
        line.see()
    return AlertTest(name="1h and 5m", inputs=fed(sli, line.phases), checks=tuple(line.checks))


def _few(line: Timeline, sli: SLI, pair: Pair) -> None:
    """Add few requests: one failure may be chance, several are not."""
    events, bad = sli.least
    quiet = max(Decimal("0.5"), events * 2 / BREACH_STEPS)
    line.run(BREACH_STEPS, quiet)
    line.run(1, Decimal(1), Decimal(1))
    line.run(pair.hold + 1, quiet)
    line.see()
    bound = burn.bound_threshold(sli.objective, burn.BURN_RATE_WINDOWS[0])
    needed = (burn.CONFIDENCE_Z / 2 / (1 - bound.sqrt())) ** 2
    failed = Decimal(math.ceil(needed * 2) + 2) + bad
    share = failed / (failed + quiet * (BREACH_STEPS + pair.hold + 1))
    failed = max(
        failed, failed * (pair.limit * 2 / share) if share < pair.limit * 2 else failed
    ).to_integral_value()
    if failed / (failed + quiet * 2 * BREACH_STEPS) <= pair.limit:
        return
    line.run(1, failed, failed)
    line.run(pair.hold, Decimal(0))
    line.see()
    line.run(1, Decimal(0))
    line.see(fires=True)


def _burn(line: Timeline, pair: Pair, *, whole: bool = False) -> None:
    """Add bad events that bring the long window below the limit, then above it; then none.

    whole  whether steps are entirely good or bad, so that only their number varies
    """
    share = Decimal(1) if whole else min(Decimal(1), BELOW * pair.limit * pair.long / BAD_STEPS)
    below = max(1, math.floor(BELOW * pair.limit * pair.long / share))
    above = (
        min(math.ceil(ABOVE * pair.limit * pair.long / share), pair.long)
        + pair.hold
        + (pair.short if whole else 1)
    )
    line.run(max(pair.short, pair.long + 3 - below), pair.many)
    line.see()
    line.run(below, pair.many, pair.many * share)
    if not whole or below > pair.short:
        line.see()
    line.run(above - below, pair.many, pair.many * share)
    line.see(fires=True)
    line.run(max(1, pair.short - 1), pair.many)
    if share > pair.limit * pair.short:
        line.see(fires=True)
    line.run(pair.keep + (pair.short if whole else 3), pair.many)
    line.see()


def _after(line: Timeline, pair: Pair) -> None:
    """Add a single failure in a quiet night while the long window still contains the burn."""
    line.run(pair.short + 1, QUIET)
    line.run(1, Decimal(1), Decimal(1))
    line.run(pair.hold + 1, QUIET)
    line.see()


def _from_counters(sli: SLI) -> AlertTest:
    """Test a total outage if the fast pair can never be met: the events reach the slower one."""
    steps, many = 2 * LASTING_STEPS, many_events(sli)
    good = (Phase(1, many),) if sli.slices else ()
    phases = [*good, Phase(steps + 1 - len(good), many, many)]
    checks = (Check(minutes=STEP), Check(minutes=steps * STEP, fires=True))
    return AlertTest(name="a breach", inputs=fed(sli, phases), checks=checks)
