"""Lint the catalog against a live Prometheus: instruments, targets and objectives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from leadline.base.units import clean, plain
from leadline.catalog.model import Catalog, Service
from leadline.signals.instruments import GOLDEN, Instrument
from leadline.signals.latency import without_edge

from . import selecting, targets, tree
from .facts import Facts
from .model import ERROR, INFO, WARNING, Finding, of_service


def of_catalog(catalog: Catalog, facts: Facts) -> Iterator[Finding]:
    """Check instruments, targets, objectives and intervals against the live system."""
    for service in catalog.services:
        for instrument in service.instruments.values():
            if instrument.constant is None:
                yield from _instrument(catalog, service, instrument, facts)
        yield from targets.on_edges(catalog, service, _edges(service, facts))
        yield from targets.intervals(catalog, service, facts)
        yield from targets.retention(catalog, service, facts.inventory.retention, "the server keeps")
    yield from targets.prices(catalog, facts)


def without_server(catalog: Catalog) -> Iterator[Finding]:
    """Check targets and objectives against the catalog's own edges and retention, without a server."""
    for service in catalog.services:
        latency = service.instruments.get("latency")
        yield from targets.on_edges(catalog, service, latency.buckets if latency else ())
        stated = None if catalog.retention is None else float(catalog.retention)
        yield from targets.retention(catalog, service, stated, "the catalog says that samples are kept for")
    for remark in catalog.remarks:
        yield Finding(
            code="generation", severity=INFO, file=catalog.file, line=1, subject="generation", what=remark
        )


def _series(instrument: Instrument) -> Instrument:
    """Return the series that proves an instrument exists: for a histogram or summary, its count."""
    return instrument.part("_count") if instrument.is_distribution else instrument


def _instrument(
    catalog: Catalog, service: Service, instrument: Instrument, facts: Facts
) -> Iterator[Finding]:
    counted = _series(instrument)
    missing = list(_missing(counted, facts))
    golden = instrument.name in GOLDEN
    for result in missing:
        yield of_service(
            catalog,
            service,
            result.code,
            ERROR if golden else WARNING,
            f"{instrument.name}: {result.what}",
            evidence=result.evidence,
            remedy=result.remedy
            or f"correct it under instruments.{instrument.name}, or write {instrument.name}: none",
        )
    if missing:
        return
    found = facts.count(counted.select())
    down = _down(counted, facts) if found == 0 else ""
    if down:
        yield of_service(
            catalog,
            service,
            "target-down",
            ERROR if golden else WARNING,
            f"{instrument.name}: the targets of job {down} are down",
            evidence=f'max(up{{job="{down}"}}) is 0',
            remedy="start it, or correct its scrape configuration",
        )
        return
    if found == 0:
        yield of_service(
            catalog,
            service,
            "no-series",
            ERROR if golden else WARNING,
            f"{instrument.name}: each condition is met by some series of {counted.metric}, and all together by none",
            evidence=f"count({counted.select()}) is empty",
            remedy="correct selector and exclude",
        )
        return
    yield from _labels(catalog, service, instrument, counted, facts)
    yield from _kind(catalog, service, instrument, facts)
    if instrument.kind == "histogram" and golden:
        yield from _buckets(catalog, service, instrument, facts)


def _down(counted: Instrument, facts: Facts) -> str:
    """Return the job if all its targets are down, else an empty string."""
    for matcher in counted.matchers:
        if matcher.label == "job" and matcher.operator == "=":
            return matcher.value if facts.largest(f"max(up{{{matcher}}})") == 0 else ""
    return ""


def _missing(counted: Instrument, facts: Facts) -> Iterator[Any]:
    """Find metrics, labels and values that do not exist, for each of several metrics."""
    if counted.expression:
        return
    names = [name for _, name in counted.names] or [counted.metric]
    for name in names:
        own = Instrument(
            name=counted.name, metric=name, kind="counter", unit=counted.unit, matchers=counted.matchers
        )
        yield from selecting.missing(tree.parse(own.select()), facts)


def _labels(
    catalog: Catalog, service: Service, instrument: Instrument, counted: Instrument, facts: Facts
) -> Iterator[Finding]:
    there = facts.labels(counted.metric) or frozenset()
    for label in instrument.labels:
        renamed = [f"exported_{each}" for each in label.sources if f"exported_{each}" in there]
        if label.is_name or label.default or (set(label.sources) & there and not renamed):
            continue
        if renamed:
            yield of_service(
                catalog,
                service,
                "label-renamed",
                WARNING,
                f"{instrument.name}: {renamed[0]} is the target's own label; {renamed[0][9:]} is the scrape's",
                evidence=f"{counted.metric} has both",
                remedy=f"write instruments.{instrument.name}.labels: {{{label.name}: {renamed[0]}}}",
            )
            continue
        severity = ERROR if label.name == "status" else WARNING
        lost = (
            "errors cannot be identified"
            if label.name == "status"
            else f"nothing can be split by {label.name}"
        )
        yield of_service(
            catalog,
            service,
            "label-missing",
            severity,
            f"{instrument.name}: {counted.metric} has no label {' or '.join(label.sources)}, so {lost}",
            evidence=f"its labels are {', '.join(sorted(there))}",
            remedy=f"name the right one under instruments.{instrument.name}.labels",
        )


