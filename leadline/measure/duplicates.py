"""Duplicates: one process scraped twice. Labels raise the suspicion; start times and values can only refute it.

Two targets are suspected if an address or pod appears under two jobs, or if only other labels differ: two replicas of one
Prometheus, or two hosts that scrape their own localhost. A different start time refutes it, as does a value lower than one
scraped earlier. Pods behind a load balancer look alike but have their own addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from leadline.signals.samples import Sample, Series

from .attribution import Attribution
from .counters import fallen
from .scrapes import MOVED_SECONDS, Scrapes, TargetKey

ADDRESSES = (("instance",), ("namespace", "pod", "container"), ("namespace", "pod"))
"""Labels that identify an address or a pod, whatever the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Targets that are, or may be, the same process.

    replicas  target → the replica used instead, by `prometheus.replica_labels`
    twins     target → the first of the targets that may be the same process
    """

    replicas: Mapping[TargetKey, TargetKey] = field(default_factory=dict)
    twins: Mapping[TargetKey, TargetKey] = field(default_factory=dict)

    def of(self, targets: Iterable[TargetKey]) -> Duplicates:
        """Return the duplicates among some targets."""
        known = set(targets)
        return Duplicates(
            replicas={key: used for key, used in self.replicas.items() if used in known},
            twins={key: first for key, first in self.twins.items() if key in known},
        )


def find(
    series: Iterable[Series],
    attribution: Attribution,
    replica_labels: Sequence[str],
    start: float,
    end: float,
) -> Duplicates:
    """Find targets that were scraped more than once between two times."""
    scrapes = attribution.scrapes
    replicas = _replicas(scrapes, replica_labels, start, end)
    rest = [key for key in scrapes if key not in replicas and not scrapes[key].pushed]
    pairs = [pair for pair in _suspects(rest) if _overlap(*(scrapes[key] for key in pair))]
    if not pairs:
        return Duplicates(replicas=replicas)
    suspected = {key for pair in pairs for key in pair}
    values: dict[TargetKey, dict[frozenset[tuple[str, str]], Series]] = {key: {} for key in suspected}
    for each in series:
        target = attribution.target(each.labels)
        if target in suspected:
            values[target][frozenset(each.labels.items()) - target] = each
    twins: dict[TargetKey, TargetKey] = {}
    for one, other in pairs:
        if not _refuted(scrapes[one], scrapes[other], values[one], values[other]):
            first = twins.get(one, one)
            twins |= {one: first, other: first}
    return Duplicates(replicas=replicas, twins=twins)


def without_replicas(series: Iterable[Series], attribution: Attribution, found: Duplicates) -> list[Series]:
    """Return series without those of replaced replicas."""
    return [each for each in series if attribution.target(each.labels) not in found.replicas]


def _replicas(
    scrapes: Mapping[TargetKey, Scrapes], labels: Sequence[str], start: float, end: float
) -> dict[TargetKey, TargetKey]:
    """Map targets that differ only in a replica label to the one scraped most often in the window."""
    groups: dict[TargetKey, list[TargetKey]] = {}
    for key in scrapes:
        if any(label in labels for label, _ in key):
            groups.setdefault(frozenset(item for item in key if item[0] not in labels), []).append(key)
    found: dict[TargetKey, TargetKey] = {}
    for keys in groups.values():
        used = max(sorted(keys, key=sorted), key=lambda key: _inside(scrapes[key], start, end))
        found |= {key: used for key in keys if key != used}
    return found


def _inside(scrapes: Scrapes, start: float, end: float) -> int:
    return sum(start <= time <= end for time in scrapes.times)


def _suspects(keys: Sequence[TargetKey]) -> Iterable[tuple[TargetKey, TargetKey]]:
    found: dict[tuple[TargetKey, TargetKey], None] = {}
    for names in ADDRESSES:
        groups: dict[tuple[str, ...], list[TargetKey]] = {}
        for key in sorted(keys, key=sorted):
            labels = dict(key)
            address = tuple(labels.get(name, "") for name in names)
            if all(address):
                groups.setdefault(address, []).append(key)
        for group in groups.values():
            found |= {(one, other): None for index, one in enumerate(group) for other in group[index + 1 :]}
    return found


def _overlap(one: Scrapes, other: Scrapes) -> bool:
    if not one.times or not other.times:
        return False
    return one.times[0] < other.times[-1] and other.times[0] < one.times[-1]


def _refuted(
    one: Scrapes,
    other: Scrapes,
    ours: Mapping[frozenset[tuple[str, str]], Series],
    theirs: Mapping[frozenset[tuple[str, str]], Series],
) -> bool:
    """Return whether two targets are proven to be two processes."""
    if one.starts and other.starts:
        own = {round(sample.value / MOVED_SECONDS) for sample in one.starts}
        near = {value + step for value in own for step in (-1, 0, 1)}
        if not near & {round(sample.value / MOVED_SECONDS) for sample in other.starts}:
            return True
    if not any(each in theirs for each in ours):  # other labels, perhaps of the same metrics
        ours, theirs = _totals(ours.values()), _totals(theirs.values())
        if not any(each in theirs for each in ours):
            return True  # they expose different metrics, so nothing is counted twice
    every = (*ours.values(), *theirs.values())
    changed = bool(one.changes or other.changes) or any(fallen(each.samples) for each in every)
    slack = max(each.read_seconds + (each.interval or 0.0 if each.cell else 0.0) for each in (one, other))
    return not changed and any(
        _differ(each, theirs[key], slack) for key, each in ours.items() if key in theirs
    )


def _totals(every: Iterable[Series]) -> dict[frozenset[tuple[str, str]], Series]:
    """Return the sum of each metric's series, at scrapes that have all of them."""
    sums: dict[str, dict[float, list[float]]] = {}
    counts: dict[str, int] = {}
    for each in every:
        name = each.labels.get("__name__", "")
        counts[name] = counts.get(name, 0) + 1
        for sample in each.samples:
            sums.setdefault(name, {}).setdefault(sample.time, []).append(sample.value)
    return {
        frozenset({("__name__", name)}): Series(
            labels={"__name__": name},
            samples=tuple(
                Sample(time, sum(values))
                for time, values in sorted(found.items())
                if len(values) == counts[name]
            ),
        )
        for name, found in sums.items()
    }


def _differ(one: Series, other: Series, slack: float) -> bool:
    """Return whether two series cannot be one counter: a value of one is lower than an earlier value of the other."""
    for series, reference in ((one, other), (other, one)):
        index, before = 0, None
        for sample in series.samples:
            while index < len(reference.samples) and reference.samples[index].time <= sample.time - slack:
                before = reference.samples[index]
                index += 1
            if before is not None and sample.value < before.value:
                return True
    return False


def described(found: Duplicates, scrapes: Mapping[TargetKey, Scrapes]) -> Iterable[str]:
    """Describe the duplicates, for the evidence."""
    by_use: dict[TargetKey, list[str]] = {}
    for key, used in found.replicas.items():
        by_use.setdefault(used, []).append(scrapes[key].name)
    for used, names in by_use.items():
        yield f"{scrapes[used].name}: the more complete replica is used; left out: {', '.join(sorted(names))}"
    groups: dict[TargetKey, list[str]] = {}
    for key, first in found.twins.items():
        groups.setdefault(first, []).append(scrapes[key].name)
    for names in groups.values():
        yield (
            f"{' and '.join(sorted(names))} may be one process that is scraped {len(names)} times: nothing distinguishes them. "
            "Scrape it once, or list the label that distinguishes the replicas under prometheus.replica_labels in the catalog"
        )
