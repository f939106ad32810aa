"""What rules, groups and sets of groups cost, and the refusal of figures that were not measured."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from evidence.replay.figures import MissingFigureError

AGAIN = "no page is written; run it again on a machine that has less to do"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCost:
    """A rule, and what one evaluation of it costs; None where that was not measured.

    title    its name, and its labels if it records
    series   series that it wrote since the server started; 0 of an alert
    samples  samples that it reads
    seconds  median time of an evaluation
    idle     whether it rightly records nothing of the workload
    """

    name: str
    title: str
    records: bool
    reads: bool
    series: int | None
    samples: int | None
    seconds: float | None
    idle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCost:
    """A group of rules; `seconds` is the median time of an evaluation, None where that was not measured."""

    name: str
    every_seconds: float
    rules: tuple[RuleCost, ...]
    seconds: float | None

    def missing(self) -> Iterator[str]:
        """Name the figures that were not measured."""
        if not self.rules:
            yield "rules"
        if not self.seconds:
            yield "evaluationTime"
        for rule in self.rules:
            if rule.records and not rule.idle and not rule.series:
                yield f"series of {rule.title}"
            if rule.samples is None or (rule.reads and not rule.samples):
                yield f"samples that {rule.title} reads"
            if not rule.seconds:
                yield f"evaluationTime of {rule.title}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A set of groups: each is evaluated once, except for what is a second."""

    rules: int
    series: int
    samples: int
    samples_per_second: float
    seconds: float
    seconds_per_second: float


Figure = Callable[[Cost], float]


def total(groups: Sequence[GroupCost], without: Collection[str] = ()) -> Cost:
    """Add up groups, leaving out the rules of these names. Raise MissingFigureError if a figure was not measured."""
    if not groups:
        raise MissingFigureError(f"no group of rules was measured; {AGAIN}")
    costs = [_group(each, without) for each in groups]
    return Cost(
        rules=sum(each.rules for each in costs),
        series=sum(each.series for each in costs),
        samples=sum(each.samples for each in costs),
        samples_per_second=sum(each.samples_per_second for each in costs),
        seconds=sum(each.seconds for each in costs),
        seconds_per_second=sum(each.seconds_per_second for each in costs),
    )


def _group(group: GroupCost, without: Collection[str]) -> Cost:
    missing = tuple(group.missing())
    if missing:
        raise MissingFigureError(f"group {group.name}: no figure for {', '.join(missing)}; {AGAIN}")
    kept = [rule for rule in group.rules if rule.name not in without]
    spared = sum(rule.seconds or 0.0 for rule in group.rules if rule.name in without)
    samples = sum(rule.samples or 0 for rule in kept)
    seconds = max((group.seconds or 0.0) - spared, 0.0)
    return Cost(
        rules=len(kept),
        series=sum(rule.series or 0 for rule in kept),
        samples=samples,
        samples_per_second=samples / group.every_seconds,
        seconds=seconds,
        seconds_per_second=seconds / group.every_seconds,
    )


def several(groups: Sequence[GroupCost]) -> int:
    """Count the series of rules that record more than one each, as by route or model."""
    found = (rule.series or 0 for group in groups for rule in group.rules)
    return sum(series for series in found if series > 1)
