"""What a refresh of each dashboard costs a Prometheus with 100 services and a day of data: as it is, and from raw expressions.

Run as `python -m benchmarks.refresh --out docs/evidence/refresh.md`. Raw series of a day are written down; of every recording that a dashboard
reads, the series that its rule gives are written down too, a sample a minute (their values are flat: what is counted is samples). Then
each query of each panel is asked over an hour, and over the day. The raw side evaluates, in place of each recorded series, the
expression of its rule, down to raw counters; sums over a period of what is recorded stay as they are, which spares the raw side.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.generating import SERVICE
from evidence import pages
from evidence.replay.backfill import Database, levels
from leadline.alerts import rules
from leadline.alerts.model import Recording
from leadline.catalog import loader
from leadline.catalog.model import Catalog
from leadline.dashboards import build, panels
from leadline.dashboards.preview import queries
from leadline.dashboards.preview.scope import Span, scoped, span
from leadline.lint import tree
from leadline.prometheus.client import Prometheus

SERVICES, INSTANCES, ROUTES, MEASURED = 100, 2, 2, 10
SCRAPE, EVALUATION, DAY, HOUR = 30, 60, 86400, 3600
EDGES = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf")
HEAD = f"project: shop\nscrape_interval: {SCRAPE}s\nevaluation_interval: {EVALUATION}s\nretention: 40d\nbudget: {{monthly: 500 USD}}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one dashboard: its queries, the samples that a refresh reads, those of the raw side, and the slowest query in seconds."""

    title: str
    queries: int
    samples: int
    raw: int
    hour_seconds: float
    day_seconds: float


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Also write it as a page.")
def main(out: Path | None) -> None:
    """Measure, and print a line a dashboard."""
    page = "\n".join(measured()) + "\n"
    click.echo(page)
    if out:
        pages.write(out, page)


