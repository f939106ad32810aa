"""`leadline generate --footprint`: how many rules there are, and what evaluating them costs a Prometheus."""

from __future__ import annotations

from collections.abc import Iterable

import click

from leadline.alerts import footprint, rules
from leadline.alerts.model import RuleFile
from leadline.base.text_table import table
from leadline.base.units import promql_duration
from leadline.base.units import show as shown
from leadline.catalog.model import Catalog

from .connections import Connection


def show(catalog: Catalog, connection: Connection) -> int:
    """Print the footprint of a catalog's rules; query a Prometheus only if one is named."""
    files = rules.build(catalog)
    if connection.url is None and connection.context_name is None:
        _print(footprint.rows(files))
        click.echo("add --url or --context for the recorded series and the samples read per evaluation")
        return 0
    with connection.open(catalog) as prometheus:
        _print(footprint.rows(files, prometheus.ask, prometheus.samples_read))
        _print_spared(files, footprint.spared(files, prometheus.samples_read))
    return 0


def _print(rows: Iterable[footprint.Row]) -> None:
    rows = tuple(rows)
    live = any(row.live for row in rows)
    head = (
        "group",
        "every",
        "recordings",
        "alerts",
        *(("series", "samples read", "per second") if live else ()),
    )
    lines = [_line(row) for row in rows]
    total = ["all", "", str(sum(row.recordings for row in rows)), str(sum(row.alerts for row in rows))]
    if live:
        known = [(row, row.live) for row in rows if row.live]
        total += [
            shown(sum(each.series for _, each in known), "requests"),
            shown(sum(each.samples for _, each in known), "requests"),
            shown(sum(each.samples / row.every_seconds for row, each in known), "requests"),
        ]
    for line in table(head, [*lines, tuple(total)]):
        click.echo(line)


def _line(row: footprint.Row) -> tuple[str, ...]:
    cells = (row.group, promql_duration(row.every_seconds), str(row.recordings), str(row.alerts))
    if row.live is None:
        return cells
    costs = (row.live.series, row.live.samples, row.live.samples / row.every_seconds)
    return (*cells, *(shown(cost, "requests") for cost in costs))


def _print_spared(files: tuple[RuleFile, ...], spared: footprint.Spared) -> None:
    alerts = sum(len(file.alerts) for file in files)
    whole = spared.alerts + spared.recorded
    click.echo(
        f"\n{alerts} alerts read {shown(whole, 'requests')} samples per evaluation, {shown(spared.recorded, 'requests')} of them to "
        f"record what they share; from raw series they would read {shown(spared.plain, 'requests')}: "
        + (f"recording saves {100 * spared.share:.0f} %" if spared.share > 0 else "recording saves nothing")
    )
