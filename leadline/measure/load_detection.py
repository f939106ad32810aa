"""Find the last load run in the request rate: where it rose, held and fell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from leadline.base.errors import NoDataError
from leadline.base.units import promql_duration, show
from leadline.catalog.model import Service
from leadline.signals.instruments import rate
from leadline.signals.promql import select
from leadline.signals.samples import Ask, Sample

from .scrapes import UP

HALF, IDLE, STEADY = 0.5, 0.1, 0.8
"""Shares of the way from the baseline rate to the run's: inside the run, outside it, and in its steady state."""
LEAST_STEPS, LEAST_RATIO = 3, 2.0
"""Minimum length of a run in steps, and minimum ratio of its rate to the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plateau:
    """A load run. Times in seconds since the epoch, rates in requests per second.

    start, end                when the rate left the baseline, and returned to it
    steady_start, steady_end  the steady state without ramps; the whole run if it has none
    usual                     the baseline rate
    """

    start: float
    end: float
    steady_start: float
    steady_end: float
    usual: float
    rate: float

    @property
    def has_steady_state(self) -> bool:
        return (self.steady_start, self.steady_end) != (self.start, self.end)


def find(services: Sequence[Service], ask: Ask, now: float, look_back: float, step: float) -> Plateau:
    """Find the last run of all services together before now. Raise NoDataError if there is none."""
    window = 2 * step
    expressions = [
        rate(service.instruments["requests"], promql_duration(window + step))
        for service in services
        if "requests" in service.instruments
    ]
    if not expressions:
        raise NoDataError(
            "no service here counts requests, so no load can be detected; give --start and --end"
        )
    answers = [
        ask(f"({expression})[{promql_duration(look_back)}:{promql_duration(step)}]", at=now)
        for expression in expressions
    ]
    sums: dict[float, float] = {}
    for answer in answers:
        for series in answer.series:
            for sample in series.samples:
                sums[sample.time] = sums.get(sample.time, 0.0) + sample.value
    if sums:  # scraped before its first request: idle
        idle = _scraped_before(services, ask, now, look_back, step, min(sums))
        sums = {**dict.fromkeys(idle, 0.0), **sums}
    samples = [Sample(time, value) for time, value in sorted(sums.items()) if math.isfinite(value)]
    found = last(samples, smear=window + step)
    if found is None:
        highest = max((sample.value for sample in samples), default=0.0)
        typical = median([sample.value for sample in samples]) if samples else 0.0
        raise NoDataError(
            f"no load was found in the last {promql_duration(look_back)}: the rate was usually "
            f"{show(typical, 'requests_per_second')} and at most {show(highest, 'requests_per_second')}; give --start and "
            "--end, or look further back with --detect"
        )
    return found


def _scraped_before(
    services: Sequence[Service], ask: Ask, now: float, look_back: float, step: float, first: float
) -> list[float]:
    """Return the times before the first rate at which the services' jobs were already scraped."""
    jobs = {
        matcher
        for service in services
        if "requests" in service.instruments
        for matcher in service.instruments["requests"].matchers
        if matcher.label == "job"
    }
    times: set[float] = set()
    for matcher in sorted(jobs, key=str):
        window = f"[{promql_duration(look_back)}:{promql_duration(step)}]"
        answer = ask(f"(count({select(UP, (matcher,))})){window}", at=now)
        times |= {sample.time for series in answer.series for sample in series.samples}
    return [time for time in times if time < first]


def last(samples: Sequence[Sample], smear: float) -> Plateau | None:
    """Find the last run in a rate over time; `smear` is the range of rate(), by which it lags and smooths."""
    if len(samples) < LEAST_STEPS:
        return None
    values = sorted(sample.value for sample in samples)
    baseline = values[len(values) // 10]
    top = values[-max(1, min(LEAST_STEPS, len(values)))]
    if top <= max(LEAST_RATIO * baseline, 0.0):
        return None
    inside = [sample.value >= baseline + HALF * (top - baseline) for sample in samples]
    spans = _spans(inside)
    if not spans:
        return None
    first, final = spans[-1]
    level = median(sample.value for sample in samples[first : final + 1])
    begin = first
    while begin > 0 and samples[begin - 1].value > baseline + IDLE * (level - baseline):
        begin -= 1
    end = final
    while end + 1 < len(samples) and samples[end + 1].value > baseline + IDLE * (level - baseline):
        end += 1
    start, finish = samples[begin].time - smear, samples[end].time
    steady = [
        index
        for index in range(first, final + 1)
        if samples[index].value >= baseline + STEADY * (level - baseline)
    ]
    steady_start, steady_end = samples[steady[0]].time, samples[steady[-1]].time - smear
    step = samples[1].time - samples[0].time
    if steady_end - steady_start < LEAST_STEPS * step:
        steady_start, steady_end = start, finish
    return Plateau(
        start=start, end=finish, steady_start=steady_start, steady_end=steady_end, usual=baseline, rate=level
    )


def _spans(inside: Sequence[bool]) -> list[tuple[int, int]]:
    """Return the runs of true, each at least LEAST_STEPS long; a single false does not split a run."""
    spans: list[tuple[int, int]] = []
    for index, yes in enumerate(inside):
        if not yes:
            continue
        if spans and index - spans[-1][1] <= 2:
            spans[-1] = (spans[-1][0], index)
        else:
            spans.append((index, index))
    return [span for span in spans if span[1] - span[0] + 1 >= LEAST_STEPS]
