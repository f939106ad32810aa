"""Attribution: which target each series was scraped from. Labels decide; sample times confirm.

1. The series has all labels of an `up` series: the most specific such `up` is its target.
2. `job` and `instance` match, but labels that a scrape may override differ (`honor_labels`, `metric_relabel_configs`).
   Exactly one target fits, and its scrapes have the samples' times.
3. Otherwise no scrape of the series is known (OTLP, remote write, federation, recording rules, Pushgateway): the series is
   its own source, and its samples are its clock.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from types import MappingProxyType

from leadline.signals.samples import Sample, Series

from .scrapes import DURATION, STARTED, UP, Scrapes, TargetKey, key_of, of_samples, of_up

LABELS, OVERRIDDEN, SOURCE = "all labels of its target", "job and instance of its target", "no scrape known"
"""Attribution steps, as named in the evidence."""
NEAR_SCRAPES, APART = 3.0, 0.75
"""A relabelled target reappears within NEAR_SCRAPES intervals of its last scrape. Scrapes closer together than APART of an
interval belong to two targets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The targets of all series.

    scrapes  by target
    silent   targets of the same jobs without any of the series
    steps    how many series each step attributed, by target
    renamed  relabelled target → its former labels; both are one target, and their series are joined
    """

    scrapes: Mapping[TargetKey, Scrapes]
    targets: Mapping[TargetKey, TargetKey]
    steps: Mapping[TargetKey, Mapping[str, int]] = field(default_factory=dict)
    renamed: Mapping[TargetKey, TargetKey] = field(default_factory=dict)
    silent: Mapping[TargetKey, Scrapes] = field(default_factory=dict)

    def target(self, labels: Mapping[str, str]) -> TargetKey:
        """Return the target of a series with these labels."""
        own = key_of(labels)
        return self.targets.get(own, own)

    def at(self, labels: Mapping[str, str]) -> Scrapes:
        return self.scrapes[self.target(labels)]


def attribute(
    series: Iterable[Series],
    scraped: Sequence[Series],
    until: float,
    *,
    interval: float = 0.0,
    cell: float = 0.0,
    tallies: Mapping[TargetKey, tuple[float, float]] = MappingProxyType({}),
) -> Attribution:
    """Attribute series to the targets in `scraped` (`up`, scrape durations, process start times).

    `interval` is the catalog's scrape interval; `cell` and `tallies` describe a long window: see `Scrapes`.
    """
    ups = {key_of(each.labels): each for each in scraped if each.labels.get("__name__") == UP}
    by_address: dict[tuple[str, str], list[TargetKey]] = {}
    for key in ups:
        by_address.setdefault(_address(dict(key)), []).append(key)
    times_of = {key: {sample.time for sample in up.samples} for key, up in ups.items()}

    def find(each: Series) -> tuple[TargetKey, str]:
        own = key_of(each.labels)
        near = by_address.get(_address(each.labels), [])
        fitting = [key for key in near if key <= own]
        if fitting:
            return max(fitting, key=lambda key: (len(key), _shared(times_of[key], each))), LABELS
        timed = [key for key in near if _shared(times_of[key], each) > MOST_TIMES]
        return (timed[0], OVERRIDDEN) if len(timed) == 1 else (own, SOURCE)

    targets: dict[TargetKey, TargetKey] = {}
    steps: dict[TargetKey, Tally[str]] = {}
    own_times: dict[TargetKey, set[float]] = {}
    for each in series:
        own = key_of(each.labels)
        if own not in targets:
            targets[own], step = find(each)
            steps.setdefault(targets[own], Tally())[step] += 1
        if targets[own] not in ups:
            seen = own_times.setdefault(own, set())
            seen.update(sample.time for sample in each.samples)
            seen.update(sample.time for sample in each.histograms)
    others: dict[str, dict[TargetKey, list[Series]]] = {DURATION: {}, STARTED: {}}
    for each in scraped:
        if (name := each.labels.get("__name__", "")) in others:
            target, _ = find(each)
            others[name].setdefault(target, []).append(each)
    known = {
        key: replace(
            of_up(up, others[DURATION].get(key, ()), _one(others[STARTED].get(key, [])), until),
            cell=cell,
            tally=tallies.get(key),
        )
        for key, up in ups.items()
    }
    known = _with_outage(known, until)
    renamed = _renamed(known)
    alike = {new: old for new, old in _alike(known).items() if new not in renamed}
    needed = set(targets.values())
    scrapes = {key: known[key] for key in needed & set(known)}
    starts = _starts_without_up(scraped, by_address)
    for key, times in own_times.items():
        samples = starts.get(_address(dict(key)), ())
        scrapes[key] = replace(of_samples(times, until), cell=cell, starts=samples)
    return _named(_joined(scrapes, known, renamed, alike, targets, steps), interval)


MOST_TIMES = 0.8
"""Minimum share of a series' sample times that must be scrape times of its target."""


