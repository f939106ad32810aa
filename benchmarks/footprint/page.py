"""The page about footprint: two comparisons in tables, and the promises that a run must keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.footprint import single, worked
from benchmarks.footprint.cost import Cost, Figure, GroupCost, several, total
from benchmarks.footprint.workload import STEP

ADDITIONS = ("ServiceVanished", "TargetsLost", "LatencyBucketMissing", "service:targets:up")
"""Rules that watch what nothing watched before; without them both versions watch the same."""
TWO_THIRDS = 2 / 3
FIGURES: Mapping[str, Figure] = {
    "rules": lambda cost: cost.rules,
    "series": lambda cost: cost.series,
    "samples an evaluation": lambda cost: cost.samples,
    "samples a second": lambda cost: cost.samples_per_second,
    "evaluation, ms": lambda cost: 1000 * cost.seconds,
    "evaluation a second, ms": lambda cost: 1000 * cost.seconds_per_second,
}
OF_SINGLE = tuple(FIGURES)[:4]
PROMISED = tuple(FIGURES)[1:]
"""Each is at most two thirds of what it was."""
Groups = Sequence[GroupCost]


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The worked example's groups before and now, and the commits that generated them."""

    before: Groups
    now: Groups
    before_commit: str
    now_commit: str


def missed(ours: Groups, sloths: Groups, versions: Versions | None) -> Iterator[str]:
    """Name the promises that a run did not keep. Raise MissingFigureError if a figure was not measured."""
    mine, theirs = total(ours).samples_per_second, total(sloths).samples_per_second
    if mine > theirs:
        yield f"one objective reads {_spaced(mine)} samples a second, Sloth's {_spaced(theirs)}: promised is at most as many"
    if versions:
        before, now = total(versions.before), total(versions.now, ADDITIONS)
        for name in PROMISED:
            ratio = FIGURES[name](now) / FIGURES[name](before)
            if ratio > TWO_THIRDS:
                yield f"the worked example: {name} is {ratio:.3f} times what it was: promised are two thirds"


def lines(ours: Groups, sloths: Groups, versions: Versions | None, prometheus: str) -> Iterator[str]:
    """Write the page. Raise MissingFigureError, which names figure and group, if a figure was not measured."""
    faults = tuple(missed(ours, sloths, versions))
    yield "# Footprint\n"
    yield (
        f"Written by `python -m benchmarks.footprint --before PATH --out docs/evidence/footprint.md` on {datetime.now(UTC):%Y-%m-%d}, "
        f"Prometheus {prometheus}. Samples are those that Prometheus says an evaluation reads (`stats=all`), each group evaluated once; "
        "samples a second count each group as often as it is evaluated. The page is not written if a figure is missing.\n"
    )
    for fault in faults:
        yield f"**Not as promised:** {fault}.\n"
    yield from _single(ours, sloths)
    if versions:
        yield from _worked(versions)


def _single(ours: Groups, sloths: Groups) -> Iterator[str]:
    mine, theirs = total(ours), total(sloths)
    yield "## One objective, beside Sloth\n"
    yield (
        f"One availability objective of 99.9 % over {single.PERIOD_DAYS} days, {single.SERIES} raw series scraped every {STEP} s. "
        f"Sloth's rules are evaluated every {STEP} s. Promise: at most as many samples a second as Sloth's.\n"
    )
    yield from _table(
        OF_SINGLE,
        {"Leadline": mine, "as Sloth writes them": theirs},
        {"ratio": _ratios(OF_SINGLE, mine, theirs)},
    )
    yield (
        "\nSloth records a ratio for each of seven windows from the raw counters. Leadline records events and bad events apart, from the raw "
        "counters over 5 minutes and 1 hour only. Every minute it records both as numbers; its alerts sum these over the longer windows, and "
        "the budget sums them over the period. A sum of events weighs each request the same; a mean of ratios does not. Leadline also "
        "records how much of the period was measured.\n"
    )
    yield from _groups(ours)


def _worked(versions: Versions) -> Iterator[str]:
    before, now, same = total(versions.before), total(versions.now), total(versions.now, ADDITIONS)
    columns = tuple(FIGURES)
    scraped = worked.workload().scraped
    yield "\n## The worked example, before and now\n"
    yield (
        f"All rules of `leadline.yaml`, *before* as commit {versions.before_commit} generates them, *now* as commit {versions.now_commit} "
        f"does, each in a Prometheus of its own on the same {len(scraped)} raw series, {worked.RAW_DAYS} days of them, at the same time. "
        f"Evaluation is the sum over groups of the median `evaluationTime` of at least {worked.EVALUATIONS} evaluations. "
        f"{', '.join(f'`{name}`' for name in ADDITIONS)} are new: they watch what nothing watched before. "
        "Promise: without them, each figure but the rules is at most two thirds of what it was.\n"
    )
    yield from _table(
        columns,
        {"before": before, "now": now, "now, without what is new": same},
        {
            "now ÷ before": _ratios(columns, now, before),
            "the same without what is new": _ratios(columns, same, before),
        },
    )
    yield (
        f"\nOf the series, {several(versions.before)} before and {several(versions.now)} now are by route, bucket or model "
        f"({len(worked.ENDPOINTS)} routes, {len(worked.EDGES)} buckets, {len(worked.MODELS)} models here): with more routes, the ratio of series is nearer to 1. "
        "Before, time to exhaustion is not among the series of freshness and cost: it has none while nothing bad happens.\n"
    )
    yield "Before:\n"
    yield from _groups(versions.before)
    yield "\nNow:\n"
    yield from _groups(versions.now)


def _table(
    columns: Sequence[str], costs: Mapping[str, Cost], ratios: Mapping[str, list[str]]
) -> Iterator[str]:
    yield f"| | {' | '.join(columns)} |"
    yield f"| --- |{' ---: |' * len(columns)}"
    for name, cost in costs.items():
        yield f"| {name} | {' | '.join(_written(column, cost) for column in columns)} |"
    for name, found in ratios.items():
        yield f"| {name} | {' | '.join(found)} |"


def _written(column: str, cost: Cost) -> str:
    value = FIGURES[column](cost)
    return f"{value:.2f}" if column.endswith("ms") else _spaced(value)


def _ratios(columns: Sequence[str], one: Cost, other: Cost) -> list[str]:
    return [f"{FIGURES[column](one) / FIGURES[column](other):.2f}" for column in columns]


def _groups(groups: Groups) -> Iterator[str]:
    columns = tuple(name for name in FIGURES if not name.endswith("a second, ms"))
    yield f"| group | every | {' | '.join(columns)} |"
    yield f"| --- | ---: |{' ---: |' * len(columns)}"
    for group in groups:
        cost = total([group])
        yield f"| {group.name} | {group.every_seconds:g} s | {' | '.join(_written(column, cost) for column in columns)} |"


def _spaced(count: float) -> str:
    return f"{count:,.0f}".replace(",", " ")


def by_record(before: Groups, now: Groups) -> Iterator[str]:
    """List the series of each record before and now, those first that differ."""
    names = dict.fromkeys(rule.name for group in (*before, *now) for rule in group.rules if rule.records)
    counts = [(name, _series(before, name), _series(now, name)) for name in names]
    for name, old, new in sorted(counts, key=lambda each: each[2] - each[1]):
        yield f"{name:50} {old:4} {new:4}"


def _series(groups: Groups, name: str) -> int:
    return sum(rule.series or 0 for group in groups for rule in group.rules if rule.name == name)
