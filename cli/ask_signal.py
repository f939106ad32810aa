"""`leadline signal`: the current value of one signal, by service."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import click

from leadline.base.errors import NoDataError, UsageError
from leadline.base.printable import printable, shortened
from leadline.base.units import duration, promql_duration, show
from leadline.catalog.model import Catalog, Service
from leadline.signals.formulas import FORMULAS, Formula, missing
from leadline.signals.samples import Ask, Series

from .completing import words
from .connection_options import connected
from .connections import Connection
from .options import chosen, services
from .terminal import WIDEST, say

MOST_ROWS = 100
"""Maximum rows in the table; `-o json` has all."""


@click.command("signal")
@click.argument("name", metavar="NAME", shell_complete=words.signals)
@connected
@click.option(
    "--service",
    "names",
    multiple=True,
    shell_complete=words.services,
    help="Only this service; repeatable.",
)
@click.option(
    "--by",
    "by",
    multiple=True,
    metavar="LABELS",
    help="Split by route, method, status_class, model or token_type, comma-separated.",
)
@click.option("--over", default="5m", show_default=True, help="The rate window.")
@click.option("--promql", is_flag=True, help="Print the PromQL instead of running it.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(
    connection: Connection,
    name: str,
    names: tuple[str, ...],
    by: tuple[str, ...],
    over: str,
    promql: bool,
    output: str,
) -> int:
    """Query one signal of the catalog's services, by its name in `leadline signals`.

    The expressions read raw metrics, so no recording rules need to be loaded.

    \b
    Examples:
      leadline signal latency.p95 --by route
      leadline signal cost_per_1k_tokens --service orchestrator --promql
    """
    formula = chosen(name, FORMULAS, "signal", "leadline")
    labels = tuple(dict.fromkeys(name.strip() for text in by for name in text.split(",") if name.strip()))
    catalog = connection.load()
    queries = _queries(catalog, names, formula, labels, _window(over))
    if promql:
        click.echo("\n\n".join(f"# {service.name}\n{query}" for service, query in queries))
        return 0
    with connection.open(catalog) as prometheus:
        rows = [row for service, query in queries for row in _rows(service, query, labels, prometheus.ask)]
        where = prometheus.url
    if not rows:
        raise NoDataError(f"{where} has no data for {name} over the last {over}; --promql shows the queries")
    if output == "json":
        click.echo(_json(rows, labels, formula))
        return 0
    say(_table(rows[:MOST_ROWS], labels, formula))
    if len(rows) > MOST_ROWS:
        click.echo(f"{len(rows) - MOST_ROWS} more; -o json has all", err=True)
    return 0


def _window(text: str) -> str:
    try:
        return promql_duration(duration(text))
    except ValueError as error:
        raise UsageError(f"--over: {error}") from None


def _queries(
    catalog: Catalog, names: tuple[str, ...], formula: Formula, labels: tuple[str, ...], window: str
) -> list[tuple[Service, str]]:
    """Return the expression of each service that has the signal; print why others lack it."""
    found = []
    reasons = []
    for service in services(catalog, names):
        reason = missing(formula, service.instruments, service.missing, labels)
        if reason:
            reasons.append(f"{service.name}: {reason}")
        else:
            found.append((service, formula.write(dict(service.instruments), window, labels)))
    if not found:
        raise UsageError("\n".join(reasons))
    for reason in reasons:
        click.echo(f"leadline: {reason}", err=True)
    return found


Row = tuple[tuple[str, ...], float]


def _rows(service: Service, query: str, labels: tuple[str, ...], ask: Ask) -> list[Row]:
    """Return the labels and value of each series, largest first."""
    answer = ask(query)
    for warning in answer.warnings:
        click.echo(printable(f"{service.name}: {warning}"), err=True)
    rows = [((service.name, *_values(series, labels)), series.samples[-1].value) for series in answer.series]
    return sorted(rows, key=lambda row: (math.isnan(row[1]), -row[1]))


def _values(series: Series, labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(series.labels.get(label, "") for label in labels)


def _json(rows: list[Row], labels: tuple[str, ...], formula: Formula) -> str:
    plain = [
        {
            **dict(zip(("service", *labels), names, strict=True)),
            "value": None if math.isnan(value) else value,
            "unit": formula.unit,
        }
        for names, value in rows
    ]
    return json.dumps(plain, indent=2)


def _table(rows: list[Row], labels: tuple[str, ...], formula: Formula) -> Iterator[str]:
    from leadline.base.text_table import table

    shown = [
        (
            *(shortened(name, WIDEST) for name in names),
            "NaN" if math.isnan(value) else show(value, formula.unit),
        )
        for names, value in rows
    ]
    return table(("service", *labels, ""), shown, indent="")
