"""The processes behind an instrument's series: facts that only their counters together show."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from leadline.signals.samples import Sample, Series

from .attribution import Attribution
from .counters import PLAUSIBLE, Around, Counter, Gap, accumulate, fallen, fell_far, finite, halved
from .lifetimes import gaps
from .scrapes import MOVED_SECONDS, Scrapes, TargetKey, key_of
from .window import Window

PROCESS = "process_start"
"""The label that distinguishes processes at one address."""
LEAST_STEPS = 3
"""Minimum increments for a peak rate that can show what is implausible."""
EXPECTED = 5.0
"""A target that counted nothing while this many events were expected had been drained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """An instrument's series by target, and facts about each target.

    series   each with its target; a relabelled target keeps its former labels
    created  creation time of a label set at each scrape, if exposed
    """

    series: tuple[tuple[TargetKey, Series], ...]
    scrapes: Mapping[TargetKey, Scrapes]
    window: Window
    created: Mapping[TargetKey, Sequence[Sample]]
    whole: Processes | None = None
    served: Processes | None = None
    _names: dict[TargetKey, list[str]] = field(default_factory=dict)
    _metrics: dict[tuple[TargetKey, str], list[Series]] = field(default_factory=dict)
    _peaks: dict[tuple[TargetKey, str], float] = field(default_factory=dict)
    _shared: dict[tuple[TargetKey, str], Around] = field(default_factory=dict)
    _fallen: dict[TargetKey, frozenset[float]] = field(default_factory=dict)
    _drained: dict[TargetKey, bool] = field(default_factory=dict)
    _risen: dict[TargetKey, dict[float, float]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        series: Iterable[Series],
        attribution: Attribution,
        window: Window,
        created: Mapping[TargetKey, Sequence[Sample]],
        whole: Processes | None = None,
        served: Processes | None = None,
    ) -> Processes:
        """Sort series by the processes that counted them.

        `whole` has the series of all instruments, `served` those that count individual requests.
        """
        own: list[tuple[TargetKey, Series]] = []
        scrapes: dict[TargetKey, Scrapes] = {}
        for target, each in former(series, attribution):
            known = attribution.scrapes[target]
            if known.alternates:
                for key, share in _by_process(target, each, known):
                    scrapes.setdefault(key, _one_process(known, dict(key)[PROCESS]))
                    own.append((key, share))
            else:
                scrapes[target] = known
                own.append((target, each))
        metrics: dict[tuple[TargetKey, str], list[Series]] = {}
        for target, each in own:
            metrics.setdefault((target, _name(each)), []).append(each)
        names: dict[TargetKey, list[str]] = {}
        for target, name in metrics:
            names.setdefault(target, []).append(name)
        return cls(
            series=tuple(own),
            scrapes=scrapes,
            window=window,
            created=created,
            whole=whole,
            served=served,
            _names=names,
            _metrics=metrics,
        )

    def counters(
        self, every: Sequence[tuple[TargetKey, Series]]
    ) -> Iterator[tuple[TargetKey, Series, Counter]]:
        """Turn series into counters; buckets individually."""
        ended = self._ended(every)
        for target, series in every:
            if not series.samples:
                continue
            counter = self._counter(target, series, ended.get((target, _name(series)), []))
            if counter:
                yield target, series, counter

    def _counter(self, target: TargetKey, series: Series, ended: Sequence[Series]) -> Counter | None:
        around = self._around(target, _counting(_name(series)))
        if ended:
            around = replace(around, ended=tuple(_gone(_before(series, ended))))
        created = self.created.get(key_of(series.labels), ())
        if created:
            first = series.samples[0].time
            known = [each.value for each in created if each.time <= first] or [created[0].value]
            around = replace(around, created=known[-1])
        moved = (now.time for before, now in pairwise(created) if now.value - before.value >= MOVED_SECONDS)
        counter = accumulate(series.samples, around, restarts=(*series.restarts, *moved))
        return counter and self._without_drain(target, counter)

    def peaks(self) -> dict[tuple[TargetKey, str], float]:
        """Return the highest rate per second of each metric on each target, without buckets."""
        return {
            (target, name): self._peak(target, name)
            for target, name in self._metrics
            if not name.endswith("_bucket")
        }

    def _around(self, target: TargetKey, metric: str) -> Around:
        if (target, metric) not in self._shared:
            self._shared[target, metric] = Around(
                scrapes=self.scrapes[target],
                fallen=self.falls(target),
                refuted=self.refuted(target),
                revealed=self._revealed(target),
                window=(self.window.start, self.window.end),
                most=lambda seconds: self._most(target, metric, seconds),
            )
        return self._shared[target, metric]

    def _of(self, target: TargetKey) -> Iterator[Series]:
        """Yield a target's counters except buckets, which add nothing to their sum."""
        for name in self._names.get(target, ()):
            if not name.endswith("_bucket"):
                yield from self._metrics[target, name]

    def falls(self, target: TargetKey) -> frozenset[float]:
        """Return the scrapes at which falling counters of any instrument show a restart of the target.

        A counter far higher than it can have counted since shows that the process is the same, and only some of its counters
        restarted.
        """
        if self.whole is not None and target in self.whole.scrapes:
            return self.whole.falls(target)
        if target not in self._fallen:
            every = list(self._of(target))
            scrapes = self.scrapes[target]
            hints = fallen if scrapes.starts else halved
            times = {time for each in every for time in hints(each.samples)}
            if not scrapes.starts:  # a series that ended may be one that a new process does not have yet
                ends = (each.samples[-1].time for each in every if each.samples)
                times |= {after for end in ends if (after := scrapes.after(end)) is not None}
            self._fallen[target] = frozenset(time for time in times if not self._stood(target, every, time))
        return self._fallen[target]

    def refuted(self, target: TargetKey) -> frozenset[float]:
        """Return the scrapes at which the start time moved or a counter fell, but other counters are too high for a restart."""
        if self.whole is not None and target in self.whole.scrapes:
            return self.whole.refuted(target)
        every = list(self._of(target))
        moved = {change.after for change in self.scrapes[target].changes}
        dipped = {
            now.time
            for each in every
            for before, now in pairwise(finite(each.samples))
            if now.value < before.value
        }
        return frozenset(time for time in moved | dipped if self._stood(target, every, time))

    def _stood(self, target: TargetKey, every: Sequence[Series], time: float) -> bool:
        for each in every:
            if not _counts_events(each):
                continue
            index = bisect_right(each.samples, time, key=lambda sample: sample.time) - 1
            if index < 1 or each.samples[index].time != time:
                continue
            before, now = each.samples[index - 1], each.samples[index]
            most = self._most(target, _name(each), now.time - before.time)
            if now.value > most and not fell_far(before.value, now.value):
                return True
        return False

    def _ended(self, every: Iterable[tuple[TargetKey, Series]]) -> dict[tuple[TargetKey, str], list[Series]]:
        """Return the series that ended while their target lived on, by target and metric."""
        found: dict[tuple[TargetKey, str], list[Series]] = {}
        for target, each in every:
            last = self.scrapes[target].times[-1:]
            if each.samples and last and each.samples[-1].time < last[0]:
                found.setdefault((target, _name(each)), []).append(each)
        return found

    def _revealed(self, target: TargetKey) -> frozenset[float]:
        """Return the scrapes that first found counters too high to be new, counted by something behind the target."""
        scrapes, found = self.scrapes[target], set[float]()
        for each in self._of(target):
            first = next(iter(finite(each.samples)), None)
            if first is None or first.time <= self.window.start:
                continue
            since = scrapes.before(first.time)
            since = scrapes.started(first.time) if since is None else since
            if since is not None and first.value > self._most(target, _name(each), first.time - since):
                found.add(first.time)
        return frozenset(found)

    def _most(self, target: TargetKey, metric: str, seconds: float) -> float:
        """Return the maximum count of a metric in so many seconds; infinite if its peak is unknown."""
        peak = self._peak(target, metric)
        return PLAUSIBLE * peak * seconds if peak else math.inf

    def _peak(self, target: TargetKey, metric: str) -> float:
        """Return the highest rate of a metric on a target; 0 with too few increments."""
        if (target, metric) not in self._peaks:
            moved = {change.after for change in self.scrapes[target].changes}
            rates: dict[float, float] = {}
            for each in self._metrics.get((target, metric), ()):
                for before, now in pairwise(finite(each.samples)):
                    if now.value > before.value and now.time not in moved:
                        rate = (now.value - before.value) / (now.time - before.time)
                        rates[now.time] = rates.get(now.time, 0.0) + rate
            self._peaks[target, metric] = max(rates.values()) if len(rates) >= LEAST_STEPS else 0.0
        return self._peaks[target, metric]

    def _without_drain(self, target: TargetKey, counter: Counter) -> Counter:
        """Drop the gap after a target's last scrape if it had been drained by then."""
        scrapes = self.scrapes[target]
        last = max(scrapes.times, default=-math.inf)
        ends = any(gap.start == last for gap in counter.gaps)
        if not ends or not self.was_drained(target):
            return counter
        return replace(counter, gaps=tuple(gap for gap in counter.gaps if gap.start != last or gap.restart))

    def was_drained(self, target: TargetKey) -> bool:
        """Return whether a target was idle at its end for longer than chance explains.

        A target that never counted was drained if others of its instrument counted during its lifetime.
        """
        if self.served is not None and target in self.served.scrapes:
            return self.served.was_drained(target)
        if target not in self._drained:
            scrapes = self.scrapes.get(target)
            failing = scrapes and max(scrapes.failed, default=-math.inf) > max(
                scrapes.times, default=-math.inf
            )
            self._drained[target] = bool(scrapes) and not failing and self._quiet(target)
        return self._drained[target]

    def _quiet(self, target: TargetKey) -> bool:
        """Return whether the last busy scrape is longer ago than chance explains.

        For tokens or dollars, which come in clumps, the smallest rise counts as one event.
        """
        times = self.scrapes[target].times
        busy = [(time, amount) for time, amount in sorted(self._rises(target).items()) if amount]
        if busy:
            one = 1.0 if self.served is None else min(amount for _, amount in busy)
            events = sum(amount for _, amount in busy) / one
            seconds = busy[-1][0] - times[0]
            return seconds > 0 and events / seconds * (times[-1] - busy[-1][0]) >= EXPECTED
        return self._idle(self.scrapes[target], target)

    def _rises(self, target: TargetKey) -> dict[float, float]:
        """Return the total rise of a target's counters at each scrape."""
        if target not in self._risen:
            rises: dict[float, float] = {}
            for each in self._of(target):
                if not _name(each).endswith("_sum"):
                    for before, now in pairwise(finite(each.samples)):
                        rises[now.time] = rises.get(now.time, 0.0) + max(0.0, now.value - before.value)
            self._risen[target] = rises
        return self._risen[target]

    def lives(self, silent: Mapping[TargetKey, Scrapes]) -> dict[TargetKey, tuple[Gap, ...]]:
        """Return the gaps in which targets may have counted unseen: targets with series, and `silent` ones."""
        found = {
            target: tuple(gaps(scrapes, self.window, self.refuted(target), drained=self.was_drained(target)))
            for target, scrapes in self.scrapes.items()
            if PROCESS not in dict(target)
        }
        idle = {target: self._idle(scrapes) for target, scrapes in silent.items()}
        found |= {
            target: tuple(gaps(scrapes, self.window, (), drained=idle[target]))
            for target, scrapes in silent.items()
        }
        return {target: each for target, each in found.items() if each}

    def _idle(self, scrapes: Scrapes, target: TargetKey | None = None) -> bool:
        """Return whether a target that never counted was idle while others of its instrument were busy."""
        if not scrapes.times or max(scrapes.failed, default=-math.inf) > scrapes.times[-1]:
            return False
        begin, end = scrapes.times[0], scrapes.times[-1]
        peers = [self._rises(key) for key in self.scrapes if key != target]
        seen = [amount for rises in peers for time, amount in rises.items() if begin < time <= end and amount]
        return bool(seen) and sum(seen) / min(seen) / len(peers) >= EXPECTED


