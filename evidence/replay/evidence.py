"""The page about low traffic. It is refused where a figure is missing."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from evidence.replay.agreement import EDGE_MINUTES, Agreement, condition
from evidence.replay.burns import BACKGROUND, PAGES, TICKETS, Burn
from evidence.replay.figures import Figures, MissingFigureError
from evidence.replay.lowtraffic import (
    AGAIN,
    BETWEEN,
    DELAY,
    DUE,
    FALSE,
    FIRST,
    FOUND,
    HALF,
    LEAST_USED,
    LEVELS,
    MISSED,
    NIGHTS,
    PAIRED,
    PATTERNS,
    POSSIBLE,
    RATIOS,
    REPEATS,
    TARGETS,
    Size,
)
from evidence.replay.rules import Strategy
from evidence.replay.strategies import CHOSEN, OLD, OLD_BAD, OLD_BAD_SHORT, OLD_EVENTS, pairs
from evidence.replay.words import percent, span
from leadline.signals import burn
from leadline.signals.burn import PAGE, TICKET

MOST_FALSE_PAGES = 1.0
"""False pages a year that a service at half its error budget's rate may bring, at any traffic."""
STRICT = "Poisson z 1.64 > limit"


def faults(figures: Figures) -> Iterator[str]:
    """Return what the chosen strategy does not keep of its promise."""
    for severity in (PAGE, TICKET):
        worst = _worst(figures, CHOSEN, HALF, severity)
        if worst >= MOST_FALSE_PAGES:
            yield f"{worst:.2f} false {_kind(severity)}s a year at half the budget, promised are fewer than 1"


def lines(
    figures: Figures,
    strategies: Sequence[Strategy],
    agreements: Sequence[Agreement],
    size: Size,
    seconds: float,
) -> Iterator[str]:
    """Write the page. Raise MissingFigureError where a figure is missing."""
    few = [each for each in strategies if each.compared]
    if CHOSEN not in [each.name for each in few]:
        raise MissingFigureError(f"no figures for the strategy {CHOSEN!r}")
    yield from ("# Burn-rate alerts at low traffic", "")
    yield (
        f"Written by `python -m evidence.replay.traffic` on {datetime.now(UTC):%Y-%m-%d}, in {seconds:.0f} s: "
        f"Python {platform.python_version()}, {os.cpu_count()} cores. Which condition brings the fewest false pages "
        "without missing burns? All strategies judge the same simulated requests."
    )
    broken = list(faults(figures))
    yield from (
        "",
        "The chosen condition keeps its promise." if not broken else f"NOT as promised: {'; '.join(broken)}.",
    )
    yield from _decision(figures)
    yield from _assumptions(size)
    yield from _false(figures, strategies)
    yield from _other_ratios(figures, strategies)
    yield from _missed(figures, strategies, size)
    yield from _noticed(figures, few, PAGES, "Pages")
    yield from _noticed(figures, few, TICKETS, "Tickets")
    yield from _nights(figures, strategies)
    yield from _paired(figures, few)
    yield from _agreed(agreements)


