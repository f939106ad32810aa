"""`leadline targets`: scrape targets, and which are down."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import click

from leadline.base.printable import shortened
from leadline.base.units import show

from .connection_options import connected
from .connections import Connection
from .list_alerts import ago
from .terminal import WIDEST, columns, say

HEALTH = {"up": "✓", "down": "✗"}
LONGEST = 600
"""Maximum characters of an error; `-o json` has all."""
Json = Mapping[str, Any]


@click.command("targets")
@connected
@click.option("--job", "jobs", multiple=True, help="Only targets of this job; repeatable.")
@click.option("--down", is_flag=True, help="Only targets that are not up.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(connection: Connection, jobs: tuple[str, ...], down: bool, output: str) -> int:
    """List scrape targets: health, time and duration of the last scrape, and its error; targets that are down first.

    Exits 1 if a target is down.

    \b
    Examples:
      leadline targets --url http://127.0.0.1:9090
      leadline targets --down -o json
    """
    with connection.open() as prometheus:
        scraped = prometheus.active_targets()
        where = prometheus.url
    there = sorted({str(each["labels"].get("job", "")) for each in scraped})
    every = [each for each in scraped if not jobs or each["labels"].get("job") in jobs]
    found = [each for each in every if each.get("health") != "up" or not down]
    found.sort(key=lambda each: (each.get("health") == "up", sorted(each["labels"].items())))
    if output == "json":
        click.echo(json.dumps(found, indent=2))
    else:
        say(_lines(found, _none(where, () if every else jobs, there, down=down)))
    return 1 if any(each.get("health") == "down" for each in every) else 0


def _none(where: str, lacking: tuple[str, ...], there: list[str], *, down: bool) -> str:
    """Return why nothing is listed: no such job, nothing down, or nothing scraped."""
    if lacking and there:
        return f"{where} scrapes no job {' or '.join(lacking)}; its jobs are {', '.join(there)}"
    return f"no target is down in {where}" if down and there else f"{where} scrapes nothing"


def _lines(found: list[dict[str, Any]], none: str) -> Iterator[str]:
    from leadline.base.text_table import table

    if not found:
        yield none
        return
    head, *rows = table(
        ("", "job", "instance", "scraped", "took", "every"), [_row(each) for each in found], indent=""
    )
    yield head
    for each, row in zip(found, rows, strict=True):
        yield row
        yield from _below(shortened(" ".join(str(each.get("lastError", "")).split()), LONGEST))


def _below(error: str) -> list[str]:
    """Wrap an error to the terminal's width, under its target."""
    from leadline.base.text_table import wrapped

    return wrapped(error, max(40, columns() or 120), indent=" " * 8) if error else []


def _row(target: Json) -> tuple[str, ...]:
    labels = target["labels"]
    health = str(target.get("health", "unknown"))
    took = target.get("lastScrapeDuration")
    return (
        f"{HEALTH.get(health, '?')} {health}",
        shortened(str(labels.get("job", "")), WIDEST),
        shortened(str(labels.get("instance", "")), WIDEST),
        _before(str(target.get("lastScrape", ""))),
        show(float(took), "seconds") if took else "–",
        str(target.get("scrapeInterval", "–")),
    )


def _before(text: str) -> str:
    try:
        scraped = datetime.fromisoformat(text).timestamp()
    except ValueError:
        return "–"
    return f"{ago(time.time() - scraped)} ago" if scraped > 0 else "never"
