"""`leadline metrics`: the available metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from leadline.base.errors import NoDataError, UsageError
from leadline.base.printable import shortened
from leadline.signals.promql import Matcher, one_of, select

from .completing import cache, words
from .connection_options import connected
from .connections import Connection
from .terminal import columns, say

if TYPE_CHECKING:
    from leadline.prometheus.client import Prometheus

ROWS = 200
LONGEST = 400
"""Maximum characters of a text; `-o json` has all."""
AT_ONCE = 100
"""Maximum names per query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric: its type and help as exposed, its current number of series, and whether all of them are 0."""

    name: str
    type: str
    help: str
    series: int
    nought: bool
    labels: tuple[str, ...] = ()


@click.command("metrics")
@click.argument("pattern", metavar="[PATTERN]", required=False, default="", shell_complete=words.metrics)
@connected
@click.option(
    "--labels", is_flag=True, help="Also list each metric's labels, with one more query per metric."
)
@click.option(
    "--zero", is_flag=True, help="Only metrics whose series are all 0: perhaps nothing ever sets them."
)
@click.option(
    "--limit", type=click.IntRange(min=0), default=ROWS, show_default=True, help="Maximum metrics; 0 for all."
)
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(connection: Connection, pattern: str, labels: bool, zero: bool, limit: int, output: str) -> int:
    """List metrics whose name matches PATTERN, a regular expression that is not anchored.

    \b
    Examples:
      leadline metrics --url http://127.0.0.1:9090
      leadline metrics 'http_.*_bucket' --labels
      leadline metrics --zero
    """
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"{pattern!r} is not a valid regular expression: {error}") from None
    with connection.open() as prometheus:
        named = prometheus.label_values("__name__")
        cache.remember(connection.catalog_file, connection.url, connection.context_name, named)
        every = sorted(name for name in named if wanted.search(name))
        if not every:
            raise NoDataError(f"{prometheus.url} has no metric that matches {pattern!r}")
        kept = every[:limit] if limit and not zero else every
        found = list(_metrics(prometheus, kept, labels=labels))
    shown = [each for each in found if each.nought or not zero]
    if not shown and output == "table":
        click.echo("none of these metrics is 0 in all of its series")
        return 0
    shown = shown[:limit] if limit else shown
    if output == "json":
        click.echo(json.dumps([asdict(each) for each in shown], indent=2))
    else:
        say(_lines(shown, labels=labels))
        left = (len([each for each in found if each.nought]) if zero else len(every)) - len(shown)
        if left > 0:
            click.echo(f"{left} more; --limit 0 shows all", err=True)
    return 0


def _metrics(prometheus: Prometheus, names: list[str], *, labels: bool) -> Iterator[Metric]:
    metadata = prometheus.metadata()
    for start in range(0, len(names), AT_ONCE):
        part = names[start : start + AT_ONCE]
        selector = select("", (Matcher("__name__", "=~", one_of(part)),))
        counts = _by_name(prometheus, f"count by (__name__) ({selector})")
        noughts = _by_name(
            prometheus, f"max by (__name__) ({selector}) == 0 and min by (__name__) ({selector}) == 0"
        )
        for name in part:
            kind, about = _type_and_help(name, metadata)
            inside = prometheus.label_names(name) if labels else ()
            yield Metric(
                name=name,
                type=kind,
                help=about,
                series=int(counts.get(name, 0)),
                nought=name in noughts,
                labels=tuple(each for each in inside if each != "__name__"),
            )


def _type_and_help(name: str, metadata: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """Return type and help; for the parts of a histogram or summary, those of the whole."""
    for candidate in (
        name,
        *(name.removesuffix(suffix) for suffix in ("_bucket", "_sum", "_count", "_total")),
    ):
        if candidate in metadata:
            return metadata[candidate]
    return "", ""


def _by_name(prometheus: Prometheus, query: str) -> dict[str, float]:
    return {
        series.labels["__name__"]: series.samples[0].value
        for series in prometheus.ask(query).series
        if series.samples and "__name__" in series.labels
    }


def _lines(found: list[Metric], *, labels: bool) -> Iterator[str]:
    from leadline.base.text_table import table

    head = ("metric", "type", "series", "", *(("labels",) if labels else ()), "help")
    rows = [
        (
            shortened(each.name, LONGEST),
            each.type or "–",
            str(each.series) if each.series else "none now",
            "all 0" if each.nought else "",
            *((shortened(", ".join(each.labels), LONGEST),) if labels else ()),
            shortened(" ".join(each.help.split()), LONGEST),
        )
        for each in found
    ]
    yield from table(head, rows, indent="", room=columns())