def _decision(figures: Figures) -> Iterator[str]:
    yield from ("", "## The choice", "", "For the page windows 1h/5m at 99.9 % over 28 days:", "")
    yield from ("```promql", condition(pairs(PAGE)[0], 0.999), "```", "")
    yield (
        "On the recorded series, read `service:slo_bad_events:rate1h` for `rate(bad_total[60m])`, and so on. The "
        "constants are in `leadline/signals/burn.py`:"
    )
    yield ""
    for name, value, meaning in (
        (
            "CONFIDENCE_Z",
            burn.CONFIDENCE_Z,
            "one-sided 99 %; half of it is taken from the square root of the bad events",
        ),
        (
            "BOUND_BURN_RATE",
            burn.BOUND_BURN_RATE,
            "the lower confidence bound must exceed this burn rate",
        ),
        (
            "BOUND_FRACTION",
            burn.BOUND_FRACTION,
            "but no more than this fraction of the factor; matters for tickets",
        ),
        (
            "LEAST_BAD",
            burn.LEAST_BAD,
            "bad events in either window; the bound implies it in the long one",
        ),
        (
            "LEAST_BAD_OF_EXPECTED",
            burn.LEAST_BAD_OF_EXPECTED,
            "of the events expected in the short window, must be bad; between 1 and LEAST_BAD",
        ),
    ):
        yield f"- `{name} = {value}`: {meaning}."
    yield ""
    page, ticket = (_worst(figures, CHOSEN, HALF, severity) for severity in (PAGE, TICKET))
    yield "Why:"
    yield ""
    yield (
        f"- At half the budget's rate, it brings at most {page:.2f} false pages and {ticket:.2f} false tickets a year "
        f"at any traffic. The fixed minimums bring {_worst(figures, OLD, HALF, PAGE):.2f} and "
        f"{_worst(figures, OLD, HALF, TICKET):.2f}; Sloth's rule "
        f"{_worst(figures, 'Sloth', HALF, PAGE):.0f} and {_worst(figures, 'Sloth', HALF, TICKET):.0f}."
    )
    outage, column = PAGES[0].name, ("2/h", "99.9 %")
    found, old = (_share(figures.of(FOUND, *column, outage, name)) for name in (CHOSEN, OLD))
    yield (
        f"- At 2 requests an hour and 99.9 %, it notices {found} of the one-hour outages; the fixed minimums notice "
        f"{old}. No rule that keeps the promise could notice more than {_share(figures.of(POSSIBLE, *column, outage))}: "
        "in the others too few requests come."
    )
    slow = PAGES[-1].name
    yield (
        "- The bound is compared with a burn rate below the factor. To ask that it exceed the factor itself is too "
        f"strict: at 200 requests an hour and 99.9 %, `{STRICT}` notices "
        f"{_share(figures.of(FOUND, '200/h', '99.9 %', slow, STRICT))} of the burns at twice the factor of 6 h, the "
        f"chosen condition {_share(figures.of(FOUND, '200/h', '99.9 %', slow, CHOSEN))}."
    )
    yield (
        "- The measured burn rate must still exceed the whole factor, so nothing changes where traffic is plentiful."
    )


def _assumptions(size: Size) -> Iterator[str]:
    yield from ("", "## Assumptions", "")
    yield from (
        (
            "- Requests and failures of a minute are independent Poisson counts. Real failures come in clusters; see "
            "the last table but one."
        ),
        (
            "- Traffic is steady, or has a day/night pattern in which the quietest hour has a tenth of the busiest. "
            "Burns are simulated in steady traffic."
        ),
        (
            "- The windows hold exact counts at the end of each minute, when conditions are evaluated. Prometheus sees "
            "scrapes and extrapolates; the last table compares. The first failure of a series that did not exist before "
            "is invisible to `rate()`, and is not simulated."
        ),
        (
            f"- Leadline's alerts: pages on 1h/5m and 6h/30m with `for: 2m`, tickets on 1d/2h and 3d/6h with `for: 15m`; "
            f"`keep_firing_for` is 5m and 30m. The fixed minimums are {OLD_EVENTS} events and {OLD_BAD} bad ones in the "
            f"long window, {OLD_BAD_SHORT} bad ones in the short one. Sloth: the same windows and factors, shares only, "
            "no `for`. Pyrra: factors 14, 7, 2 and 1 on 1h/5m, 6h/30m, 1d/2h and 4d/6h, `for` 2m, 15m, 1h and 3h. Alerts "
            "of one severity that overlap count once."
        ),
        (
            f"- A false alert is one of a service whose failures are at most 0.9 of what the objective allows. Each "
            f"figure at half the budget comes from {size.years} simulated years of each traffic pattern, the others from "
            f"{size.fewer_years}; the higher of the two patterns is shown. The most of many such figures errs on the high "
            "side."
        ),
        (
            f"- Each kind of burn is simulated {size.burns} times, with {BACKGROUND:g} of the allowed failures outside. An "
            "alert counts until the longest short window after the burn: 30 min for pages, 6 h for tickets."
        ),
        f"- A burn is missed if its failures used at least {_share(LEAST_USED)} of the period's budget and no page came.",
        (
            "- “Any rule” is the most that any rule could notice if it alerts falsely once a year at half the budget: a "
            "likelihood-ratio test by someone who knows when and how long it burns (Neyman and Pearson)."
        ),
    )


