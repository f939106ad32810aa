"""`leadline preview`: dashboards as one HTML page, without Grafana."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadline.base.errors import UnavailableError, UsageError

from .connection_options import connected
from .connections import Connection
from .options import python_option, without_python

if TYPE_CHECKING:
    from leadline.catalog.model import Catalog
    from leadline.dashboards.preview.capture import Scoped
    from leadline.dashboards.preview.queries import Told

Documents = list[dict[str, Any]]


@click.command("preview")
@click.argument("names", metavar="[DASHBOARD]...", nargs=-1)
@connected
@python_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="preview.html",
    show_default=True,
    help="The HTML file to write.",
)
@click.option("--window", "length", help="Length of the time range.  [default: 15m]")
@click.option("--start", help="Start of the time range: 2026-11-24T12:00:00Z, or -1h.")
@click.option("--end", help="End of the time range; now by default.")
@click.option(
    "--var",
    "chosen",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a variable, as service=web; repeatable.",
)
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Render this dashboard JSON instead of the catalog's dashboards; repeatable.",
)
@click.option(
    "--freeze", type=click.Path(path_type=Path, dir_okay=False), help="Save all answers in this file."
)
@click.option(
    "--from",
    "replayed",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Query nothing; render the answers that --freeze saved.",
)
def command(
    connection: Connection,
    python: bool,
    names: tuple[str, ...],
    out: Path,
    length: str | None,
    start: str | None,
    end: str | None,
    chosen: tuple[str, ...],
    files: tuple[Path, ...],
    freeze: Path | None,
    replayed: Path | None,
) -> int:
    """Render dashboards as one HTML page that needs neither Grafana nor a network.

    DASHBOARD is a topic (overview, latency, throughput, cost, slo, load-test), a service's name, or a uid; all by default.

    \b
    Examples:
      leadline preview --url http://127.0.0.1:9090 --window 1h
      leadline preview latency --var service=orchestrator
      leadline preview --freeze answers.json      # keep what the server answers
      leadline preview --from answers.json        # and draw it again, as in CI
      leadline preview --file theirs.json --url http://127.0.0.1:9090
    """
    from leadline.dashboards.preview import capture, page, queries
    from leadline.reports.page import uplot

    if replayed and (freeze or length or start or end):
        raise UsageError("--from renders saved answers; leave out --window, --start, --end and --freeze")
    catalog = without_python(connection.load(), python)
    documents = [_read(path) for path in files] or _picked(catalog, names)
    values = _values(chosen, documents)
    if replayed:
        answered = queries.thaw(_text(replayed), str(replayed))
        scoped = capture.with_scopes(documents, answered.span, float(catalog.scrape_interval), values)
    else:
        answered, scoped = _query(connection, catalog, documents, values, (length, start, end))
    for fault in (faults := page.faults(scoped, answered)):
        click.echo(f"leadline: {fault}", err=True)
    if answered.refused and not answered.answers:
        raise UnavailableError("no query was answered, so nothing was written")
    _write(out, page.write(scoped, answered, uplot(), frozen=bool(replayed)))
    if freeze:
        _write(freeze, queries.freeze(answered))
    drawn = sum(len(document.get("panels") or ()) for document in documents)
    click.echo(
        f"wrote    {out}: {len(documents)} dashboard{'s' * (len(documents) != 1)}, {drawn} panel{'s' * (drawn != 1)}"
        + (f", {len(faults)} queries refused" if faults else "")
    )
    return 0


def _query(
    connection: Connection,
    catalog: Catalog,
    documents: Documents,
    values: dict[str, tuple[str, ...]],
    wanted: tuple[str | None, str | None, str | None],
) -> tuple[Told, Scoped]:
    import time

    from leadline.dashboards.preview import capture
    from leadline.dashboards.preview.scope import span
    from leadline.reports.choose_window import window

    length, start, end = wanted
    interval = float(catalog.scrape_interval)
    found = window(length, start, end, now=time.time(), scrape_interval=interval)
    within = span(found.start, found.end, interval)
    scoped = capture.with_scopes(documents, within, interval, values)
    with connection.open(catalog) as prometheus:
        return capture.take(scoped, within, prometheus.url, prometheus.ask, prometheus.ask_range), scoped


def _picked(catalog: Catalog, names: tuple[str, ...]) -> Documents:
    """Return the catalog's dashboards, or those named by topic, service or uid."""
    from leadline.dashboards import build, panels

    from .options import chosen

    built = build.build(catalog)
    known = {each.topic: each for each in built} | {each.uid: each for each in built}
    picked = [chosen(name, known, "dashboard", catalog.file) for name in dict.fromkeys(names)] or built
    return [panels.document(each) for each in picked]


def _read(path: Path) -> dict[str, Any]:
    """Read a dashboard's JSON, by itself or as Grafana's API wraps it."""
    try:
        found = json.loads(_text(path))
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from None
    found = found.get("dashboard", found) if isinstance(found, dict) else found
    if not isinstance(found, dict) or not isinstance(found.get("panels"), list):
        raise UsageError(f"{path} is not a dashboard: it has no list of panels")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None


def _write(path: Path, text: str) -> None:
    from .rendering import save

    save(path, text)


def _values(chosen: Iterable[str], documents: Documents) -> dict[str, tuple[str, ...]]:
    """Parse NAME=VALUE; the name must be a variable of at least one dashboard."""
    from leadline.catalog.yaml_reader import nearest
    from leadline.dashboards.preview.scope import variables

    offered = {str(each.get("name")) for document in documents for each in variables(document)} - {
        "datasource"
    }
    found: dict[str, tuple[str, ...]] = {}
    for text in chosen:
        name, equals, value = text.partition("=")
        if not equals or not value:
            raise UsageError(f"--var {text!r}: write NAME=VALUE, as service=web")
        if name not in offered:
            raise UsageError(f"--var {text!r}: no dashboard has a variable {name!r}{nearest(name, offered)}")
        found[name] = (*found.get(name, ()), value)
    return found