def _kind(catalog: Catalog, service: Service, instrument: Instrument, facts: Facts) -> Iterator[Finding]:
    if instrument.expression or instrument.is_distribution:
        return
    kind = facts.type_of(instrument.metric)
    wrong = {"counter": "gauge", "gauge": "counter"}[instrument.kind]
    if kind == wrong:
        yield of_service(
            catalog,
            service,
            f"not-a-{instrument.kind}",
            ERROR,
            f"{instrument.name}: {instrument.metric} is a {kind}, but is read as a {instrument.kind}",
            evidence=f"its type, from metadata or its samples, is {kind}",
            remedy=f"name a {instrument.kind} under instruments.{instrument.name}",
        )


def _edges(service: Service, facts: Facts) -> tuple[Decimal, ...]:
    """Return the live latency edges in seconds; the catalog's if there are none."""
    latency = service.instruments.get("latency")
    if latency is None or latency.kind != "histogram":
        return ()
    raw = facts.values(latency.metric + "_bucket", "le") if facts.exists(latency.metric + "_bucket") else ()
    found = sorted(
        clean(Decimal(each)) * latency.scale for each in raw if re.fullmatch(r"[0-9.]+(e[+-]?\d+)?", each)
    )
    return tuple(found) or latency.buckets


def _buckets(catalog: Catalog, service: Service, instrument: Instrument, facts: Facts) -> Iterator[Finding]:
    part = instrument.part("_bucket")
    if facts.count(part.select()) == 0:
        yield of_service(
            catalog,
            service,
            "no-buckets",
            ERROR,
            f"{instrument.metric} has no buckets here, so there are no quantiles and no shares",
            evidence=f"count({part.metric}) is empty, count({instrument.metric}_count) is not",
            remedy="let the service expose a histogram, or use a profile whose latency is a summary",
        )
        return
    live = _edges(service, facts)
    if instrument.buckets and set(live) != set(instrument.buckets):
        own = sorted(set(live) ^ set(instrument.buckets))
        yield of_service(
            catalog,
            service,
            "edges-differ",
            WARNING,
            f"the bucket edges of {instrument.metric} are not those that profile or catalog say",
            evidence=f"only on one side: {', '.join(map(plain, own))} s",
            remedy=f"write instruments.latency.buckets: [{', '.join(plain(each / instrument.scale) for each in live)}]",
        )
    yield from _objective_edge(catalog, service, instrument, facts)
    each = f"min(count by (job, instance) (count by (job, instance, le) ({part.select()})))"
    least, every = facts.largest(each), facts.largest(f"count(count by (le) ({part.select()}))")
    if least is not None and every is not None and every > least:
        yield of_service(
            catalog,
            service,
            "edges-differ-between-instances",
            ERROR,
            f"instances of {instrument.metric} have different bucket edges, which cannot be added",
            evidence=each,
            remedy="run one version everywhere, or select the instances that agree",
        )


def _objective_edge(
    catalog: Catalog, service: Service, instrument: Instrument, facts: Facts
) -> Iterator[Finding]:
    """Find series that count requests but lack the latency objective's bucket."""
    objective = service.objective("latency")
    if instrument.name != "latency" or objective is None or objective.within not in instrument.buckets:
        return
    query = without_edge(instrument, objective.within)
    found = facts.count(query)
    if isinstance(found, float) and found:
        edge = plain(objective.within)
        yield of_service(
            catalog,
            service,
            "objective-edge-missing",
            ERROR,
            f"{found:.0f} series of {instrument.metric} have no bucket at {edge} s, so their requests are in no latency alert or budget",
            evidence=f"count({query}) is {found:.0f}",
            remedy=f"bring the bucket at {edge} back, or set objectives.latency.within to an edge that every instance has",
        )


def ignored(findings: Iterable[Finding], catalog: Catalog) -> Iterator[Finding]:
    """Mark findings that the catalog ignores, with the reason."""
    for finding in findings:
        reason = next(
            (each.reason for each in catalog.ignored if _is_meant(each.code, each.subject, finding)), ""
        )
        yield replace(finding, ignored=reason)


def _is_meant(code: str, subject: str, finding: Finding) -> bool:
    return code == finding.code and (not subject or subject in finding.subject or subject in finding.file)