def measured() -> Iterator[str]:
    """Run a Prometheus on written data; give the page."""
    catalog = loader.parse(
        f"{HEAD}services:\n" + "".join(SERVICE.format(number=n) for n in range(SERVICES)), "leadline.yaml"
    )
    recordings = read_by_dashboards(catalog)
    end = float(int(time.time()) // HOUR * HOUR)
    with tempfile.TemporaryDirectory(prefix="leadline-refresh-") as name:
        database = Database(folder=Path(name), begin=end - DAY, end=end, step=300)
        raw = _add_raw(database, end)
        recorded = _add_recorded(database, recordings, end)
        with database.served() as client, client() as prometheus:
            version = prometheus.build().get("version", "")
            costs = [
                _cost(prometheus, document, catalog, recordings, end) for document in _documents(catalog)
            ]
    yield from _page(costs, raw, recorded, version)


def _documents(catalog: Catalog) -> list[dict[str, object]]:
    """Return the topics' dashboards, and that of one service."""
    built = build.build(catalog)
    return [panels.document(each) for each in built[: len(built) - SERVICES + 1]]


def read_by_dashboards(catalog: Catalog) -> list[Recording]:
    """Return the recordings that dashboards read, and what these read, in an order in which they can be made."""
    every = [
        rule
        for file in rules.build(catalog)
        for group in file.groups
        for rule in group.rules
        if isinstance(rule, Recording)
    ]
    by_name: dict[str, list[Recording]] = {}
    for rule in every:
        by_name.setdefault(rule.record, []).append(rule)
    asked = [
        str(target["expr"])
        for document in _documents(catalog)
        for panel in queries.panels(document)
        for target in queries.targets(panel)
    ]
    wanted: set[str] = set()
    waiting = set().union(*map(_names, asked)) & by_name.keys()
    while waiting:
        wanted |= waiting
        waiting = {
            name for each in waiting for rule in by_name[each] for name in _names(rule.expr)
        } & by_name.keys() - wanted
    return [rule for rule in every if rule.record in wanted]


def _names(expression: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_:][A-Za-z0-9_:]*", expression))


def _add_raw(database: Database, end: float) -> int:
    """Write a day of raw series, a batch of services a time; give how many there are."""
    count = 0
    for first in range(0, SERVICES, 25):
        batch = [entry for number in range(first, first + 25) for entry in _series(number)]
        batch.sort(key=lambda entry: entry[0])
        database.add(_samples(batch, end))
        count += len(batch)
    return count


def _samples(series: Sequence[tuple[str, float]], end: float) -> Iterator[str]:
    times = range(int(end) - DAY, int(end) + 1, SCRAPE)
    for labelled, per_second in series:
        yield from (f"{labelled} {per_second * (t - times[0]):g} {t}\n" for t in times)
    yield "# EOF\n"


def _series(number: int) -> Iterator[tuple[str, float]]:
    """Return the raw series of a service, and how much each grows a second."""
    for instance in range(INSTANCES):
        own = f'job="web-{number}",instance="{instance}:80"'
        for route in range(ROUTES):
            routed = f'{own},endpoint="/{route}",method="GET"'
            yield f'http_requests_total{{{routed},status_code="200"}}', 9.9
            yield f'http_requests_total{{{routed},status_code="500"}}', 0.1
            for index, edge in enumerate(EDGES):
                yield (
                    f'http_request_duration_seconds_bucket{{{routed},le="{edge}"}}',
                    10 * (index + 1) / len(EDGES),
                )
            yield f"http_request_duration_seconds_sum{{{routed}}}", 0.9
            yield f"http_request_duration_seconds_count{{{routed}}}", 10.0
        for model in ("gpt-4o", "gpt-4o-mini"):
            yield f'openai_api_costs_usd_total{{{own},model="{model}"}}', 0.001
            for kind in ("input", "output"):
                yield f'ai_tokens_total{{{own},model="{model}",token_type="{kind}"}}', 50.0
        yield f"process_cpu_seconds_total{{{own}}}", 0.05
        yield f"process_resident_memory_bytes{{{own}}}", 1e3


def _add_recorded(database: Database, recordings: Sequence[Recording], end: float) -> int:
    """Write the series that each rule gives at the end, flat over the day; level by level, for rules read one another."""
    count = 0
    for level in levels(recordings):
        lines = []
        with database.served() as client, client() as prometheus:
            for rule in sorted(level, key=lambda rule: rule.record):
                for series in prometheus.ask(rule.expr, at=end).series:
                    labels = {
                        key: value
                        for key, value in {**series.labels, **rule.labels}.items()
                        if key != "__name__"
                    }
                    written = ",".join(f'{key}="{value}"' for key, value in labels.items())
                    lines.append((f"{rule.record}{{{written}}}", series.samples[0].value))
        database.add(_flat(lines, end))
        count += len(lines)
    return count


def _flat(lines: Iterable[tuple[str, float]], end: float) -> Iterator[str]:
    for labelled, value in lines:
        yield from (f"{labelled} {value!r} {t}\n" for t in range(int(end) - DAY, int(end) + 1, EVALUATION))
    yield "# EOF\n"


def _cost(
    prometheus: Prometheus,
    document: dict[str, object],
    catalog: Catalog,
    recordings: Sequence[Recording],
    end: float,
) -> Cost:
    hour, day = span(end - HOUR, end, SCRAPE), span(end - DAY, end, SCRAPE)
    samples, slow = _asked(prometheus, _questions(document, catalog, hour), hour)
    _, day_slow = _asked(prometheus, _questions(document, catalog, day), day)
    raw = sum(
        _raw_samples(prometheus, query, recordings, hour) for query in _questions(document, catalog, hour)
    )
    return Cost(
        title=str(document["title"]),
        queries=len(_questions(document, catalog, hour)),
        samples=samples,
        raw=raw,
        hour_seconds=slow,
        day_seconds=day_slow,
    )


def _questions(document: dict[str, object], catalog: Catalog, within: Span) -> list[queries.Question]:
    return list(queries.questions(document, scoped(document, within, float(catalog.scrape_interval), {})))


def _asked(prometheus: Prometheus, questions: Iterable[queries.Question], within: Span) -> tuple[int, float]:
    """Ask each question; give the samples read by all, and the seconds of the slowest."""
    total, slowest = 0, 0.0
    for each in questions:
        began = time.perf_counter()
        total += _read(prometheus, each.query, within, instant=each.instant)
        slowest = max(slowest, time.perf_counter() - began)
    return total, slowest


def _read(prometheus: Prometheus, query: str, within: Span, *, instant: bool) -> int:
    start = within.end if instant else within.start
    return prometheus.samples_read_over(query, start=start, end=within.end, step_seconds=within.step)


_known: dict[tuple[str, bool], int] = {}


def _raw_samples(
    prometheus: Prometheus, question: queries.Question, recordings: Sequence[Recording], within: Span
) -> int:
    """Return the samples that a query would read were nothing recorded.

    What is recorded is replaced by its rule's expression, as often as it is read; of a service's rules, those of a tenth of the
    services are asked and counted tenfold, for all services are alike.
    """
    key = (question.query, question.instant)
    if key in _known:
        return _known[key]
    node = tree.parse(question.query)
    read = [selector for selector, above in tree.selectors(node) if ":" in tree.metric(selector)]
    ranged = any(
        ":" in tree.metric(selector) and above and type(above[-1]).__name__ == "MatrixSelector"
        for selector, above in tree.selectors(node)
    )
    if not read or ranged:
        total = _read(prometheus, question.query, within, instant=question.instant)
    else:
        total = 0
        for selector in read:
            found = [rule for rule in recordings if _gives(rule, selector)]
            shared = [rule for rule in found if "service" not in rule.labels]
            chosen = [rule for rule in found if rule.labels.get("service", "") in _MEASURED]
            of_one = len({rule.labels.get("service") for rule in found}) == 1
            scale = 1 if of_one else SERVICES // MEASURED
            for rules_of, times in ((shared, 1), (found if of_one and not shared else chosen, scale)):
                for rule in rules_of:
                    inner = queries.Question(rule.expr, question.instant)
                    total += times * _raw_samples(prometheus, inner, recordings, within)
    _known[key] = total
    return total


_MEASURED = {f"web-{number}" for number in range(MEASURED)}


def _gives(rule: Recording, selector: tree.Node) -> bool:
    """Return whether a rule may give what a selector selects: its name is the same, and no label that it sets differs."""
    if rule.record != tree.metric(selector):
        return False
    return all(
        rule.labels.get(each.label, each.value) == each.value
        for each in tree.matchers(selector)
        if each.operator == "="
    )


def _page(costs: Sequence[Cost], raw: int, recorded: int, version: str) -> Iterator[str]:
    yield "# What a refresh costs\n"
    yield (
        f"Written by `python -m benchmarks.refresh` on {datetime.now(UTC):%Y-%m-%d}, Prometheus {version}: {SERVICES} services, "
        f"{raw} raw series scraped every {SCRAPE} s and {recorded} recorded series evaluated every {EVALUATION} s, a day of both. A "
        "refresh asks each query of a dashboard once, all services chosen, over the last hour; samples are those that Prometheus says "
        "it read (`stats=all`). *Raw* is the same panels with every recorded series replaced by the expression of its rule.\n"
    )
    yield "| dashboard | queries | samples | raw | fewer by | slowest query, an hour | slowest query, a day |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for cost in costs:
        yield (
            f"| {cost.title} | {cost.queries} | {_spaced(cost.samples)} | {_spaced(cost.raw)} | {cost.raw / cost.samples:.1f} × | "
            f"{cost.hour_seconds * 1000:.0f} ms | {cost.day_seconds * 1000:.0f} ms |"
        )
    yield "\nThe last is a service's own dashboard: its instances, resources and limits are read from the service's own metrics."


def _spaced(count: int) -> str:
    return f"{count:,}".replace(",", " ")


if __name__ == "__main__":
    main()