def _starts_without_up(
    scraped: Iterable[Series], known: Mapping[tuple[str, str], object]
) -> dict[tuple[str, str], tuple[Sample, ...]]:
    """Return process start times by address, for addresses without `up` that have a single process."""
    found: dict[tuple[str, str], list[Series]] = {}
    for each in scraped:
        if each.labels.get("__name__") == STARTED and _address(each.labels) not in known:
            found.setdefault(_address(each.labels), []).append(each)
    return {address: every[0].samples for address, every in found.items() if len(every) == 1}


def _with_outage(known: Mapping[TargetKey, Scrapes], until: float) -> dict[TargetKey, Scrapes]:
    """Mark targets that all ended together, well before `until`: Prometheus itself was probably down."""
    tried = {
        key: max((*each.times, *each.failed)) for key, each in known.items() if each.times or each.failed
    }
    intervals = [each.interval for each in known.values() if each.interval]
    if not tried or not intervals:
        return dict(known)
    last, interval = max(tried.values()), max(intervals)
    together = all(time > last - 1.5 * interval for time in tried.values())
    outage = together and last < until - 2.5 * interval
    return {key: replace(each, outage=outage) for key, each in known.items()}


def _address(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels.get("job", ""), labels.get("instance", "")


def _shared(times: set[float], series: Series) -> float:
    """Return the share of a series' sample times that are scrape times."""
    every = [*(each.time for each in series.samples), *(each.time for each in series.histograms)]
    return sum(time in times for time in every) / len(every) if every else 0.0


def _one(starts: list[Series]) -> list[Series]:
    """Return the start times of a single process; none if there are several."""
    return starts if len(starts) == 1 else []


def _renamed(known: Mapping[TargetKey, Scrapes]) -> dict[TargetKey, TargetKey]:
    """Find targets that only changed their labels: equal start times, and one begins where the other ended.

    Of several candidates, match the pair that shares the most labels; match none if that is ambiguous.
    """
    by_start: dict[float, list[TargetKey]] = {}
    for key, scrapes in known.items():
        if scrapes.starts and scrapes.times:
            for start in {scrapes.starts[0].value, scrapes.starts[-1].value}:
                by_start.setdefault(start, []).append(key)
    found: dict[TargetKey, TargetKey] = {}
    for keys in by_start.values():
        pairs = [
            (old, new)
            for old in keys
            for new in keys
            if _start_at(known[old], known[new]) and _follows(known[new], known[old])
        ]
        best = [
            pair
            for pair in pairs
            if all(len(pair[0] & pair[1]) >= len(old & new) for old, new in pairs if {old, new} & {*pair})
        ]
        olds, news = Tally(old for old, _ in best), Tally(new for _, new in best)
        found |= {new: old for old, new in best if olds[old] == news[new] == 1}
    return found


def _start_at(old: Scrapes, new: Scrapes) -> bool:
    """Return whether a target's first start time equals another one's last."""
    first = new.starts[0]
    before = [each for each in old.starts if each.time < first.time]
    return bool(before) and before[-1].value == first.value


def _alike(known: Mapping[TargetKey, Scrapes]) -> dict[TargetKey, TargetKey]:
    """Find targets without start times at the same address, of which one begins where the other ended."""
    by_address: dict[tuple[str, str], list[TargetKey]] = {}
    for key, scrapes in known.items():
        if scrapes.times and not scrapes.starts:
            by_address.setdefault(_address(dict(key)), []).append(key)
    found: dict[TargetKey, TargetKey] = {}
    for keys in by_address.values():
        pairs = [(old, new) for old in keys for new in keys if _follows(known[new], known[old])]
        olds, news = Tally(old for old, _ in pairs), Tally(new for _, new in pairs)
        found |= {new: old for old, new in pairs if olds[old] == news[new] == 1}
    return found


def _follows(new: Scrapes, old: Scrapes) -> bool:
    """Return whether a target begins where another was last scraped, and the two never overlap."""
    if new is old:
        return False
    interval = min(each.interval or math.inf for each in (old, new))
    if math.isinf(interval):
        return False
    earlier = sorted((*old.times, *old.failed))
    every = sorted((*new.times, *new.failed))
    before = bisect_left(earlier, every[0]) - 1
    if before < 0 or every[0] - earlier[before] > NEAR_SCRAPES * interval:
        return False
    return not any(
        bisect_left(earlier, time - APART * interval) < bisect_left(earlier, time + APART * interval)
        for time in every
    )


def _joined(
    scrapes: Mapping[TargetKey, Scrapes],
    known: Mapping[TargetKey, Scrapes],
    renamed: Mapping[TargetKey, TargetKey],
    alike: Mapping[TargetKey, TargetKey],
    targets: Mapping[TargetKey, TargetKey],
    tallies: Mapping[TargetKey, Tally[str]],
) -> Attribution:
    """Join a relabelled target with the scrapes under its former labels.

    A target that was probably relabelled (`alike`) also counts as one target, but its series are not joined: new series may
    continue those that ended, as when a metric's label changes.
    """
    former = {**renamed, **alike}

    def origin(key: TargetKey) -> TargetKey:
        while key in former:
            key = former[key]
        return key

    parts = {origin(key): [scrapes[key]] for key in scrapes if key not in known}
    needed = {origin(key) for key in scrapes}
    for key, each in known.items():
        if origin(key) in needed:
            parts.setdefault(origin(key), []).append(each)
    steps: dict[TargetKey, Tally[str]] = {}
    for key, tally in tallies.items():
        steps.setdefault(origin(key), Tally()).update(tally)
    return Attribution(
        scrapes={key: _one_life(each) for key, each in parts.items()},
        targets={own: origin(target) for own, target in targets.items()},
        steps=steps,
        renamed={key: origin(key) for key in renamed if origin(key) in needed},
        silent={key: each for key, each in known.items() if origin(key) not in needed and key not in former},
    )


def _one_life(parts: list[Scrapes]) -> Scrapes:
    if len(parts) == 1:
        return parts[0]
    return replace(
        parts[0],
        times=tuple(sorted(time for each in parts for time in each.times)),
        failed=tuple(sorted(time for each in parts for time in each.failed)),
        starts=tuple(sorted((one for each in parts for one in each.starts), key=lambda one: one.time)),
        read_seconds=max(each.read_seconds for each in parts),
    )


def _named(found: Attribution, default_interval: float) -> Attribution:
    """Name targets by job and instance, plus other labels if these are ambiguous."""
    addresses = Tally(_address(dict(key)) for key in found.scrapes)

    def name(key: TargetKey) -> str:
        labels = dict(key)
        plain = " ".join(part for part in _address(labels) if part)
        if plain and addresses[_address(labels)] == 1:
            return plain
        rest = (
            f"{label}={value}" for label, value in sorted(labels.items()) if label not in ("job", "instance")
        )
        return " ".join((plain, *rest)).strip() or "series without labels"

    intervals = [each.interval for each in found.scrapes.values() if each.interval]
    typical = median(intervals) if intervals else default_interval

    def named(known: Mapping[TargetKey, Scrapes]) -> dict[TargetKey, Scrapes]:
        return {key: replace(each, name=name(key), typical_interval=typical) for key, each in known.items()}

    return replace(found, scrapes=named(found.scrapes), silent=named(found.silent))