def _false(figures: Figures, strategies: Sequence[Strategy]) -> Iterator[str]:
    yield from ("", "## False pages and tickets a year at half the budget", "")
    yield (
        "Pages by traffic at 99.9 % and at 99 %; then the most at any traffic, including "
        f"{', '.join(BETWEEN)}. Promised: fewer than one page. Of the chosen strategy, tickets too."
    )
    yield ""
    columns = [(level, target) for target in TARGETS for level in LEVELS]
    heads = [f"{level}, {target}" for level, target in columns]
    yield f"| strategy | {' | '.join(heads)} | most pages | most tickets |"
    yield f"| --- |{' --- |' * (len(heads) + 2)}"
    for each in strategies:
        cells = [
            f"{_highest(figures, level, target, HALF, each.name, PAGE):.2f}" for level, target in columns
        ]
        worst = [f"{_worst(figures, each.name, HALF, severity):.2f}" for severity in (PAGE, TICKET)]
        yield f"| {_bold(each.name)} | {' | '.join((*cells, *worst))} |"


def _other_ratios(figures: Figures, strategies: Sequence[Strategy]) -> Iterator[str]:
    yield from ("", "## At other rates of failure", "")
    yield (
        f"The most alerts a year at {', '.join(LEVELS)} and both objectives, for services at 0.1, 0.5 and 0.9 of the "
        "budget's rate. The factor of the 3-day ticket is 0.93: at 0.9, its alert is close to the truth."
    )
    yield ""
    heads = [f"{_kind(severity)}s at {ratio}" for severity in (PAGE, TICKET) for ratio in RATIOS]
    yield f"| strategy | {' | '.join(heads)} |"
    yield f"| --- |{' --- |' * len(heads)}"
    for each in strategies:
        cells = [
            f"{max(_highest(figures, level, target, ratio, each.name, severity) for level in LEVELS for target in TARGETS):.2f}"
            for severity in (PAGE, TICKET)
            for ratio in RATIOS
        ]
        yield f"| {_bold(each.name)} | {' | '.join(cells)} |"


def _missed(figures: Figures, strategies: Sequence[Strategy], size: Size) -> Iterator[str]:
    yield from ("", "## Missed burns", "")
    yield (
        f"Of the burns below that used at least {_share(LEAST_USED)} of the period's budget, the share that brought no "
        "page. At 2 requests an hour and 99.9 %, one failure uses three quarters of the budget. A rule that never pages "
        "on a single failure must miss burns of one failure; a rule that does pages falsely, as the first table shows. "
        "“Any rule, at least” follows from the column of that name in the next table."
    )
    yield ""
    columns = [(level, target) for target in TARGETS for level in LEVELS]
    yield f"| strategy | {' | '.join(f'{level}, {target}' for level, target in columns)} |"
    yield f"| --- |{' --- |' * len(columns)}"
    due = [sum(figures.of(DUE, *column, each.name) for each in PAGES) for column in columns]
    yield f"| burns | {' | '.join(f'{count:.0f}' for count in due)} |"
    lost = [_share(_inevitable(figures, column, size)) for column in columns]
    yield f"| any rule, at least | {' | '.join(lost)} |"
    for strategy in strategies:
        cells = [
            _share(sum(figures.of(MISSED, *column, each.name, strategy.name) for each in PAGES) / count)
            if count
            else "–"
            for column, count in zip(columns, due, strict=True)
        ]
        yield f"| {_bold(strategy.name)} | {' | '.join(cells)} |"


def _inevitable(figures: Figures, column: tuple[str, str], size: Size) -> float:
    """Return the share of the burns in question that no rule could notice: at most `POSSIBLE` of all are noticed."""
    due = {each.name: figures.of(DUE, *column, each.name) for each in PAGES}
    lost = sum(
        max(0.0, count - size.burns * figures.of(POSSIBLE, *column, name)) for name, count in due.items()
    )
    return lost / total if (total := sum(due.values())) else 0.0


def _noticed(figures: Figures, few: Sequence[Strategy], kinds: Sequence[Burn], heading: str) -> Iterator[str]:
    yield from ("", f"## {heading}: burns noticed, and how soon", "")
    yield (
        "Share of the burns noticed, median delay (– where fewer than half are noticed), and alerts a noticed burn "
        "where there is more than one: the condition comes and goes where few requests fail. Where “any rule” is below 100 %, theory says that not all of these burns can be told from "
        "chance. A rule above it pays with more than one false alert a year."
    )
    yield ""
    names = [_bold(each.name) for each in few]
    yield f"| burn | traffic | target | budget used | any rule | {' | '.join(names)} |"
    yield f"| --- | --- | --- | --- | --- |{' --- |' * len(names)}"
    for each in kinds:
        for target, value in TARGETS.items():
            for level in LEVELS:
                key = (level, target, each.name)
                cells = [_found(figures, *key, one.name) for one in few]
                possible = _share(figures.of(POSSIBLE, *key))
                yield (
                    f"| {each.name} | {level} | {target} | {percent(each.used(value))} | {possible} | "
                    f"{' | '.join(cells)} |"
                )


