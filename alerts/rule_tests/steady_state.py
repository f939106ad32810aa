"""Test recordings that no alert reads, under steady traffic with known rates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from leadline.base.units import plain
from leadline.catalog.model import Service
from leadline.signals import series_names
from leadline.signals.instruments import Instrument
from leadline.signals.labels import NAME
from leadline.signals.objective import Objective
from leadline.signals.promql import Matcher
from leadline.signals.series_names import WINDOW, WINDOW_SECONDS

from ..model import Group, Recording
from .input_series import (
    NoExampleError,
    Phase,
    another,
    constant,
    counting,
    example_labels,
    failure,
    free_label,
    growing,
    outside,
    presence,
    success,
)
from .model import STEP, Input, RecordingTest
from .packing import labels_of

MINUTES = 30
REQUESTS, FAILED, TOKENS, SPENT = Decimal(600), Decimal(30), Decimal(6000), Decimal("0.6")
"""Per minute: requests, failed requests, tokens, and US dollars without a cost objective."""
CHEAP, DEAR = Decimal("0.8"), Decimal("1.25")
"""Spend under a cost objective, as a multiple of its limit."""
USUAL_SECONDS = Decimal("0.05")
STEADY = (Phase(MINUTES // STEP + 1, REQUESTS * STEP, FAILED * STEP),)
Sums = dict[str, Decimal]
"""The sum of a record's series; windows of one or six hours have only the events since the counters began at 0."""
Expectations = Iterator[tuple[str, Decimal]]


def of_service(service: Service, groups: tuple[Group, ...]) -> tuple[RecordingTest, ...]:
    """Yield the test, unless it can count none of the service's instruments."""
    try:
        inputs = {entry.selector: entry for entry in _inputs(service)}
    except NoExampleError:
        return ()
    if not inputs:
        return ()
    sums = _sums(service)
    rules = [(group, rule) for group in groups for rule in group.recordings]
    expects = [pair for _, rule in rules for pair in _expected(service, rule, sums)]
    for group, rule in rules:
        expects += _of_budget(service, group, rule)
    steady = RecordingTest(
        name="steady traffic", inputs=tuple(inputs.values()), minutes=MINUTES, expects=tuple(expects)
    )
    return (steady, *_without_bucket(service, rules), *_cheap(service, rules), *_stopped(service, rules))


def _without_bucket(service: Service, rules: Sequence[tuple[Group, Recording]]) -> Iterator[RecordingTest]:
    """Test instances without the latency objective's bucket, or that just lost it: their requests are not events."""
    latency, objective = _counts(service, "latency"), service.objective("latency")
    edge = objective.within if objective else None
    if latency is None or edge is None or edge not in latency.buckets:
        return
    many, fast = REQUESTS * STEP, REQUESTS * STEP * 9 / 10
    last = MINUTES // STEP

    def series(instance: str, suffix: str, values: str, le: str = "") -> Input:
        entry = counting(latency, STEADY, suffix=suffix, labels={"le": le} if le else {})
        return another(replace(entry, values=values), Matcher(free_label(latency.matchers), "=", instance))

    kept, other = latency.raw_edge(edge), latency.raw_edge(edge * 7)
    all_of_them = f"0+{plain(many)}x{last}"
    inputs = []
    for each in ("kept", "never", "lost"):
        inputs += [series(each, "_count", all_of_them), series(each, "_bucket", all_of_them, "+Inf")]
    inputs += [series("kept", "_bucket", f"0+{plain(fast)}x{last}", kept)]
    inputs += [series("lost", "_bucket", f"0+{plain(fast)}x{last - 1} stale _", kept)]
    inputs += [series("never", "_bucket", f"0+{plain(fast)}x{last}", other)]
    inputs += [
        another(each, matcher)
        for each in inputs
        for matcher in outside(latency)
        if str(Matcher("instance", "=", "kept")) in each.selector
    ]
    expects = []
    for group, rule in rules:
        if rule.labels.get("objective") != "latency":
            continue
        for record, share in (
            (series_names.slo_events, Decimal(1)),
            (series_names.slo_bad_events, Decimal("0.1")),
        ):
            per_second = REQUESTS / 60 * share
            values = {
                record(WINDOW): per_second,
                record("1h"): per_second * MINUTES / 60,
                COUNTED[record]: per_second * group.interval_seconds,
            }
            if rule.record in values:
                expects.append((rule.series, values[rule.record]))
    if expects:
        yield RecordingTest(
            name="instances without a bucket", inputs=tuple(inputs), minutes=MINUTES, expects=tuple(expects)
        )


