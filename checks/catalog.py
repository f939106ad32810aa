"""The catalog, and everything that is generated from it, held against what is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from checks import selecting, tree
from checks.expression import checked
from checks.facts import Facts
from checks.files import load
from checks.model import ERROR, INFO, WARNING, Finding
from checks.text import without_variables
from signals.catalog import Catalog, Objective, Service
from signals.instruments import GOLDEN, Instrument
from signals.recorded import WINDOW, WINDOW_SECONDS
from signals.units import plain, promql_duration, show

SLOW_SHARE = 0.5
"""A group of rules that takes more of its interval than this is slow."""


def of_catalog(catalog: Catalog, facts: Facts) -> Iterator[Finding]:
    """Hold instruments, targets, objectives and intervals against the live system."""
    for service in catalog.services:
        for instrument in service.instruments.values():
            if instrument.constant is None:
                yield from _instrument(catalog, service, instrument, facts)
        yield from offline(catalog, service, _edges(service, facts))
        yield from _interval(catalog, service, facts)
        yield from _retention(catalog, service, facts.inventory.retention, "the server keeps")
    yield from _prices(catalog, facts)


def without_server(catalog: Catalog) -> Iterator[Finding]:
    """Do what can be done without a server: targets and objectives against the edges and the retention that are stated."""
    for service in catalog.services:
        latency = service.instruments.get("latency")
        yield from offline(catalog, service, latency.buckets if latency else ())
        stated = None if catalog.retention is None else float(catalog.retention)
        yield from _retention(catalog, service, stated, "the catalog says that samples are kept for")
    for remark in catalog.remarks:
        yield Finding(
            code="generation", severity=INFO, file=catalog.file, line=1, subject="generation", what=remark
        )


def _finding(catalog: Catalog, service: Service, code: str, severity: str, what: str, **more: str) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        file=catalog.file,
        line=service.line or 1,
        subject=f"service {service.name}",
        what=what,
        **more,
    )


def _series(instrument: Instrument) -> Instrument:
    """Give what an instrument's presence is told by: of a histogram or summary its count."""
    return instrument.part("_count") if instrument.is_distribution else instrument


