"""Input series for the raw series that an SLI counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from leadline.base.units import duration, plain, rounded
from leadline.signals import burn, series_names
from leadline.signals.promql import Matcher, select

from ..objectives.sli import SLI
from .input_series import (
    Phase,
    another,
    constant,
    counting,
    example_labels,
    failure,
    free_label,
    outside,
    presence,
    success,
)
from .model import STEP, Input

MINUTE = 60
ENOUGH = Decimal(1_000_000)
"""Allowed bad events per step in the tests, enough to rule out chance."""
CHEAP, EXPENSIVE = Decimal("0.6"), Decimal("1.6")
"""Cost of an event in the tests, as a multiple of its limit."""
OTHERS = Decimal(10) ** 9
"""Events and US dollars per step of other services."""


def counts(sli: SLI) -> bool:
    """Return whether promtool can represent the series that an SLI counts; promtool 2.42 has no native histograms."""
    return sli.objective.name == "freshness" or not sli.instrument.native


def many_events(sli: SLI) -> Decimal:
    """Return the events per step: the smaller the budget, the more."""
    return rounded(ENOUGH / (1 - sli.objective.target), 3)


def fed(sli: SLI, phases: Sequence[Phase]) -> tuple[Input, ...]:
    """Return counters of two instances and of others; or recorded series if promtool cannot represent the counters."""
    steps = sum(each.steps for each in phases)
    others = tuple(_idle(sli, steps))
    if not counts(sli):
        return (*_recorded(sli, phases), *others)
    counted = COUNTED[sli.objective.name]
    if sli.objective.name == "freshness":  # counts do not distinguish our series from others
        return (*counted(sli, phases), *others)
    ours = counted(sli, [replace(each, events=each.events / 2, bad=each.bad / 2) for each in phases])
    many = many_events(sli)
    everywhere = counted(sli, (Phase(steps, many, many),))
    spend = sli.service.instruments["cost"].matchers if sli.objective.name == "cost" else ()
    free = free_label((*sli.instrument.matchers, *spend))
    apart = (another(entry, Matcher(free, "=", name)) for entry in ours for name in ("one", "two"))
    foreign = () if spend else outside(sli.instrument)
    return (*apart, *(another(entry, matcher) for entry in everywhere for matcher in foreign), *others)


def _availability(sli: SLI, phases: Sequence[Phase]) -> tuple[Input, ...]:
    """Return failed and successful requests; or all requests and failures, if failures have their own counter."""
    requests, labels = sli.instrument, example_labels(sli.instrument)
    if requests.failed and not requests.has("status"):
        return (
            counting(requests, phases, labels=labels),
            counting(requests.failed, phases, lambda each: each.bad, labels=labels),
        )
    served, failed = {**success(requests), **labels}, {"status": failure(requests), **labels}
    return (
        counting(requests, phases, lambda each: each.events - each.bad, labels=served),
        counting(requests, phases, lambda each: each.bad, labels=failed),
    )


def _latency(sli: SLI, phases: Sequence[Phase]) -> tuple[Input, ...]:
    """Return requests, a share of which is slower than the objective's threshold."""
    histogram, labels = sli.instrument, example_labels(sli.instrument)
    edge = histogram.raw_edge(sli.objective.within) if sli.objective.within else ""
    within = counting(
        histogram,
        phases,
        lambda each: each.events - each.bad,
        suffix="_bucket",
        labels={**labels, "le": edge},
    )
    return (
        within,
        counting(histogram, phases, suffix="_bucket", labels={**labels, "le": "+Inf"}),
        counting(histogram, phases, suffix="_count", labels=labels),
    )


def _freshness(sli: SLI, phases: Sequence[Phase]) -> tuple[Input, ...]:
    """Return a series without samples in bad phases."""
    return (presence(sli.instrument, phases, suffix=sli.instrument.count_suffix),)


def _cost(sli: SLI, phases: Sequence[Phase]) -> tuple[Input, ...]:
    """Return events and their cost, below the limit or above it in bad phases; and those of others."""
    counter, spend = sli.instrument, sli.service.instruments["cost"]
    limit = sli.objective.limit_usd or Decimal(0)
    model = {"model": "example"} if spend.has("model") else {}
    events = counting(counter, phases, labels=example_labels(counter))
    cost = counting(
        spend, phases, lambda each: each.events * limit * (EXPENSIVE if each.bad else CHEAP), labels=model
    )
    everywhere = [Phase(sum(each.steps for each in phases), OTHERS)]
    others = (
        another(counting(each, everywhere), matcher) for each in (counter, spend) for matcher in outside(each)
    )
    return (events, cost, *others)


COUNTED = {"availability": _availability, "latency": _latency, "freshness": _freshness, "cost": _cost}


def _recorded(sli: SLI, phases: Sequence[Phase]) -> Iterator[Input]:
    """Return the recorded events per second of each window, averaged over the whole window at each step."""
    every = [each for each in phases for _ in range(each.steps)]
    for window in burn.RECORDED:
        covers = max(1, int(duration(window) / MINUTE / STEP))
        for record, of in (
            (series_names.slo_events(window), [each.events for each in every]),
            (series_names.slo_bad_events(window), [each.bad for each in every]),
        ):
            values = []
            for end in range(len(of)):
                seen = sum(of[max(0, end - covers) : end], Decimal(0))
                values.append(plain(round(seen / covers / MINUTE / STEP, 12)))
            yield Input(selector=select(record, sli.where), values=" ".join(values))


def _idle(sli: SLI, steps: int) -> Iterator[Input]:
    records = [
        write(sli.scope.window(window))
        for window in burn.RECORDED
        for write in (series_names.slo_events, series_names.slo_bad_events)
    ]
    records += (sli.slices.events, sli.slices.bad) if sli.slices else ()
    for record in dict.fromkeys(records):
        yield from recorded_of_others(sli, record, steps)


def recorded_of_others(sli: SLI, record: str, steps: int, *more: Matcher) -> Iterator[Input]:
    """Return recorded events of another project, service and objective, all bad."""
    for each in sli.where:
        other = replace(each, value=f"{each.value}-other")
        where = [*(other if matcher == each else matcher for matcher in sli.where), *more]
        yield Input(selector=select(record, where), values=constant((steps, many_events(sli))))