def _cheap(service: Service, rules: Sequence[tuple[Group, Recording]]) -> Iterator[RecordingTest]:
    """Test events that cost slightly less than their limit: none is bad."""
    objective = service.objective("cost")
    counter = _counts(service, objective.of) if objective else None
    if (
        objective is None
        or objective.limit_usd is None
        or counter is None
        or "cost" not in service.instruments
    ):
        return
    events = tuple(_tokens(counter)) if objective.of == "tokens" else tuple(_requests(counter))
    cheap = growing(service, (Phase(MINUTES // STEP + 1, _spent(service, CHEAP) * STEP),))
    expects = [
        (rule.series, Decimal(0))
        for _, rule in rules
        if rule.labels.get("objective") == "cost" and rule.record == series_names.slo_bad_events(WINDOW)
    ]
    if expects:
        yield RecordingTest(
            name="cheap events", inputs=(*events, *cheap), minutes=MINUTES, expects=tuple(expects)
        )


def _stopped(service: Service, rules: Sequence[tuple[Group, Recording]]) -> Iterator[RecordingTest]:
    """Test samples that stop while others continue: every evaluation in the last minutes is bad."""
    objective = service.objective("freshness")
    instrument = _counts(service, objective.of) if objective else None
    if instrument is None:
        return
    suffix = "_count" if instrument.is_distribution else ""
    lasts, steps = MINUTES // STEP // 2, MINUTES // STEP + 1
    own = presence(
        instrument, (Phase(lasts, REQUESTS), Phase(steps - lasts, REQUESTS, REQUESTS)), suffix=suffix
    )
    always = presence(instrument, (Phase(steps, REQUESTS),), suffix=suffix)
    others = (another(always, matcher) for matcher in outside(instrument))
    share = Decimal(WINDOW_SECONDS // 60 // STEP + 1) / WINDOW_SECONDS
    expects = []
    for group, rule in rules:
        values = {
            series_names.slo_events(WINDOW): share,
            series_names.slo_bad_events(WINDOW): share,
            series_names.SLO_BAD_EVENTS_COUNTED: share * group.interval_seconds,
        }
        if rule.labels.get("objective") == "freshness" and rule.record in values:
            expects.append((rule.series, values[rule.record]))
    if expects:
        yield RecordingTest(
            name="samples stop", inputs=(own, *others), minutes=MINUTES, expects=tuple(expects)
        )


COUNTED = {
    series_names.slo_events: series_names.SLO_EVENTS_COUNTED,
    series_names.slo_bad_events: series_names.SLO_BAD_EVENTS_COUNTED,
}


def of_project(groups: tuple[Group, ...]) -> tuple[RecordingTest, ...]:
    """Yield the test of constant recordings, if there are any."""
    rules = [rule for group in groups for rule in group.recordings]
    expects = tuple((rule.series, rule.constant) for rule in rules if rule.constant is not None)
    return (RecordingTest(name="constants", inputs=(), minutes=1, expects=expects),) if expects else ()


def _counts(service: Service, name: str) -> Instrument | None:
    """Return an instrument whose series promtool can represent."""
    found = service.instruments.get(name)
    return None if found is None or found.native or found.kind == "gauge" else found


def _inputs(service: Service) -> Iterator[Input]:
    """Return counted series, and the same of others, each excluded by a different matcher of every instrument of the metric."""
    yield from _counted(service)
    instruments = [found for name in COUNTING if (found := _counts(service, name))]
    for instrument in instruments:
        own = [each for each in _counted(service) if each.selector.startswith(instrument.metric)]
        for matcher in outside(instrument):
            others = (another(each, matcher) for each in own)
            yield from (each for each in others if not any(_is_read(other, each) for other in instruments))


COUNTING = ("requests", "latency", "tokens")


def _is_read(instrument: Instrument, entry: Input) -> bool:
    labels = labels_of(entry)
    names = {instrument.metric, *(f"{instrument.metric}_{part}" for part in ("bucket", "count", "sum"))}
    return labels[NAME] in names and all(
        each.holds(labels.get(each.label, "")) for each in instrument.matchers
    )


def _counted(service: Service) -> Iterator[Input]:
    requests, latency = _counts(service, "requests"), _counts(service, "latency")
    counts = tuple(_requests(requests)) if requests else ()
    yield from counts
    if latency and requests and requests.metric == f"{latency.metric}_count":
        yield from (part for each in counts for part in _beside(latency, each))
    elif latency:
        count = counting(latency, STEADY, suffix="_count", labels=example_labels(latency))
        yield from (count, *_beside(latency, count))
    tokens = _counts(service, "tokens")
    if tokens:
        yield from _tokens(tokens)
    if "cost" in service.instruments:
        yield from growing(service, (Phase(MINUTES // STEP + 1, _spent(service) * STEP),))


def _tokens(tokens: Instrument) -> Iterator[Input]:
    """Return the tokens of two instances, half each."""
    half = counting(tokens, STEADY, lambda _: TOKENS * STEP / 2, labels=example_labels(tokens))
    yield from (another(half, Matcher("replica", "=", name)) for name in ("one", "two"))


def _spent(service: Service, times: Decimal = DEAR) -> Decimal:
    """Return the cost of a minute: a multiple of the cost objective's limit, if there is one."""
    objective = service.objective("cost")
    if objective is None or objective.limit_usd is None:
        return SPENT
    return (TOKENS if objective.of == "tokens" else REQUESTS) * objective.limit_usd * times


def _sums(service: Service) -> Sums:
    found: Sums = {}
    requests, latency = _counts(service, "requests"), _counts(service, "latency")
    if requests:
        found[series_names.ROUTE_REQUESTS] = REQUESTS / 60
        found[series_names.requests(f"{MINUTES}m")] = REQUESTS / 60
        found[series_names.ROUTE_ERRORS] = FAILED / 60
    if latency:
        found[series_names.ROUTE_DURATION_COUNT] = REQUESTS / 60
        found[series_names.ROUTE_DURATION_SUM] = REQUESTS / 60 * _taken(latency)
    if _counts(service, "tokens"):
        found[series_names.MODEL_TOKENS] = TOKENS / 60
        found[series_names.tokens("1h")] = TOKENS / 60 * MINUTES / 60
    if "cost" in service.instruments:
        found[series_names.MODEL_COST] = _spent(service) / 60
        found[series_names.cost("1h")] = _spent(service) / 60 * MINUTES / 60
        found[series_names.cost("6h")] = _spent(service) / 60 * MINUTES / 360
    return found


def _requests(requests: Instrument) -> Iterator[Input]:
    labels = example_labels(requests)
    if not requests.tells_errors or (requests.failed and not requests.has("status")):
        yield counting(requests, STEADY, labels=labels)
        if requests.failed:
            yield counting(requests.failed, STEADY, lambda each: each.bad, labels=labels)
        return
    served = {**success(requests), **labels}
    yield counting(requests, STEADY, lambda each: each.events - each.bad, labels=served)
    yield counting(requests, STEADY, lambda each: each.bad, labels={"status": failure(requests), **labels})


def _taken(latency: Instrument) -> Decimal:
    """Return each request's duration in seconds: the middle bucket edge, if edges are known."""
    return latency.buckets[len(latency.buckets) // 2] if latency.buckets else USUAL_SECONDS


def _beside(latency: Instrument, count: Input) -> Iterator[Input]:
    """Return the buckets and the sum of a histogram for a series of its count, with the same labels."""
    labels, taken = count.selector.removeprefix(f"{latency.metric}_count"), _taken(latency)
    inner = labels.removeprefix("{").removesuffix("}")
    if latency.knows_buckets:
        for le, edge in (*((latency.raw_edge(edge), edge) for edge in latency.buckets), ("+Inf", taken)):
            bucket = ", ".join(filter(None, (inner, str(Matcher("le", "=", le)))))
            values = count.values if edge >= taken else constant((MINUTES // STEP + 1, 0))
            yield Input(selector=f"{latency.metric}_bucket{{{bucket}}}", values=values)
    grown = re.fullmatch(r"0\+([\d.]+)x(\d+)", count.values)
    if grown:
        seconds = plain(round(Decimal(grown[1]) * taken / latency.scale, 9))
        yield Input(selector=f"{latency.metric}_sum{labels}", values=f"0+{seconds}x{grown[2]}")


def _expected(service: Service, rule: Recording, sums: Sums) -> Expectations:
    """Return the expected value of a recording: a constant, a counted rate, or a share by request duration."""
    if rule.constant is not None:
        yield rule.series, rule.constant
    elif rule.record in sums:
        yield f"sum({rule.series})", sums[rule.record]
    elif rule.record == series_names.ROUTE_DURATION_BUCKET and _counts(service, "latency"):
        yield f"sum({rule.series.removesuffix('}')}, {Matcher('le', '=', '+Inf')}}})", REQUESTS / 60


def _of_budget(service: Service, group: Group, rule: Recording) -> Expectations:
    """Return the expected values of a budget, from a constant share of bad events."""
    objective = service.objective(rule.labels.get("objective", ""))
    events, share = _events(service, objective) if objective else (Decimal(0), Decimal(0))
    if objective is None or not events:
        return
    burn = share / (1 - objective.target)
    seconds = group.interval_seconds
    values = {
        series_names.SLO_EVENTS_COUNTED: events * seconds,
        series_names.SLO_BAD_EVENTS_COUNTED: events * seconds * share,
        series_names.SLO_REMAINING: 1 - burn,
    }
    if objective.name == "freshness":  # the number of moments depends on promtool's evaluations
        moments = Decimal(WINDOW_SECONDS // 60 // STEP + 1)
        values |= {
            series_names.slo_events(WINDOW): moments / WINDOW_SECONDS,
            series_names.slo_bad_events(WINDOW): Decimal(0),
            series_names.SLO_EVENTS_COUNTED: moments / WINDOW_SECONDS * seconds,
            series_names.slo_events("1h"): Decimal(MINUTES // STEP + 1) / 3600,
            series_names.slo_bad_events("1h"): Decimal(0),
        }
    else:
        values |= {
            series_names.slo_events(WINDOW): events,
            series_names.slo_bad_events(WINDOW): events * share,
        }
        if objective.name != "cost":  # its hour is an average of five-minute slices
            values[series_names.slo_events("1h")] = events * MINUTES / 60
            values[series_names.slo_bad_events("1h")] = events * share * MINUTES / 60
    if rule.record in values:
        yield rule.series, values[rule.record]


def _events(service: Service, objective: Objective) -> tuple[Decimal, Decimal]:
    """Return an objective's events per second and the bad share of them; none if unknown."""
    requests, latency = _counts(service, "requests"), _counts(service, "latency")
    if objective.name == "availability" and requests:
        return REQUESTS / 60, FAILED / REQUESTS
    if objective.name == "latency" and latency and objective.within:
        return REQUESTS / 60, Decimal(1 if objective.within < _taken(latency) else 0)
    if objective.name == "cost" and objective.limit_usd is not None:
        many = TOKENS if objective.of == "tokens" else REQUESTS
        return many / 60, Decimal(1 if _spent(service) / many > objective.limit_usd else 0)
    is_fresh = objective.name == "freshness" and _counts(service, objective.of) is not None
    return Decimal(1 if is_fresh else 0), Decimal(0)
