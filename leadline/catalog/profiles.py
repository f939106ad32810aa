"""Profiles: how a family of services names its metrics. One YAML file each, in `leadline/catalog/profiles/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import pairwise

from leadline.base.units import MOST_DIGITS, number, plain
from leadline.signals import regex
from leadline.signals.instruments import GOLDEN, Instrument
from leadline.signals.labels import NAME, Label
from leadline.signals.promql import LABEL_NAME, METRIC_NAME, Matcher, one_of

from .yaml_reader import Entry, Reader

KINDS = ("counter", "histogram", "summary", "gauge")
UNITS = {"s": Decimal(1), "ms": Decimal("0.001"), "us": Decimal("0.000001"), "ns": Decimal("0.000000001")}
"""Time units of metrics, in seconds."""
HISTOGRAMS = {
    "first_token": "seconds",  # until the first token of an answer is sent
    "output_token": "seconds",  # between output tokens
}
COUNTERS = {
    "failed": "requests",  # failures, if counted separately rather than by a label of `requests`
    "rejected": "requests",  # for example by a rate limit
    "received": "bytes",  # request bodies
    "sent": "bytes",  # response bodies
    "cpu": "cpu_seconds",
    "throttled": "periods",  # CFS periods in which a container was throttled
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
    "queue_limit": "tasks",
    "rate_limit": "requests_per_second",
    "replicas": "replicas",
    "replicas_limit": "replicas",  # the autoscaler's maximum
    "infrastructure": "usd_per_hour",  # cost of the machines
}
INSTRUMENTS = {**GOLDEN, **HISTOGRAMS, **COUNTERS, **GAUGES}
"""All instruments that a profile or catalog may name, with units. Those beyond the golden ones measure saturation."""


LABELS = ("route", "method", "status", "model", "token_type", "result")
"""The normalised labels."""


def kind(name: str) -> str:
    """Return an instrument's kind of metric."""
    if name in GAUGES:
        return "gauge"
    return "histogram" if name == "latency" or name in HISTOGRAMS else "counter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a family of services names its metrics.

    prefix   default prefix of its metrics, if users can change it; discovery also tries other prefixes
    service  labels that may distinguish services within one job, as behind a proxy; the first one present counts
    exclude  values of normalised labels that are not traffic (probes, scrapes)
    missing  instrument → why this family lacks it
    remarks  caveats about its figures
    """

    name: str
    about: str
    prefix: str | None
    service: tuple[str, ...]
    instruments: Mapping[str, Instrument]
    exclude: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, str]
    remarks: tuple[str, ...]


@cache
def names() -> tuple[str, ...]:
    folder = files("leadline.catalog").joinpath("profiles")
    return tuple(
        sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))
    )


@cache
def load(name: str) -> Profile:
    """Read a profile that ships with Leadline."""
    return parse(
        files("leadline.catalog").joinpath("profiles", f"{name}.yaml").read_text("utf-8"), f"{name}.yaml"
    )


def parse(text: str, file: str) -> Profile:
    """Read a profile. Raise CatalogError with all mistakes."""
    reader = Reader(file)
    keys = (
        "profile",
        "about",
        "prefix",
        "errors",
        "service",
        "where",
        "exclude",
        "instruments",
        "missing",
        "remarks",
    )
    top = reader.table(reader.open(text), known=keys, required=("profile", "instruments"))
    bad = reader.text(top["errors"]) if "errors" in top else "5.."
    where = matchers(reader, top["where"]) if "where" in top else ()
    instruments = (
        {
            name: instrument(reader, name, entry, bad, where)
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
        prefix=reader.text(top["prefix"]) if "prefix" in top else None,
        service=label_names(reader, top["service"]) if "service" in top else (),
        instruments=instruments,
        exclude={name: reader.texts(entry) for name, entry in exclude.items()},
        missing={name: reader.text(entry) for name, entry in missing.items()},
        remarks=reader.texts(top["remarks"]) if "remarks" in top else (),
    )
    reader.finish()
    return profile


def instrument(
    reader: Reader, name: str, entry: Entry, bad: str, where: tuple[Matcher, ...] = ()
) -> Instrument:
    """Read one instrument of a profile.

    `unit` is the metric's own (s, ms, us, ns), which the edges of `buckets` share. `where` holds conditions that always apply
    to this family (say, a proxy that counts at both ends). `buckets: native` marks a native histogram. `metrics` lists several
    metrics that count one instrument, as {label: {value: metric}}. `expression` is PromQL instead of a metric.
    """
    known = ("metric", "metrics", "expression", "type", "unit", "labels", "buckets", "where", "cached")
    fields = reader.table(entry, known=known, required=("type",))
    if sum(key in fields for key in ("metric", "metrics", "expression")) != 1:
        reader.fail(entry, "needs one of 'metric', 'metrics' and 'expression'")
    names, own = _names(reader, fields["metrics"]) if "metrics" in fields else ((), ())
    scale = UNITS[reader.choice(fields["unit"], UNITS) or "s"] if "unit" in fields else Decimal(1)
    native = "buckets" in fields and is_native(fields["buckets"])
    written = edges(reader, fields["buckets"], scale) if "buckets" in fields and not native else Edges()
    return Instrument(
        name=name,
        metric=metric_name(reader, fields["metric"])
        if "metric" in fields
        else next((each for _, each in names), ""),
        kind=reader.choice(fields["type"], KINDS) if "type" in fields else "counter",
        unit=INSTRUMENTS[name],
        labels=(*own, *(labels(reader, fields["labels"]) if "labels" in fields else ())),
        matchers=(*where, *(matchers(reader, fields["where"]) if "where" in fields else ())),
        buckets=written.values,
        raw_edges=written.raw,
        bad=bad,
        scale=scale,
        names=names,
        expression=reader.parsed(fields["expression"], _expression, "") if "expression" in fields else "",
        native=native,
        cached=cached(reader, name, fields["cached"]) if "cached" in fields else "",
    )


def cached(reader: Reader, name: str, entry: Entry) -> str:
    """Read whether input tokens include cached ones: `none` means they do not."""
    if name != "tokens":
        reader.fail(entry, "'cached' is for tokens only")
    return reader.choice(entry, ("none", "included"))


def is_native(entry: Entry) -> bool:
    """Return whether `buckets` is `native`: the metric is a native histogram."""
    return not entry.is_table and not entry.is_list and str(entry.node.value) == "native"


def _names(reader: Reader, entry: Entry) -> tuple[tuple[tuple[str, str], ...], tuple[Label, ...]]:
    """Read {token_type: {input: metric, output: metric}}: the metrics, and the label that their names imply."""
    table = reader.table(entry, known=LABELS)
    if len(table) != 1:
        reader.fail(entry, "must name one label, and a metric for each of its values")
        return (), ()
    (label, place), *_ = table.items()
    names = tuple((value, metric_name(reader, metric)) for value, metric in reader.table(place).items())
    if not names and place.is_table:
        reader.fail(place, "names no metric")
    return names, (
        Label(name=label, sources=(NAME,), values=tuple((metric, value) for value, metric in names)),
    )


OWN_LABELS = ("__name__", "le", "quantile")


def metric_name(reader: Reader, entry: Entry) -> str:
    """Read a metric name."""
    return reader.parsed(entry, _metric_name, "")


def _metric_name(text: str) -> str:
    if not METRIC_NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not the name of a metric")
    return text


def _expression(text: str) -> str:
    """Read PromQL in which $selector stands for matchers. Raise ValueError if it is invalid."""
    import promql_parser

    try:
        promql_parser.parse(text.replace("$selector", 'job="x"'))
    except ValueError as error:
        raise ValueError(f"{text!r} is not PromQL: {error}") from None
    return text


def matchers(reader: Reader, entry: Entry) -> tuple[Matcher, ...]:
    """Read conditions on labels: a list means any of its values, "~…" a regular expression, "!~…" a negated one."""
    found = []
    for label, place in reader.table(entry).items():
        values = reader.texts(place)
        if not LABEL_NAME.fullmatch(label):
            reader.fail(place, f"{label!r} cannot be the name of a label")
        if label in OWN_LABELS:
            reader.fail(
                place, f"{label!r} is chosen by each rule; name a label of the target, for example job"
            )
        if values:
            found.append(_matcher(reader, place, label, values))
        else:
            reader.fail(place, "is an empty list; name a value, or leave the label out")
    return tuple(found)


def _matcher(reader: Reader, entry: Entry, label: str, values: tuple[str, ...]) -> Matcher:
    if len(values) != 1:
        return Matcher(label, "=~", one_of(values))
    for sign, operator in (("!~", "!~"), ("~", "=~")):
        if values[0].startswith(sign):
            read = lambda text, sign=sign: regex.parse(text.removeprefix(sign))  # noqa: E731
            return Matcher(label, operator, reader.parsed(entry, read, ""))
    return Matcher(label, "=", values[0])


def labels(reader: Reader, entry: Entry) -> tuple[Label, ...]:
    """Read a label map: normalised name → a source, several, or {sources, values}."""
    read = []
    for name, place in reader.table(entry, known=LABELS).items():
        values: tuple[tuple[str, str], ...] = ()
        sources, default = place, ""
        if place.is_table:
            parts = reader.table(place, known=("source", "values", "default"), required=("source",))
            sources = parts.get("source", place)
            renamed = reader.table(parts["values"]) if "values" in parts else {}
            values = tuple((exposed, reader.text(normal)) for exposed, normal in renamed.items())
            if any(not exposed or not normal for exposed, normal in values):
                reader.fail(
                    parts["values"], "a value cannot be renamed from or to an empty one; use 'default'"
                )
            default = reader.text(parts["default"]) if "default" in parts else ""
        names = label_names(reader, sources)
        if not names and not sources.is_table:
            reader.fail(sources, "names no label")
        if len(set(names)) < len(names):
            reader.fail(sources, "names a label twice")
        read.append(Label(name=name, sources=names, values=values, default=default))
    return tuple(read)


def label_names(reader: Reader, entry: Entry) -> tuple[str, ...]:
    found = reader.texts(entry) if not entry.is_table else ()
    for name in found:
        if not LABEL_NAME.fullmatch(name):
            reader.fail(entry, f"{name!r} cannot be the name of a label")
    return found


@dataclass(frozen=True, slots=True)
class Edges:
    """Bucket edges in base units, and the metric's spelling of those with float artefacts."""

    values: tuple[Decimal, ...] = ()
    raw: tuple[tuple[Decimal, str], ...] = ()


def edges(reader: Reader, entry: Entry, scale: Decimal) -> Edges:
    """Read bucket edges in the metric's own unit: finite, ascending, none below zero."""
    items = reader.each(entry)
    read = [reader.parsed(item, number, Decimal(0)) for item in items]
    if any(left >= right for left, right in pairwise(read)):
        reader.fail(entry, "bucket edges must rise")
    if any(edge < 0 for edge in read):
        reader.fail(entry, "a bucket edge cannot be below zero")
    texts = [str(item.node.value) for item in items]
    noisy = [
        (edge * scale, plain(Decimal(text)))
        for edge, text in zip(read, texts, strict=True)
        if len(text) > MOST_DIGITS and edge != Decimal(text)
    ]
    return Edges(tuple(edge * scale for edge in read), tuple(noisy))