def _found(figures: Figures, *key: str) -> str:
    found, delay, alerts = (figures.of(what, *key) for what in (FOUND, DELAY, REPEATS))
    if not found:
        return "0 %"
    again = f", {alerts / found:.1f} alerts" if alerts / found >= 1.15 else ""
    return f"{_share(found)}, {span(None if math.isinf(delay) else delay)}{again}"


def _nights(figures: Figures, strategies: Sequence[Strategy]) -> Iterator[str]:
    yield from ("", "## A quiet night after a fast burn", "")
    yield (
        "Half of all requests fail for 30 min; then traffic drops to a tenth or a hundredth for 12 h, and one single "
        "request fails at a random time, at least 40 min later. Share of the fast burns noticed, and of the nights "
        "in which the single failure brings a second page."
    )
    yield ""
    columns = [
        (level, target, f"{night:g}")
        for target in TARGETS
        for night in NIGHTS
        for level in LEVELS
        if level != "2/h"
    ]
    yield f"| strategy | {' | '.join(f'{level}, {target}, × {night}' for level, target, night in columns)} |"
    yield f"| --- |{' --- |' * len(columns)}"
    for each in strategies:
        cells = (
            f"{_share(figures.of(FIRST, *column, each.name))}, {_share(figures.of(AGAIN, *column, each.name))}"
            for column in columns
        )
        yield f"| {_bold(each.name)} | {' | '.join(cells)} |"


def _paired(figures: Figures, few: Sequence[Strategy]) -> Iterator[str]:
    yield from ("", "## Failures in pairs", "")
    yield (
        "The same service at half the budget, but every failed request is tried again at once and fails again. The two "
        "failures are one event, and the promise does not hold: neither for the chosen condition nor with three bad "
        "events. Count a request and its retries once. The most pages a year at any traffic, and at which."
    )
    yield ""
    yield "| strategy | target | most pages a year | at |"
    yield "| --- | --- | --- | --- |"
    for each in few:
        for target in TARGETS:
            found = {
                level: figures.of(PAIRED, level, target, HALF, each.name, PAGE)
                for level in (*LEVELS, *BETWEEN)
            }
            most = max(found, key=lambda level: found[level])
            yield f"| {_bold(each.name)} | {target} | {found[most]:.2f} | {most if found[most] else '–'} |"


def _agreed(agreements: Sequence[Agreement]) -> Iterator[str]:
    if not agreements:
        raise MissingFigureError("no comparison with Prometheus; run python -m evidence.replay.traffic again")
    yield from ("", "## The same condition in a real Prometheus", "")
    yield (
        "Three days at half the budget with four burns (10 % fail for 3 h), scraped every 15 s into Prometheus. The "
        "page condition is evaluated as PromQL at every minute and compared with the simulation. `rate()` does not "
        "see events between the last scrape and the evaluation, and extrapolates to the ends of its window, so a "
        f"judgement may begin or end up to {EDGE_MINUTES} minutes apart. Anything else would be unexplained."
    )
    yield ""
    yield (
        "| traffic | minutes compared | met, simulated | met, Prometheus | differ | unexplained | paged after, "
        "simulated | paged after, Prometheus |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for each in agreements:
        yield (
            f"| {each.level} | {each.minutes} | {each.met} | {each.met_in_prometheus} | {each.differ} | "
            f"{each.unexplained} | {_minutes(each.paged)} | {_minutes(each.paged_in_prometheus)} |"
        )


def _minutes(times: Sequence[int]) -> str:
    return f"{', '.join(map(str, times))} min" if times else "–"


def _worst(figures: Figures, name: str, ratio: str, severity: str) -> float:
    """Return the most alerts a year at any traffic, and of any pattern and objective."""
    levels = (*LEVELS, *BETWEEN) if ratio == HALF else tuple(LEVELS)
    return max(
        _highest(figures, level, target, ratio, name, severity) for level in levels for target in TARGETS
    )


def _highest(figures: Figures, level: str, target: str, ratio: str, name: str, severity: str) -> float:
    return max(figures.of(FALSE, level, target, ratio, pattern, name, severity) for pattern in PATTERNS)


def _kind(severity: str) -> str:
    return "page" if severity == PAGE else "ticket"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _bold(name: str) -> str:
    return f"**{name}**" if name == CHOSEN else name
