"""The page about a replayed month."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from evidence.replay.judging import MOST_BUDGET_ERROR, MOST_COVERAGE_ERROR, MOST_MINUTES, SUMMED_MINUTES
from evidence.replay.month import EVENTS, HOUR, MINUTES, MONTH_DAYS, OFFSETS, WARM_UP_DAYS, Event, moment
from evidence.replay.result import PERIOD, STEP_SECONDS, TARGETS, Left, Result, Told, cause
from evidence.replay.words import number, percent, span, when

CHEAP = 0.001
"""An alert on an event that cost less than this share of a budget is a surprise."""


def lines(result: Result, faults: Sequence[str]) -> Iterator[str]:
    """Write the page."""
    (requests, failed), (_, slow) = (result.month.happened[each].count(0, MINUTES) for each in TARGETS)
    yield from ("# Replay of a month", "")
    yield (
        f"Written by `python -m evidence.replay` on {datetime.now(UTC):%Y-%m-%d}, in {result.seconds:.0f} s: "
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {result.server}. {MONTH_DAYS} days of a "
        f"service with {len(OFFSETS)} instances, from {moment(WARM_UP_DAYS * 24 * HOUR):%Y-%m-%d} on and after "
        f"{WARM_UP_DAYS} calm ones, are made up request by request, so that it is known what happened: "
        f"{number(requests)} requests, of which {number(failed)} failed and {number(slow)} were slow, and "
        f"{result.month.restarts} restarts. The objectives are 99.9 % available and 99 % within 500 ms, over "
        f"{PERIOD // (24 * HOUR)} days."
    )
    yield ""
    yield (
        f"What Prometheus would have scraped of it every {STEP_SECONDS} s (15 s is usual; this keeps the volume "
        f"small) is put into a real Prometheus. The {result.recordings} generated recordings that alerts and budgets "
        f"are made of are written down in {result.levels} levels, and each alert's condition is asked, every "
        f"{STEP_SECONDS} s but while Prometheus is down; `for` and `keep_firing_for` are applied as it applies them."
    )
    yield ""
    yield "Everything below was as promised." if not faults else f"NOT as promised: {'; '.join(faults)}."
    yield from _due(result)
    yield from _silent(result)
    yield from _budgets(result)
    yield from _surprises(result)


def _due(result: Result) -> Iterator[str]:
    yield from ("", "## Alerts that are due", "")
    yield (
        "How long after an event's begin the alert fired, and after its end it was over. Exactly: by the whole "
        "condition of the alert on the counts of all that happened, minute by minute; of alerts on no objective, by "
        "their windows. Formula: with even traffic, the long window is met after limit ÷ share of bad requests × "
        "window (SRE workbook, chapter 5: (1 − SLO) ÷ error ratio × window × burn rate), and the short one is left as "
        "soon as the share in it is below the limit; of the two arms the first and the last. `for` and "
        f"`keep_firing_for` are in all of them. Promised: within {MOST_MINUTES} minutes of exactly. Windows from 30 "
        "minutes up are sums of what is recorded each minute, a rate over five, so they see an event two and a half "
        "minutes late on average, and a window that must be rid of the last bad events waits up to five. So "
        f"{MOST_MINUTES + SUMMED_MINUTES:g} minutes are promised for tickets, and for when a page is over."
    )
    yield ""
    yield "| event | from | lasts | alert | fired after | exactly | formula | over after | exactly | formula |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for event in EVENTS:
        start = f"| {event.name} | {when(event.begin)} | {span(event.minutes)} |"
        own = {each.firing.alert: each for each in result.on(event)}
        for name in result.due(event):
            yield (
                f"{start} {name} | {_times(own[name])} |"
                if name in own
                else f"{start} {name} | NOT |  |  |  |  |  |"
            )


def _times(told: Told) -> str:
    nothing = (None, None)
    columns = zip(told.delays, told.exactly or nothing, told.formula or nothing, strict=True)
    return " | ".join(span(each) for three in columns for each in three)


def _silent(result: Result) -> Iterator[str]:
    yield from ("", "## When no page is due", "")
    yield (
        "Events on which no page or ticket about an objective is due. Last, the alerts that exact shares alone "
        "would have raised, however few requests there were."
    )
    yield ""
    yield "| event | from | lasts | requests | failed | slow | page or ticket | by shares alone |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for event in EVENTS:
        if any(name in result.ideal for name in event.expects):
            continue
        happened = [result.month.happened[each].count(event.begin, event.end) for each in TARGETS]
        fired = [each.firing.alert for each in result.on(event) if each.firing.alert in result.ideal]
        alone = [name for name, found in result.alone.items() for each in found if cause(each) == event]
        yield (
            f"| {event.name} | {when(event.begin)} | {span(event.minutes)} | {number(happened[0][0])} | "
            f"{number(happened[0][1])} | {number(happened[1][1])} | {', '.join(fired) or 'silent'} | "
            f"{', '.join(alone) or 'silent'} |"
        )


def _budgets(result: Result) -> Iterator[str]:
    worst = max(abs(each.recorded - each.seen) for each in result.left if each.judged)
    yield from ("", "## What remains of the budgets", "")
    yield (
        "`service:slo_error_budget_remaining:ratio`, beside what the increments between successive scrapes add up "
        "to (those at most five minutes apart), and beside all that happened; `service:slo_coverage:ratio`, beside "
        "the share of the period's minutes in which there were scrapes and rules were evaluated. Promised: "
        f"{100 * MOST_BUDGET_ERROR:g} % of the budget, and {100 * MOST_COVERAGE_ERROR:g} % coverage; the worst "
        f"difference of a budget is {percent(worst)}."
    )
    for objective in TARGETS:
        yield ""
        yield f"| {objective} | at | recorded | scraped | difference | happened | coverage | expected |"
        yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
        for each in result.left:
            if each.objective == objective:
                yield f"| {each.what} | {when(each.minute)} | {_budget(each)} |"


def _budget(left: Left) -> str:
    difference = f"{percent(left.recorded - left.seen)}{'' if left.judged else ' (not judged)'}"
    return (
        f"{percent(left.recorded)} | {percent(left.seen)} | {difference} | {percent(left.happened)} | "
        f"{percent(left.coverage)} | {percent(left.expected_coverage)}"
    )


def _surprises(result: Result) -> Iterator[str]:
    yield from ("", "## What surprised", "")
    for event in EVENTS:
        yield from _cheap(result, event)
    yield from _lagging(result)
    yield from _drifting(result)
    yield from _uneven(result)
    yield from _unseen(result)
    most = max(each.coverage for each in result.left)
    if most > 1:
        yield (
            f"- coverage is up to {100 * most:.4f} %: in Prometheus 2 a range includes both its ends, so a full "
            "period has one sample more than it has minutes"
        )
    absent = sorted({name for event in EVENTS for name in event.expects} - set(result.generated))
    if absent:
        yield f"- named in the month, and not generated: {', '.join(absent)}"


def _cheap(result: Result, event: Event) -> Iterator[str]:
    """Tell of alerts on an objective that fired though hardly any of its budget was lost."""
    for told in result.on(event):
        name = told.firing.alert
        if name not in result.ideal:
            continue
        objective = "latency" if name.startswith("Latency") else "availability"
        totals = result.month.happened[objective]
        requests, bad = totals.count(event.end - HOUR, event.end)
        lost = totals.count(event.begin, event.end)[1]
        budget = totals.count(event.end - PERIOD, event.end)[0] * (1 - TARGETS[objective])
        if lost > CHEAP * budget:
            continue
        yield (
            f"- {name} fired on {event.name}: {bad} of {requests} requests of that hour were bad, and they cost "
            f"{100 * lost / budget:.4f} % of the budget"
        )


def _lagging(result: Result) -> Iterator[str]:
    for left in result.left:
        if not left.judged and abs(left.recorded - left.seen) > MOST_BUDGET_ERROR:
            yield (
                f"- {left.what} {percent(left.recorded)} of the budget were recorded to remain, and "
                f"{percent(left.seen)} did: each minute a rate over five is written down, so a budget lags behind by "
                "half of that, and has caught up five minutes after the end"
            )


def _drifting(result: Result) -> Iterator[str]:
    judged = [each for each in result.left if each.judged and each.objective == "availability"]
    steps = [
        (now.recorded - now.seen - before.recorded + before.seen, now) for before, now in pairwise(judged)
    ]
    most, left = max(steps, key=lambda step: abs(step[0]))
    yield (
        f"- what a budget strays from its scrapes comes most of all in the time until {left.what} ({percent(most)}): "
        "a rate extrapolates a series that has only a few samples in its five minutes, as after a restart"
    )


def _uneven(result: Result) -> Iterator[str]:
    found = [
        (told.firing.alert, told.event.name, told.exactly[0], told.formula[0])
        for told in result.told
        if told.event and told.exactly and told.formula
    ]
    if found:
        alert, event, exactly, formula = max(found, key=lambda each: abs(each[2] - each[3]))
        yield (
            f"- furthest from the formula is {alert} on the {event}: {span(formula)} with even traffic, "
            f"{span(exactly)} by exact counts, since windows weigh by requests and nights have few"
        )


def _unseen(result: Result) -> Iterator[str]:
    happened, seen = (each["availability"] for each in (result.month.happened, result.month.seen))
    missing = happened.count(0, MINUTES)[0] - seen.count(0, MINUTES)[0]
    holes = sum(happened.count(each.begin, each.end)[0] for each in EVENTS if not each.is_scraped)
    left = max((each for each in result.left if each.judged), key=lambda each: abs(each.seen - each.happened))
    yield (
        f"- {number(missing)} requests show in no two scrapes: {number(holes)} came in holes, the others between the "
        "last scrape of a process and its end, or before the first of a new series. At most "
        f"{percent(abs(left.seen - left.happened))} of a budget hang on it ({left.objective}, {left.what})"
    )