def _counts_events(series: Series) -> bool:
    """Return whether a series counts individual events, judging by its values: sums of seconds or dollars do not."""
    name = _name(series)
    whole = all(
        sample.value == int(sample.value) for sample in series.samples[:3] if math.isfinite(sample.value)
    )
    return whole and not name.endswith("_sum")


def _before(series: Series, ended: Sequence[Series]) -> Sequence[Series]:
    """Return the ended series that this one may continue: the most similar one, else all of them."""
    own = frozenset(series.labels.items())
    last = [each for each in ended if each.samples[-1].time < series.samples[0].time]
    changes = sorted((len(own ^ frozenset(each.labels.items())), index) for index, each in enumerate(last))
    if changes and changes[0][0] < min((count for count, _ in changes[1:]), default=math.inf):
        return [last[changes[0][1]]]
    return last


def _gone(ended: Iterable[Series]) -> Iterator[tuple[float, float]]:
    """Yield the last scrape and the last value of each series."""
    for each in ended:
        if math.isfinite(each.samples[-1].value):
            yield each.samples[-1].time, each.samples[-1].value


def _name(series: Series) -> str:
    return series.labels.get("__name__", "")


def _counting(metric: str) -> str:
    """Return the metric whose rate limits a metric's count: `_count` for buckets."""
    return f"{metric.removesuffix('_bucket')}_count" if metric.endswith("_bucket") else metric


