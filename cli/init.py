"""`leadline init`: write a catalog from a live Prometheus."""

from __future__ import annotations

import difflib
import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import click

from leadline.base.errors import CatalogError, LeadlineError, NoDataError, UsageError
from leadline.base.files import replaced
from leadline.signals.promql import Matcher, one_of, select

from .connection_options import connected
from .connections import Connection

if TYPE_CHECKING:
    from leadline.catalog.model import Catalog
    from leadline.discovery.catalog_text import Frame
    from leadline.discovery.model import Discovery, Found
    from leadline.discovery.proposals import Proposal
    from leadline.prometheus.client import Prometheus

OBSERVED_SECONDS = 3600
LIKE_REQUESTS, MOST_LIKE = r"(request|http|call|rpc|task|job)\w*(_total|_count)$", 6
DEFAULT_INTERVAL = 15.0
SCHEMA = "leadline.schema.json"


@click.command("init")
@connected
@click.option("--project", help="The project's name; by default this folder's.")
@click.option("--update", is_flag=True, help="Show, as a diff, what would be added to the existing catalog.")
@click.option("--dry-run", is_flag=True, help="Print the catalog instead of writing it.")
def command(connection: Connection, project: str | None, update: bool, dry_run: bool) -> int:
    """Write a catalog from a live Prometheus.

    Finds services and the naming of their metrics, with evidence; proposes targets on bucket edges that are met today; lists what
    it would not guess. If several profiles fit equally well, it asks on a terminal and lists them otherwise. An existing catalog
    is never overwritten.

    \b
    Examples:
      leadline init --url http://127.0.0.1:9090
      leadline init --update > catalog.diff && patch leadline.yaml catalog.diff
    """
    path = connection.catalog_file
    if path.exists() and not (update or dry_run):
        raise UsageError(
            f"{path} already exists and is never overwritten; --update shows what would be added, --catalog names another file"
        )
    if update and not path.exists():
        raise UsageError(f"there is no {path} to update; omit --update")
    if not connection.url and not path.exists():
        raise UsageError("name the Prometheus to read, for example --url http://127.0.0.1:9090")
    with connection.open() as prometheus:
        known = connection.load() if update else None
        found = _discover(prometheus, known)
        frame = _frame(prometheus, connection, found, project or _name(Path.cwd().name))
        found = _decided(_without(found, known) if known else found)
        proposals = _proposals(prometheus, frame, found) if found.services else {}
    _print_evidence(found)
    if known is not None:
        return _diff(path, found, proposals)
    return _write(path, frame, found, proposals, dry_run=dry_run)


def _discover(prometheus: Prometheus, catalog: Catalog | None) -> Discovery:
    from leadline.catalog import profiles
    from leadline.discovery.detect import discover

    inventory = prometheus.inventory()
    click.echo(f"{prometheus.url}: {inventory.flavour}, {len(inventory.names)} metrics", err=True)
    own = {} if catalog is None else catalog.sources
    found = discover(prometheus, inventory, [profiles.parse(text, file) for file, text in own.items()])
    if not found.services and catalog is None:
        like = sorted(name for name in inventory.names if re.search(LIKE_REQUESTS, name))
        seen = f"; these may count requests: {', '.join(like[:MOST_LIKE])}" if like else ""
        raise NoDataError(
            f"{prometheus.url} has no counter of requests, tokens or spend that a profile knows (leadline profiles){seen}; "
            "describe yours in your own profile (docs/reference/profiles.md)"
        )
    return found


def _frame(prometheus: Prometheus, connection: Connection, found: Discovery, project: str) -> Frame:
    from leadline.discovery.catalog_text import Frame

    return Frame(
        project=project,
        scrape_interval=_interval(prometheus, found),
        retention=found.inventory.retention,
        prometheus=_endpoint(connection, prometheus),
        prices=_prices(prometheus, found),
    )