def _instrument(
    catalog: Catalog, service: Service, instrument: Instrument, facts: Facts
) -> Iterator[Finding]:
    counted = _series(instrument)
    missing = list(_missing(counted, facts))
    golden = instrument.name in GOLDEN
    for result in missing:
        yield _finding(
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
        yield _finding(
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
        yield _finding(
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
    """Give the job whose targets are all down; empty where they are not."""
    for matcher in counted.matchers:
        if matcher.label == "job" and matcher.operator == "=":
            return matcher.value if facts.largest(f"max(up{{{matcher}}})") == 0 else ""
    return ""


def _missing(counted: Instrument, facts: Facts) -> Iterator[Any]:
    """Find metrics, labels and values that do not exist; of several metrics each."""
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
            yield _finding(
                catalog,
                service,
                "label-renamed",
                WARNING,
                f"{instrument.name}: {renamed[0]} is what the target itself said; {renamed[0][9:]} is the scrape's own label",
                evidence=f"{counted.metric} has both",
                remedy=f"write instruments.{instrument.name}.labels: {{{label.name}: {renamed[0]}}}",
            )
            continue
        severity = ERROR if label.name == "status" else WARNING
        lost = "errors cannot be told" if label.name == "status" else f"nothing can be told by {label.name}"
        yield _finding(
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
    said = facts.type_of(instrument.metric)
    wrong = {"counter": "gauge", "gauge": "counter"}[instrument.kind]
    if said == wrong:
        yield _finding(
            catalog,
            service,
            f"not-a-{instrument.kind}",
            ERROR,
            f"{instrument.name}: {instrument.metric} is a {said}, and is read as a {instrument.kind}",
            evidence=f"its type, as the target says or its samples show, is {said}",
            remedy=f"name a {instrument.kind} under instruments.{instrument.name}",
        )


def _edges(service: Service, facts: Facts) -> tuple[Decimal, ...]:
    """Give the latency's live edges in seconds; those that are stated where none are there."""
    latency = service.instruments.get("latency")
    if latency is None or latency.kind != "histogram":
        return ()
    raw = facts.values(latency.metric + "_bucket", "le") if facts.exists(latency.metric + "_bucket") else ()
    found = sorted(
        Decimal(each) * latency.scale for each in raw if re.fullmatch(r"[0-9.]+(e[+-]?\d+)?", each)
    )
    return tuple(found) or latency.buckets


def _buckets(catalog: Catalog, service: Service, instrument: Instrument, facts: Facts) -> Iterator[Finding]:
    part = instrument.part("_bucket")
    if facts.count(part.select()) == 0:
        yield _finding(
            catalog,
            service,
            "no-buckets",
            ERROR,
            f"{instrument.metric} has no buckets here: no quantile and no share can be told",
            evidence=f"count({part.metric}) is empty, count({instrument.metric}_count) is not",
            remedy="let the service expose a histogram, or use a profile whose latency is a summary",
        )
        return
    live = _edges(service, facts)
    if instrument.buckets and set(live) != set(instrument.buckets):
        own = sorted(set(live) ^ set(instrument.buckets))
        yield _finding(
            catalog,
            service,
            "edges-differ",
            WARNING,
            f"the bucket edges of {instrument.metric} are not those that profile or catalog say",
            evidence=f"only on one side: {', '.join(map(plain, own))} s",
            remedy=f"write instruments.latency.buckets: [{', '.join(plain(each / instrument.scale) for each in live)}]",
        )
    each = f"min(count by (job, instance) (count by (job, instance, le) ({part.select()})))"
    least, every = facts.largest(each), facts.largest(f"count(count by (le) ({part.select()}))")
    if least is not None and every is not None and every > least:
        yield _finding(
            catalog,
            service,
            "edges-differ-between-instances",
            ERROR,
            f"instances of {instrument.metric} have different bucket edges, which cannot be added",
            evidence=each,
            remedy="run one version everywhere, or select the instances that agree",
        )


def offline(catalog: Catalog, service: Service, edges: tuple[Decimal, ...]) -> Iterator[Finding]:
    """Hold targets and objectives against bucket edges, in seconds."""
    if not edges:
        return
    for target in service.quantile_targets("latency"):
        if target.value > edges[-1]:
            yield _finding(
                catalog,
                service,
                "target-above-buckets",
                ERROR,
                f"target {target.signal} {show(float(target.value), 'seconds')} lies above the last bucket edge, "
                f"{show(float(edges[-1]), 'seconds')}: it can never be called missed by an estimate",
                remedy=f"add a bucket at {plain(target.value)}",
            )
        elif target.value not in edges:
            yield _finding(
                catalog,
                service,
                "target-off-edge",
                WARNING,
                f"target {target.signal} {show(float(target.value), 'seconds')} lies between bucket edges, so its verdict may "
                "be undecided",
                evidence=f"the nearest edges are {_nearest(target.value, edges)}",
                remedy=f"add a bucket at {plain(target.value)}, or choose an edge",
            )
    objective = service.objective("latency")
    if objective and objective.within is not None and objective.within not in edges:
        yield _finding(
            catalog,
            service,
            "objective-off-edge",
            ERROR,
            f"objective latency: {show(float(objective.within), 'seconds')} is no bucket edge, so the share within it is not counted",
            evidence=f"the nearest edges are {_nearest(objective.within, edges)}",
            remedy="choose an edge, or add a bucket",
        )


def _nearest(value: Decimal, edges: Iterable[Decimal]) -> str:
    near = sorted(sorted(edges, key=lambda edge: abs(edge - value))[:2])
    return " and ".join(show(float(edge), "seconds") for edge in near)


def _interval(catalog: Catalog, service: Service, facts: Facts) -> Iterator[Finding]:
    stated = float(catalog.scrape_interval)
    jobs = {
        matcher.value
        for instrument in service.instruments.values()
        for matcher in instrument.matchers
        if matcher.label == "job" and matcher.operator == "="
    }
    for job in sorted(jobs):
        interval = facts.inventory.intervals.get(job)
        if interval is None:
            continue
        if 2 * interval > WINDOW_SECONDS:
            yield _finding(
                catalog,
                service,
                "window-too-short",
                ERROR,
                f"job {job} is scraped every {promql_duration(interval)}, and recorded rates are over {WINDOW}",
                evidence="fewer than two scrapes lie in the window",
                remedy="scrape more often",
            )
        elif interval != stated:
            yield _finding(
                catalog,
                service,
                "interval-differs",
                WARNING,
                f"job {job} is scraped every {promql_duration(interval)}, the catalog says {promql_duration(stated)}",
                remedy=f"write scrape_interval: {promql_duration(interval)}",
            )


def _retention(catalog: Catalog, service: Service, kept: float | None, says: str) -> Iterator[Finding]:
    for objective in service.objectives:
        if kept is not None and float(objective.period_seconds) > kept:
            yield _finding(
                catalog,
                service,
                "window-beyond-retention",
                ERROR,
                f"objective {objective.name} has a period of {_days(objective)}, and {says} {promql_duration(int(kept))}",
                remedy="shorten the period, or keep samples for longer",
            )


def _days(objective: Objective) -> str:
    return f"{objective.period_seconds / 86400:.0f}d"


def _prices(catalog: Catalog, facts: Facts) -> Iterator[Finding]:
    """Name the models that use tokens and have no price, where spend is reckoned from prices."""
    known = {price.model for price in catalog.prices}
    for service in catalog.services:
        tokens, label = service.instruments.get("tokens"), None
        if tokens and "cost" not in service.instruments and catalog.prices:
            label = tokens.label("model")
        for source in label.sources if label and tokens else ():
            models = facts.look.label_values(source, tokens.select() if tokens else "")
            lacking = sorted(set(models) - known - {""})
            if lacking:
                yield _finding(
                    catalog,
                    service,
                    "no-price",
                    WARNING,
                    f"models without a price: {', '.join(lacking)}",
                    remedy="add them under prices; leadline prices MODEL prints known ones",
                )


def of_generated(
    files: Mapping[str, str], rule_groups: list[dict[str, Any]], catalog: Catalog, facts: Facts
) -> Iterator[Finding]:
    """Check what is generated: every expression, whether the rules are loaded and healthy, and what panels return."""
    rules = {name: text for name, text in files.items() if name.startswith("prometheus/rules/")}
    loaded = load({**rules, **{name: text for name, text in files.items() if name.startswith("grafana/")}})
    yield from loaded.findings
    groups = {str(group.get("name")): group for group in rule_groups}
    wanted = {name.split("/")[-1].removesuffix(".yaml") for name in rules}
    yield from _rules(catalog, wanted, groups)
    if not wanted <= set(groups):
        return
    for expression in loaded.expressions:
        if expression.kind == "panel":
            for finding in checked(expression, facts):
                if finding.severity == ERROR and finding.code != "metric-missing":
                    yield finding
            if facts.count(_substituted(expression.text)) == 0:
                yield Finding(
                    code="panel-empty",
                    severity=WARNING,
                    file=expression.file,
                    line=expression.line,
                    subject=expression.subject,
                    what="the panel returns nothing now",
                    evidence=f"count({' '.join(_substituted(expression.text).split())}) is empty",
                    remedy="is there traffic, and do the services have this instrument?",
                )


def _substituted(text: str) -> str:
    return without_variables(text).text


def _rules(catalog: Catalog, wanted: set[str], groups: Mapping[str, dict[str, Any]]) -> Iterator[Finding]:
    for name in sorted(wanted - set(groups)):
        yield Finding(
            code="rules-not-loaded",
            severity=WARNING,
            file=catalog.file,
            line=1,
            subject=f"rules {name}",
            what=f"the group {name} is not loaded: dashboards that read what it records show nothing",
            remedy="leadline generate, then leadline push --to files or kubernetes, or name generated/prometheus/rules/*.yaml under rule_files",
        )
    for name in sorted(wanted & set(groups)):
        group = groups[name]
        for rule in group.get("rules", ()):
            if rule.get("health") not in ("ok", "unknown", None):
                yield Finding(
                    code="rule-unhealthy",
                    severity=ERROR,
                    file=catalog.file,
                    line=1,
                    subject=f"rule {rule.get('name')}",
                    what=f"Prometheus cannot evaluate it: {rule.get('lastError', rule.get('health'))}",
                )
        took, interval = float(group.get("evaluationTime") or 0), float(group.get("interval") or 0)
        slow = interval > 0 and took > SLOW_SHARE * interval
        yield Finding(
            code="rules-slow" if slow else "rules-cost",
            severity=WARNING if slow else INFO,
            file=catalog.file,
            line=1,
            subject=f"rules {name}",
            what=f"{len(group.get('rules', ()))} rules, evaluated in {show(took, 'seconds')} every {promql_duration(interval)}",
            remedy="evaluate less often, or select fewer series" if slow else "",
        )


def costs(files: Mapping[str, str], facts: Facts) -> Iterator[Finding]:
    """Say how many series each recording rule reads, and how many it writes."""
    rules = load({name: text for name, text in files.items() if name.startswith("prometheus/rules/")})
    for expression in rules.expressions:
        if expression.kind != "record":
            continue
        node = tree.parse(expression.text)
        read = [facts.count(tree.write(each)) for each, _ in tree.selectors(node)]
        written = facts.count(expression.text)
        if all(not isinstance(each, str) for each in (*read, written)):
            total = sum(float(each) for each in read)
            yield Finding(
                code="rule-cost",
                severity=INFO,
                file=expression.file,
                line=expression.line,
                subject=expression.subject,
                what=f"reads {total:.0f} series and writes {float(written):.0f}",
            )


def ignored(findings: Iterable[Finding], catalog: Catalog) -> Iterator[Finding]:
    """Mark the findings that the catalog says, with a reason, are to be ignored."""
    for finding in findings:
        reason = next(
            (each.reason for each in catalog.ignored if _is_meant(each.code, each.subject, finding)), ""
        )
        yield replace(finding, ignored=reason)


def _is_meant(code: str, subject: str, finding: Finding) -> bool:
    return code == finding.code and (not subject or subject in finding.subject or subject in finding.file)
