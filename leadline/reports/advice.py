"""Next steps: rules over readings. Each names the figures that triggered it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from leadline.base.units import goal, plain, show
from leadline.measure.measured import NotMeasured
from leadline.measure.measurements import Measurements
from leadline.measure.reading import Reading

from .model import MISSED, UNDECIDED, Advice, Group, Headroom, Resource
from .verdicts import target_for
from .words import in_words

NEAR = 0.8
"""A resource is near its limit above this share of it."""
LOW_HIT_RATIO, LEAST_LOOKUPS = 0.8, 100
LITTLE_HEADROOM = 1.5
DOMINANT = 0.5

Readings = Mapping[str, Reading]


def next_steps(
    measurements: Measurements, readings: Sequence[Reading], groups: Sequence[Group], headroom: Headroom
) -> Iterator[Advice]:
    """Yield what to do next, missed targets first."""
    found = {reading.signal: reading for reading in readings}
    yield from _missed_latency(found, groups)
    yield from _missed_errors(found, groups)
    yield from _pool(headroom)
    yield from _cpu(measurements, headroom)
    yield from _queue(headroom)
    yield from _cache(measurements, found)
    yield from _rejected(found)
    yield from _edges(measurements, found)
    yield from _restarts(measurements)


def in_place(measurements: Measurements, readings: Sequence[Reading], headroom: Headroom) -> Iterator[str]:
    """Yield what already helps the service, each with its evidence in this window."""
    found = {reading.signal: reading for reading in readings}
    cache = found.get("cache_hit_ratio")
    if cache and cache.value:
        yield f"a cache: {show(cache.value, 'ratio')} of lookups hit ({cache.note})"
    replicas = found.get("replicas")
    most = measurements.find("replicas_limit")
    limit = None if isinstance(most, NotMeasured) else most.level()
    if replicas and replicas.value and replicas.value > 1:
        yield f"replicas: {replicas.value:.0f} shared the load"
    if limit and replicas and replicas.value and limit.last > replicas.value:
        yield f"an autoscaler: up to {limit.last:.0f} replicas, {replicas.value:.0f} were used"
    for each in headroom.resources:
        if each.name == "pool" and each.limit:
            yield f"a connection pool: {each.used:.0f} of {each.limit:.0f} connections used at most"
        if each.name == "queue" and each.factor is None:
            yield f"a queue that drains: {each.used:.0f} tasks at most, and it {each.note}"
    rejected = found.get("rejected")
    if rejected and rejected.value:
        yield f"a rate limit: {show(rejected.value, 'requests')} requests were turned away"


def _missed_latency(found: Readings, groups: Sequence[Group]) -> Iterator[Advice]:
    missed = [
        each for each in found.values() if each.signal.startswith("latency.") and each.verdict == MISSED
    ]
    if not missed:
        return
    routes = [group for group in groups if group.by == "route" and group.p95]
    slowest = max(routes, key=lambda group: group.p95 or 0, default=None)
    where = ""
    if slowest and slowest.p95:
        where = (
            f"; the slowest route is {slowest.value} (p95 about {show(slowest.p95, 'seconds')}, "
            f"{show(slowest.share, 'ratio')} of requests)"
        )
    figures = ", ".join(
        f"{in_words(each.signal)} {_figure(each)}, target {goal(each.target or 0, 'seconds')}"
        for each in missed
    )
    yield Advice(title="Find what makes requests slow", evidence=figures + where)


def _figure(reading: Reading) -> str:
    if reading.value is not None:
        return show(reading.value, reading.unit)
    return f"above {show(reading.lower or 0, reading.unit)}"


def _missed_errors(found: Readings, groups: Sequence[Group]) -> Iterator[Advice]:
    errors = found.get("error_ratio")
    if errors is None or errors.verdict != MISSED or errors.value is None:
        return
    worst = [
        f"{group.by} {group.value}: {group.errors:.0f} errors"
        for by in ("route", "status")
        if (group := next((each for each in groups if each.by == by and each.errors), None))
    ]
    evidence = f"{show(errors.value, 'ratio')} of requests failed, target {goal(errors.target or 0, 'ratio')}"
    yield Advice(title="Find what fails", evidence="; ".join((evidence, *worst)))


def _resource(headroom: Headroom, name: str) -> Resource | None:
    return next((each for each in headroom.resources if each.name == name), None)


def _pool(headroom: Headroom) -> Iterator[Advice]:
    pool = _resource(headroom, "pool")
    if pool is None or not pool.limit or pool.used < NEAR * pool.limit:
        return
    limit, wanted = pool.limit, math.ceil(pool.limit * 1.5)
    yield Advice(
        title=f"Raise the connection pool from {limit:.0f} to {wanted}",
        evidence=f"{pool.used:.0f} of {limit:.0f} connections were used at most",
        snippet=f"create_engine(url, pool_size={wanted}, max_overflow=0)  # was {limit:.0f} in all",
        language="python",
    )


def _cpu(measurements: Measurements, headroom: Headroom) -> Iterator[Advice]:
    cpu = _resource(headroom, "cpu")
    if cpu is None or not cpu.limit:
        return
    busy = cpu.used >= NEAR * cpu.limit
    tight = headroom.binding == "cpu" and headroom.factor is not None and headroom.factor < LITTLE_HEADROOM
    if not (busy or tight):
        return
    replicas = measurements.find("replicas")
    level = None if isinstance(replicas, NotMeasured) else replicas.level()
    least = max(2, round(level.last)) if level else 2
    name = measurements.service.name
    evidence = f"{show(cpu.used, 'cores')} of {show(cpu.limit, 'cores')} were used on average"
    if cpu.factor is not None:
        evidence += f"; this load fits {cpu.factor:.1f} times"
    yield Advice(
        title="Scale out by CPU",
        evidence=evidence,
        snippet=f"kubectl autoscale deployment {name} --cpu-percent=70 --min={least} --max={5 * least}",
        language="sh",
    )


def _queue(headroom: Headroom) -> Iterator[Advice]:
    queue = _resource(headroom, "queue")
    if queue and queue.factor is not None:
        yield Advice(title="Add workers", evidence=f"the queue {queue.note}")


def _cache(measurements: Measurements, found: Readings) -> Iterator[Advice]:
    ratio, measured = found.get("cache_hit_ratio"), measurements.find("cache")
    if ratio is None or ratio.value is None or isinstance(measured, NotMeasured):
        return
    lookups = measured.count().value
    if ratio.value < LOW_HIT_RATIO and lookups >= LEAST_LOOKUPS:
        yield Advice(
            title="Cache more, or longer",
            evidence=f"{show(ratio.value, 'ratio')} of lookups hit ({ratio.note})",
        )


def _rejected(found: Readings) -> Iterator[Advice]:
    """Report rejections that only the client saw (`client.rejected` comes from k6's summary)."""
    client, server = found.get("client.rejected"), found.get("rejected")
    if client is None or not client.value or (server and server.value):
        return
    yield Advice(
        title="Count the requests that are turned away",
        evidence=(
            f"{show(client.value, 'requests')} requests were answered 429, and the server counted none of them"
        ),
        snippet=(
            'REJECTED = Counter("http_requests_rejected_total", "Requests turned away by the rate limit", ["route"])\n'
            "# where the 429 is raised, before it:\n"
            "REJECTED.labels(route).inc()"
        ),
        language="python",
    )


def _edges(measurements: Measurements, found: Readings) -> Iterator[Advice]:
    """Propose the bucket edges that would decide undecided targets."""
    latency = measurements.find("latency")
    undecided = [
        target
        for signal, reading in found.items()
        if signal.startswith("latency.") and reading.verdict == UNDECIDED and reading.lower is not None
        if (target := target_for(measurements.service, signal))
    ]
    if isinstance(latency, NotMeasured) or not undecided:
        return
    existing = {float(edge) for edge in latency.instrument.buckets} or _measured_edges(measurements)
    wanted = sorted(existing | {float(target.value) for target in undecided})
    between = ", ".join(
        f"{in_words(target.signal)}, target {goal(float(target.value), 'seconds')}" for target in undecided
    )
    yield Advice(
        title="Add bucket edges at the targets",
        evidence=f"undecided because its target lies between two edges: {between}",
        snippet=f"buckets = ({', '.join(plain(edge) for edge in wanted)})",
        language="python",
    )


def _measured_edges(measurements: Measurements) -> set[float]:
    latency = measurements.find("latency")
    if isinstance(latency, NotMeasured):
        return set()
    found = {float(track.labels["le"]) for track in latency.buckets}
    return {edge for edge in found if math.isfinite(edge)}


def _restarts(measurements: Measurements) -> Iterator[Advice]:
    requests = measurements.find("requests")
    if isinstance(requests, NotMeasured) or not requests.resets:
        return
    yield Advice(
        title="Find out why it restarted",
        evidence=f"{requests.resets} restart(s) inside the window; what was counted just before each is lost",
        snippet=f"kubectl describe pod -l app={measurements.service.name} | grep -A5 'Last State'",
        language="sh",
    )