def _interval(prometheus: Prometheus, found: Discovery) -> float:
    """Return the longest scrape interval of the services' jobs: as configured, else from their samples."""
    configured = [
        found.inventory.intervals[each.job]
        for each in found.services
        if each.job in found.inventory.intervals
    ]
    if configured:
        return max(configured)
    jobs = Matcher("job", "=~", one_of(sorted({each.job for each in found.services})))
    gaps = [
        median(later.time - earlier.time for earlier, later in pairwise(series.samples))
        for series in prometheus.ask(f"{select('up', (jobs,))}[10m]").series
        if len(series.samples) > 1
    ]
    return float(round(max(gaps))) if gaps else DEFAULT_INTERVAL


def _endpoint(connection: Connection, prometheus: Prometheus) -> dict[str, str]:
    found = {"url": f'"{prometheus.url}"'}
    if connection.url and os.environ.get("LEADLINE_PROMETHEUS_TOKEN"):
        found["authorization"] = "{credentials_env: LEADLINE_PROMETHEUS_TOKEN}"
    elif connection.url and os.environ.get("LEADLINE_PROMETHEUS_USER"):
        found["basic_auth"] = (
            f"{{username: {os.environ['LEADLINE_PROMETHEUS_USER']}, password_env: LEADLINE_PROMETHEUS_PASSWORD}}"
        )
    if connection.url and os.environ.get("LEADLINE_PROMETHEUS_CA_FILE"):
        found["tls_config"] = f"{{ca_file: {os.environ['LEADLINE_PROMETHEUS_CA_FILE']}}}"
    return found


def _prices(prometheus: Prometheus, found: Discovery) -> dict[str, str]:
    """Return prices of the models that use tokens, if genai-prices is installed."""
    from leadline.catalog import profiles

    from .list_prices import known, priced

    if not known():
        return {}
    models: set[str] = set()
    for service in found.services:
        own = dict.fromkeys(service.fit.present, service.fit.profile)
        for name, profile in {**own, **service.borrowed}.items():
            base = service.base if service.base and service.base.name == profile else profiles.load(profile)
            instrument = base.instruments.get(name)
            label = instrument.label("model") if instrument and name == "tokens" else None
            for source in label.sources if label and instrument else ():
                selector = instrument.select() if instrument else ""
                models |= {each for each in prometheus.label_values(source, selector) if each}
    return priced(sorted(models))[0]


def _without(found: Discovery, catalog: Catalog) -> Discovery:
    """Leave out services that the catalog has, by selector or by name."""
    taken = {
        frozenset((each.label, each.value) for each in instrument.matchers if each.operator == "=")
        for service in catalog.services
        for instrument in service.instruments.values()
    }
    names = {service.name for service in catalog.services}

    def is_new(service: Found) -> bool:
        wanted = frozenset(service.selector.items())
        return service.name not in names and not any(wanted <= each for each in taken)

    return replace(found, services=tuple(each for each in found.services if is_new(each)))


def _decided(found: Discovery) -> Discovery:
    """Ask which of several equal profiles to use, on a terminal; otherwise use the first, and print the tie."""
    is_interactive = sys.stdin.isatty() and sys.stderr.isatty()
    return replace(
        found,
        services=tuple(_prompt(each) if is_interactive and each.ties else each for each in found.services),
    )


def _prompt(service: Found) -> Found:
    click.echo(f"{service.name}: these profiles fit equally well", err=True)
    for number, each in enumerate(service.ties, start=1):
        click.echo(f"  {number}  {each.profile}: {'; '.join(each.evidence)}", err=True)
    answer: int = click.prompt(
        "Which one?", type=click.IntRange(1, len(service.ties)), default=1, err=True, show_choices=False
    )
    chosen = service.ties[answer - 1]
    rest = tuple(each for each in service.fits if each not in service.ties)
    return replace(service, fits=(chosen, *rest))


