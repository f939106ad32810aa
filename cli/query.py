"""`leadline query`: one PromQL expression, answered as a table."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from cli.options import Connection, connected
from signals.errors import NoDataError
from signals.samples import Answer, Series


@click.command("query")
@click.argument("expression", metavar="EXPR")
@connected
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(connection: Connection, expression: str, output: str) -> int:
    r"""Ask Prometheus one PromQL expression, now.

    \b
    Examples:
      leadline query up --url http://127.0.0.1:9090
      leadline query 'sum by (job) (rate(http_requests_total[5m]))'
    """
    with connection.open() as prometheus:
        answer = prometheus.ask(expression)
        where = prometheus.url
    for remark in (*answer.warnings, *answer.infos):
        click.echo(f"{where}: {remark}", err=True)
    if output == "json":
        click.echo(json.dumps(_document(answer), indent=2))
    elif answer.series:
        for line in _lines(answer):
            click.echo(line)
    if not answer.series:
        raise NoDataError(f"{where} has no series for: {' '.join(expression.split())}")
    return 0


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
        if series.native:
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
