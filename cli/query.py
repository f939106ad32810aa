"""`leadline query`: run one PromQL expression and show the result."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.base.errors import NoDataError, UsageError

from .completing import words
from .connection_options import connected
from .connections import Connection
from .terminal import columns as room_of
from .terminal import complain

if TYPE_CHECKING:
    from leadline.prometheus.client import Prometheus
    from leadline.signals.samples import Answer

    from .asking.table import Layout
    from .asking.when import When

ROWS = 100
"""Maximum rows by default."""


@click.command("query")
@click.argument("expression", metavar="[EXPR]", required=False, shell_complete=words.expression)
@connected
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Read the expression from this file.",
)
@click.option("--range", "length", metavar="DURATION", help="Query the last DURATION, and draw a plot.")
@click.option(
    "--step",
    metavar="DURATION",
    help="The step of --range: a duration, or auto for one per column of the plot.",
)
@click.option(
    "--at", metavar="TIME", help="Evaluate at this time, or end --range then: 2026-11-24T12:00:00Z, or -1h."
)
@click.option("--sort", metavar="KEY", help="Sort by value or a label; -value puts the largest first.")
@click.option(
    "--top", type=click.IntRange(min=1), help="Only this many series, those with the largest values."
)
@click.option(
    "--columns",
    metavar="LABELS",
    help="Labels to show as columns, comma-separated; by default those that differ.",
)
@click.option("--limit", type=click.IntRange(min=0), help="Maximum rows; 0 for all.  [default: 100]")
@click.option(
    "--threshold",
    "thresholds",
    type=float,
    multiple=True,
    help="Draw a line at this value; repeatable.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Show what the query reads: metrics, types, labels, series, samples, time.",
)
@click.option("--as-is", is_flag=True, help="Do not check the expression before it is sent.")
@click.option("--promql", is_flag=True, help="Print the expression instead of running it.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "plot", "samples", "json", "csv", "markdown"]),
    help="Output format; by default a table, or with --range a plot.",
)
def command(
    connection: Connection,
    expression: str | None,
    file: Path | None,
    length: str | None,
    step: str | None,
    at: str | None,
    sort: str | None,
    top: int | None,
    columns: str | None,
    limit: int | None,
    thresholds: tuple[float, ...],
    explain: bool,
    as_is: bool,
    promql: bool,
    output: str | None,
) -> int:
    """Run one PromQL expression: now, at a time, or with --range over a span.

    The expression is checked before it is sent, and an error points at the place. Labels that all rows share are shown above
    the table. JSON and CSV have all series and samples.

    \b
    Examples:
      leadline query up --url http://127.0.0.1:9090
      leadline query 'sum by (job) (rate(http_requests_total[5m]))' --range 1h
      leadline query 'topk(5, process_resident_memory_bytes)' --sort -value
      echo 'rate(http_requests_total[5m])' | leadline query - --top 3 -o markdown
      leadline query 'http_requests_total' --explain
    """
    from .asking import expression as expressions
    from .asking import when

    text = expressions.read(expression, file)
    if not as_is:
        expressions.check(text)
    span = when.read(length, step, at, output)
    if not all(map(math.isfinite, thresholds)):
        raise UsageError("--threshold is a number that can be drawn, for example 0.4")
    if promql:
        click.echo(text)
        return 0
    with connection.open() as prometheus:
        if explain:
            from leadline.doctor.explain import lines

            for line in lines(prometheus, text):
                click.echo(line)
            return 0
        answer = when.answer(prometheus, text, span)
        _remark(prometheus, text, answer, span)
    kind = output or ("plot" if span.is_range else "table")
    if kind == "plot":
        _plot(answer, span, expressions.unit(text), thresholds)
    else:
        _show(answer, kind, text, _layout(text, sort, top, columns, limit, kind))
    return 0


def _layout(
    text: str, sort: str | None, top: int | None, columns: str | None, limit: int | None, kind: str
) -> Layout:
    from .asking.expression import unit
    from .asking.table import Layout

    default_rows = 0 if kind == "markdown" else ROWS
    return Layout(
        columns=tuple(name.strip() for name in columns.split(",") if name.strip()) if columns else (),
        unit=unit(text),
        sort=sort or ("-value" if top else ""),
        most=top or (default_rows if limit is None else limit),
    )


def _show(answer: Answer, kind: str, text: str, layout: Layout) -> None:
    from leadline.base.text_table import table as aligned

    from .asking import outputs
    from .asking.table import fitted, samples, table

    if kind == "json":
        click.echo(outputs.as_json(answer))
    elif kind == "csv":
        click.echo(outputs.as_csv(answer), nl=False)
    elif kind == "samples" or (kind == "table" and answer.kind == "matrix" and _is_selector(text)):
        for line in aligned((), list(samples(answer)), indent=""):
            click.echo(line)
    else:
        found = table(answer, layout)
        if kind == "markdown":
            click.echo(outputs.as_markdown(found))
            return
        room = room_of()
        found = fitted(found, room) if room else found
        if found.equal:
            _say_equal(found.equal)
        for line in aligned(found.head if len(found.head) > 1 else (), found.rows, indent=""):
            click.echo(line)
        if found.left_out:
            click.echo(f"{found.left_out} more; --limit 0 shows all, --top 10 the largest", err=True)


def _is_selector(text: str) -> bool:
    """Return whether an expression is a range selector, which is shown as raw samples."""
    return text.endswith("]") and text.count("[") == 1


def _remark(prometheus: Prometheus, text: str, answer: Answer, span: When) -> None:
    """Print the server's remarks, and names in the expression that do not exist. Raises NoDataError without data."""
    from leadline.base.printable import printable

    from .asking.expression import groups_by_more

    for remark in (*answer.warnings, *answer.infos):
        click.echo(printable(f"{prometheus.url}: {remark}"), err=True)
    if not answer.series:
        from leadline.doctor.empty_answer import of_nothing

        reasons = of_nothing(prometheus, text, span.end)
        if span.is_range and len(reasons) > 1:
            reasons.append("  (checked at the end of the range)")
        raise NoDataError("\n".join(reasons))
    if groups_by_more(text, {label for series in answer.series for label in series.labels}):
        from leadline.doctor.empty_answer import of_labels

        for remark in of_labels(prometheus, text, span.end):
            complain(remark)


def _plot(answer: Answer, span: When, unit: str, thresholds: tuple[float, ...]) -> None:
    from .asking.table import folded
    from .plots import plot

    equal, names = folded(answer.series)
    if equal:
        _say_equal(equal)
    drawn = [(name, series.samples) for name, series in zip(names, answer.series, strict=True)]
    click.echo(plot(drawn, (span.start, span.end), unit, thresholds, span.step))
    values = [sample.value for _, samples in drawn for sample in samples]
    if values and not any(map(math.isfinite, values)):
        complain(f"there are {len(values)} samples, all of them NaN or infinite, so there is no line")


def _say_equal(labels: str) -> None:
    """Print the labels that all series share, wrapped between labels to fit the terminal."""
    from leadline.base.text_table import wrapped

    room = room_of()
    for line in wrapped(labels, room, indent="") if room else [labels]:
        click.echo(line)