def _proposals(prometheus: Prometheus, frame: Frame, found: Discovery) -> dict[str, Proposal]:
    """Measure the last hour with the catalog so far, and propose targets from that."""
    from leadline.catalog import loader
    from leadline.discovery import catalog_text, proposals
    from leadline.measure.measurements import pad
    from leadline.measure.window import Window
    from leadline.reports import snapshot

    catalog = loader.parse(catalog_text.catalog(frame, found, {}), "the proposed catalog")
    end = time.time() - pad(frame.scrape_interval)
    window = Window(start=end - OBSERVED_SECONDS, end=end)
    report = snapshot.take(catalog, catalog.services, window, prometheus.ask)
    proposed = {}
    for service in report.services:
        errors = service.reading("error_ratio")
        ratio = errors.value if errors else None
        p95 = service.reading("latency.p95")
        lacking = p95.reason if p95 and p95.value is None and p95.lower is None else ""
        proposed[service.name] = proposals.proposed(service.histogram, ratio, frame.retention, lacking)
    return proposed


def _print_evidence(found: Discovery) -> None:
    """Print the evidence, what was not guessed, and what was made of every job."""
    from leadline.base.printable import printable
    from leadline.base.text_table import table

    from .terminal import columns

    for service in found.services:
        rate = "" if service.requests is None else f", about {service.requests:.0f} requests in the last hour"
        selector = ", ".join(f'{key}="{value}"' for key, value in service.selector.items())
        click.echo(f"{service.name}  {{{selector}}}{rate}", err=True)
        click.echo(f"  {service.fit.profile}: {'; '.join(service.fit.evidence)}", err=True)
        for name, other in service.borrowed.items():
            click.echo(f"  {name} from {other}", err=True)
        for tie in service.ties:
            if tie.profile != service.fit.profile:
                click.echo(
                    f"  tie: {tie.profile} fits as well; change the profile if that is yours", err=True
                )
        for note in service.notes:
            click.echo(f"  {note}", err=True)
    for refused in found.refused:
        click.echo(f"not guessed: {refused}", err=True)
    for possible in found.possible:
        click.echo(f"possible: {possible}", err=True)
    rows = [(each.name, f"{each.up} of {each.targets} up", each.kind, each.what) for each in found.jobs]
    for line in table(("job", "targets", "is", ""), rows, indent="", room=columns(sys.stderr)):
        click.echo(printable(line), err=True)


def _diff(path: Path, found: Discovery, proposals: Mapping[str, Proposal]) -> int:
    from leadline.catalog.yaml_reader import Reader
    from leadline.discovery.catalog_text import with_services

    if not found.services:
        click.echo(f"{path} has every service that was found", err=True)
        return 0
    old = path.read_text("utf-8")
    reader = Reader(str(path))
    services = reader.table(reader.open(old))["services"]
    new = with_services(old, services.end_line, found.services, proposals)
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), str(path), str(path)
    )
    click.echo("".join(lines), nl=False)
    click.echo(f"{len(found.services)} service(s) are not in {path}; nothing was written", err=True)
    return 1


def _write(
    path: Path, frame: Frame, found: Discovery, proposals: Mapping[str, Proposal], *, dry_run: bool
) -> int:
    from leadline.catalog import loader
    from leadline.discovery.catalog_text import catalog

    text = f"# yaml-language-server: $schema={SCHEMA}\n{catalog(frame, found, proposals)}"
    try:
        loader.parse(text, str(path))
    except CatalogError as error:
        raise LeadlineError(f"the proposed catalog is invalid; please report this defect: {error}") from None
    if dry_run:
        click.echo(text, nl=False)
        return 0
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
    _write_schema(path.with_name(SCHEMA))
    click.echo(
        f"wrote {path}: {len(found.services)} service(s); next: leadline check, leadline snapshot, leadline generate"
    )
    return 0


def _write_schema(path: Path) -> None:
    """Write the schema that the catalog's first line names, for editors; keep an existing one."""
    from leadline.catalog import schema

    if not path.exists():
        replaced(path, schema.write())
        click.echo(f"wrote {path}, with which editors complete and check the catalog", err=True)


def _name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-") or "project"
