"""Grafana annotations: a snapshot's verdict over its exact window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from leadline.base.printable import printable
from leadline.base.units import show
from leadline.measure.reading import Reading
from leadline.reports.model import MET, MISSED, UNDECIDED, Report

from .connections import given, picked, reached
from .deadline import deadline

if TYPE_CHECKING:
    from leadline.catalog.model import Catalog

    from .connections import Connection

SYMBOLS = {MET: "✓", MISSED: "✗", UNDECIDED: "?"}


def annotate(report: Report, connection: Connection, catalog: Catalog, url: str = "") -> None:
    """Annotate the report's window in the Grafana at a URL, or the context's, with the tag `leadline:PROJECT`.

    Raises UsageError if the context names no Grafana, and what Grafana raises.
    """
    from leadline.grafana.api import Grafana

    if url:
        reach = given("GRAFANA", url, "--annotate")
    else:
        reach = reached("grafana", *picked(catalog, connection.context_name))
    with reach as (endpoint, revive), Grafana(endpoint, revive, deadline()) as server:
        tags = ("leadline", f"leadline:{catalog.project}", "snapshot", worst(report))
        start, end = (round(time * 1000) for time in (report.window.start, report.window.end))
        server.annotate(text(report), tags, start, end)
        click.echo(f"leadline: annotated the window in {server.url}", err=True)


def worst(report: Report) -> str:
    """Return the worst verdict: missed, undecided, met, or unjudged if there is none."""
    verdicts = {reading.verdict for reading in report.readings}
    return next((each for each in (MISSED, UNDECIDED, MET) if each in verdicts), "unjudged")


def text(report: Report) -> str:
    """Return the verdicts, one per line."""
    return printable(f"leadline snapshot: {worst(report)}") + "".join(
        f"\n{printable(line)}" for line in _lines(report)
    )


def _lines(report: Report) -> Iterator[str]:
    for service in report.services:
        for reading in service.readings:
            if reading.verdict is not None and reading.target is not None:
                yield f"{SYMBOLS[reading.verdict]} {service.name} {_judged(reading)}"


def _judged(reading: Reading) -> str:
    sign = "≥" if reading.floor else "≤"
    value = show(reading.value, reading.unit) if reading.value is not None else "no data"
    return f"{reading.signal} {value}, target {sign} {show(reading.target or 0.0, reading.unit)}"
