"""`leadline profiles`: how families of services name their metrics."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from leadline.base.units import plain
from leadline.catalog import loader, profiles
from leadline.catalog.profiles import Profile
from leadline.signals.instruments import Instrument
from leadline.signals.labels import Label

from .options import catalog_option, chosen


@click.command("profiles")
@click.argument("name", metavar="[NAME]", required=False)
@catalog_option
def command(name: str | None, catalog_file: Path) -> int:
    """List the profiles, or explain one: its metrics, their units, labels and edges, and what counts as an error.

    Includes the catalog's own profiles (`profiles: [ours.yaml]`), if there is a catalog.

    \b
    Examples:
      leadline profiles
      leadline profiles vllm
    """
    from leadline.base.text_table import table

    known = {each: profiles.load(each) for each in profiles.names()} | _own(catalog_file)
    if name is not None:
        profile = chosen(name, known, "profile", "leadline")
        click.echo("\n".join(_explained(profile)))
        return 0
    rows = [(each.name, each.about, ", ".join(each.instruments)) for each in known.values()]
    for line in table(("profile", "of", "instruments"), rows, indent=""):
        click.echo(line)
    return 0


def _own(catalog_file: Path) -> dict[str, Profile]:
    if not catalog_file.exists():
        return {}
    texts = loader.load(catalog_file).sources
    return {profile.name: profile for file, text in texts.items() if (profile := profiles.parse(text, file))}


def _explained(profile: Profile) -> Iterator[str]:
    from leadline.base.text_table import table

    yield f"{profile.name}: {profile.about}"
    if profile.service:
        yield f"names services by the first of these labels that is present: {', '.join(profile.service)}"
    if profile.exclude:
        yield "excludes " + "; ".join(f"{key} {', '.join(values)}" for key, values in profile.exclude.items())
    rows = [_row(each) for each in profile.instruments.values()]
    yield ""
    yield from table(("instrument", "metric", "type", "labels", "errors"), rows, indent="")
    edges = [each for each in profile.instruments.values() if each.buckets]
    if edges:
        yield ""
    for each in edges:
        yield f"{each.name}'s edges: {', '.join(plain(edge) for edge in each.buckets)} s"
    for instrument, why in profile.missing.items():
        yield f"no {instrument}: {why}"
    yield from (f"caveat: {remark}" for remark in profile.remarks)


def _row(each: Instrument) -> tuple[str, ...]:
    metric = each.expression or " + ".join(name for _, name in each.names) or each.metric
    where = ", ".join(map(str, each.matchers))
    unit = f", in units of {plain(each.scale)} s" if each.scale != 1 else ""
    errors = f"status matches {each.bad}" if each.name == "requests" and each.has("status") else ""
    labels = ", ".join(map(_label, each.labels))
    return each.name, metric + (f"{{{where}}}" if where else ""), each.kind + unit, labels, errors


def _label(label: Label) -> str:
    sources = "the metric's name" if label.is_name else " or ".join(label.sources)
    return f"{label.name} from {sources}" if sources != label.name else label.name
