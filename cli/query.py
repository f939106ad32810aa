"""`leadline query`: one PromQL expression, answered as a table."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cli.connections import Connection, connected
from signals.errors import NoDataError, UsageError
from signals.samples import Answer, Series
from signals.units import duration, promql_duration

if TYPE_CHECKING:
    from live.client import Prometheus

COLUMNS = 120
"""So many points of a range are drawn at most where no step is given."""
MOST_POINTS = 11_000
"""Prometheus refuses more points a series."""


@click.command("query")
@click.argument("expression", metavar="EXPR")
@connected
@click.option("--range", "length", metavar="DURATION", help="Ask over the last DURATION, and draw a plot.")
@click.option("--step", metavar="DURATION", help="The step of --range; by default one a column of the plot.")
@click.option("--promql", is_flag=True, help="Print what would be asked, and ask nothing.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "plot", "json"]),
    help="By default a table, or with --range a plot.",
)
def command(
    connection: Connection,
    expression: str,
    length: str | None,
    step: str | None,
    promql: bool,
    output: str | None,
) -> int:
    """Ask Prometheus one PromQL expression: now, or with --range over the last while.

    \b
    Examples:
      leadline query up --url http://127.0.0.1:9090
      leadline query 'sum by (job) (rate(http_requests_total[5m]))' --range 1h
    """
    span = _span(length, step, output)
    if promql:
        click.echo(expression)
        return 0
    with connection.open() as prometheus:
        answer = _asked(prometheus, expression, span)
        where = prometheus.url
    for remark in (*answer.warnings, *answer.infos):
        click.echo(f"{where}: {remark}", err=True)
    if output == "json":
        click.echo(json.dumps(_document(answer), indent=2))
    elif answer.series and (output == "plot" or (span and output is None)):
        from cli.plots import plot

        click.echo(plot([(_name(series), series.samples) for series in answer.series]))
    elif answer.series:
        for line in _lines(answer):
            click.echo(line)
    if not answer.series:
        raise NoDataError(f"{where} has no series for: {' '.join(expression.split())}")
    return 0


def _span(length: str | None, step: str | None, output: str | None) -> tuple[float, float] | None:
    """Read --range and --step: how far back, and the distance between points, in seconds."""
    if length is None:
        if step or output == "plot":
            raise UsageError("--step and -o plot need --range, for example --range 1h")
        return None
    seconds = _seconds("--range", length)
    pace = _seconds("--step", step) if step else max(1.0, math.ceil(seconds / COLUMNS))
    if seconds / pace > MOST_POINTS:
        least = promql_duration(math.ceil(seconds / MOST_POINTS))
        raise UsageError(
            f"{seconds / pace:.0f} points are more than Prometheus gives; choose --step {least} or more"
        )
    return seconds, pace


def _seconds(option: str, text: str) -> float:
    try:
        return float(duration(text))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _asked(prometheus: Prometheus, expression: str, span: tuple[float, float] | None) -> Answer:
    if span is None:
        return prometheus.ask(expression)
    now = time.time()
    return prometheus.ask_range(expression, start=now - span[0], end=now, step_seconds=span[1])


def _document(answer: Answer) -> dict[str, object]:
    """Give samples as Prometheus writes them: a value is text, because JSON has no NaN."""
    return {
        "kind": answer.kind,
        "series": [
            {"labels": dict(series.labels), "samples": [[s.time, _number(s.value)] for s in series.samples]}
            for series in answer.series
        ],
        "warnings": list(answer.warnings),
        "infos": list(answer.infos),
    }


def _lines(answer: Answer) -> Iterator[str]:
    """Lay out one line a series, or for a range selector one line a sample."""
    names = [_name(series) for series in answer.series]
    width = max(len(name) for name in names)
    for name, series in zip(names, answer.series, strict=True):
        if series.histograms:
            yield f"{name:{width}}  a native histogram; ask histogram_quantile() or histogram_count() of it"
        for sample in series.samples:
            time = f"  {_time(sample.time)}" if answer.kind == "matrix" else ""
            yield f"{name:{width}}{time}  {_number(sample.value)}"
        if answer.kind == "string":
            yield series.labels["value"]


def _name(series: Series) -> str:
    labels = ", ".join(
        f'{key}="{value}"' for key, value in sorted(series.labels.items()) if key != "__name__"
    )
    return series.labels.get("__name__", "") + (f"{{{labels}}}" if labels or not series.labels else "")


def _time(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _number(value: float) -> str:
    """Write a value as Prometheus does: whole numbers plain, NaN and +Inf by name."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