def former(series: Iterable[Series], attribution: Attribution) -> Iterator[tuple[TargetKey, Series]]:
    """Yield each series with its target; join those of a relabelled target with their former series."""
    former: dict[TargetKey, list[TargetKey]] = {}
    for key, origin in attribution.renamed.items():
        former.setdefault(origin, []).append(key)
    joined: dict[tuple[TargetKey, frozenset[tuple[str, str]]], list[Series]] = {}
    for each in series:
        target, labels = attribution.target(each.labels), frozenset(each.labels.items())
        names = [key for key in (target, *former.get(target, ())) if key <= labels]
        if target not in former or not names:
            yield target, each
            continue
        labels = labels - max(names, key=len) | target
        joined.setdefault((target, labels), []).append(replace(each, labels=dict(labels)))
    for (target, _), pieces in joined.items():
        samples = sorted((one for each in pieces for one in each.samples), key=lambda one: one.time)
        restarts = tuple(sorted(time for each in pieces for time in each.restarts))
        yield target, replace(pieces[0], samples=tuple(samples), restarts=restarts)


def _by_process(target: TargetKey, series: Series, scrapes: Scrapes) -> Iterator[tuple[TargetKey, Series]]:
    """Split a series of several processes at one address, by the start time at each scrape."""
    shares: dict[str, list[Sample]] = {}
    for sample in series.samples:
        if (start := _start_at(scrapes, sample.time)) is not None:
            shares.setdefault(start, []).append(sample)
    for start, samples in shares.items():
        key = target | {(PROCESS, start)}
        yield key, replace(series, samples=tuple(samples), restarts=())


def _start_at(scrapes: Scrapes, time: float) -> str | None:
    index = bisect_right(scrapes.starts, time, key=lambda sample: sample.time) - 1
    if index < 0 or scrapes.starts[index].time != time:
        return None
    return f"{scrapes.starts[index].value:.1f}"


def _one_process(scrapes: Scrapes, start: str) -> Scrapes:
    """Return the scrapes of one of several processes at an address."""
    times = {sample.time for sample in scrapes.starts if f"{sample.value:.1f}" == start}
    return replace(
        scrapes,
        name=f"{scrapes.name} ({PROCESS}={start})",
        times=tuple(time for time in scrapes.times if time in times),
        starts=tuple(sample for sample in scrapes.starts if sample.time in times),
    )
