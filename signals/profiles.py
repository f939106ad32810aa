"""Profiles: how a family of services names its metrics. Data, one YAML file each, in `signals/profiles/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import pairwise

from signals.document import Entry, Reader
from signals.instruments import GOLDEN, Instrument, Label
from signals.promql import LABEL_NAME
from signals.units import number

KINDS = ("counter", "histogram", "gauge")
COUNTERS = {
    "rejected": "requests",  # turned away, as by a rate limit
    "received": "bytes",  # of the bodies of requests
    "sent": "bytes",  # of the bodies of responses
    "cpu": "cpu_seconds",
    "throttled": "periods",  # CFS periods in which a container was held back
    "periods": "periods",
    "cache": "lookups",  # with a label `result`: hit or miss
}
GAUGES = {
    "cpu_limit": "cores",
    "memory": "bytes",
    "memory_limit": "bytes",
    "pool": "connections",
    "pool_limit": "connections",
    "in_flight": "concurrent",
    "in_flight_limit": "concurrent",
    "queue": "tasks",
    "rate_limit": "requests_per_second",
    "replicas": "replicas",
    "replicas_limit": "replicas",  # what the autoscaler may go up to
}
INSTRUMENTS = {**GOLDEN, **COUNTERS, **GAUGES}
"""All instruments that a profile or a catalog may name, and their units. Those beyond the golden ones tell saturation."""


def kind(name: str) -> str:
    """Give the kind of metric that an instrument is read from."""
    if name in GAUGES:
        return "gauge"
    return "histogram" if name == "latency" else "counter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a family of services names its metrics.

    exclude  values of normalised labels that are not traffic (probes, scrapes)
    missing  instrument → why this family lacks it
    remarks  what a reader of its figures must know
    """

    name: str
    about: str
    instruments: Mapping[str, Instrument]
    exclude: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, str]
    remarks: tuple[str, ...]


@cache
def names() -> tuple[str, ...]:
    folder = files("signals").joinpath("profiles")
    return tuple(
        sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))
    )


@cache
def load(name: str) -> Profile:
    """Read one of the profiles that ship with Leadline."""
    return parse(files("signals").joinpath("profiles", f"{name}.yaml").read_text("utf-8"), f"{name}.yaml")


def parse(text: str, file: str) -> Profile:
    """Read a profile; raises CatalogError with every mistake in it."""
    reader = Reader(file)
    keys = ("profile", "about", "errors", "exclude", "instruments", "missing", "remarks")
    top = reader.table(reader.open(text), known=keys, required=("profile", "instruments"))
    bad = reader.text(top["errors"]) if "errors" in top else "5.."
    instruments = (
        {
            name: instrument(reader, name, entry, bad)
            for name, entry in reader.table(top["instruments"], known=INSTRUMENTS).items()
        }
        if "instruments" in top
        else {}
    )
    exclude = reader.table(top["exclude"]) if "exclude" in top else {}
    missing = reader.table(top["missing"], known=INSTRUMENTS) if "missing" in top else {}
    profile = Profile(
        name=reader.text(top["profile"]) if "profile" in top else "",
        about=reader.text(top["about"]) if "about" in top else "",
        instruments=instruments,
        exclude={name: reader.texts(entry) for name, entry in exclude.items()},
        missing={name: reader.text(entry) for name, entry in missing.items()},
        remarks=reader.texts(top["remarks"]) if "remarks" in top else (),
    )
    reader.finish()
    return profile


def instrument(reader: Reader, name: str, entry: Entry, bad: str) -> Instrument:
    """Read one instrument of a profile."""
    fields = reader.table(entry, known=("metric", "type", "labels", "buckets"), required=("metric", "type"))
    return Instrument(
        name=name,
        metric=reader.text(fields["metric"]) if "metric" in fields else "",
        kind=reader.choice(fields["type"], KINDS) if "type" in fields else "counter",
        unit=INSTRUMENTS[name],
        labels=labels(reader, fields["labels"]) if "labels" in fields else (),
        buckets=edges(reader, fields["buckets"]) if "buckets" in fields else (),
        bad=bad,
    )


def labels(reader: Reader, entry: Entry) -> tuple[Label, ...]:
    """Read a label map: normalised name → a source, several, or {sources, values}."""
    read = []
    for name, place in reader.table(
        entry, known=("route", "method", "status", "model", "token_type", "result")
    ).items():
        values: tuple[tuple[str, str], ...] = ()
        sources = place
        if place.is_table:
            parts = reader.table(place, known=("source", "values"), required=("source",))
            sources = parts.get("source", place)
            renamed = reader.table(parts["values"]) if "values" in parts else {}
            values = tuple((exposed, reader.text(normal)) for exposed, normal in renamed.items())
        read.append(Label(name=name, sources=_label_names(reader, sources), values=values))
    return tuple(read)


def _label_names(reader: Reader, entry: Entry) -> tuple[str, ...]:
    found = reader.texts(entry) if not entry.is_table else ()
    for name in found:
        if not LABEL_NAME.fullmatch(name):
            reader.fail(entry, f"{name!r} cannot be the name of a label")
    return found


def edges(reader: Reader, entry: Entry) -> tuple[Decimal, ...]:
    """Read bucket edges: finite numbers, rising."""
    read = tuple(reader.parsed(item, number, Decimal(0)) for item in reader.each(entry))
    if any(left >= right for left, right in pairwise(read)):
        reader.fail(entry, "bucket edges must rise")
    return read
