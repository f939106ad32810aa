"""From the text of `leadline.yaml` to a Catalog: every mistake is collected and told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from signals import profiles, resolving
from signals.catalog import (
    Catalog,
    Cluster,
    Ignored,
    Infrastructure,
    Objective,
    Price,
    Reference,
    Service,
    Target,
)
from signals.document import Entry, Reader
from signals.endpoints import Context, Endpoint
from signals.errors import CatalogError
from signals.instruments import Instrument
from signals.profiles import Profile
from signals.units import duration, number, per_second, plain, ratio, show, usd

TOP = (
    "project", "scrape_interval", "evaluation_interval", "retention", "links", "services",
    "references", "prices", "budget", "contexts", "kubernetes", "profiles",
    "infrastructure", "ignore",
)  # fmt: skip
SERVICE = ("profile", "selector", "exclude", "instruments", "targets", "objectives")
PERIODS = (7, 28, 30)
NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
SCALARS = {
    "error_ratio": (ratio, "ratio", False),
    "throughput": (per_second, "requests_per_second", True),
    "cost_per_request": (usd, "usd", False),
    "cost_per_1k_tokens": (usd, "usd", False),
}
"""Targets that are one value: how it is read, its unit, and whether it is a floor."""
DISTRIBUTIONS = ("latency", *profiles.HISTOGRAMS)
FIGURES = (*SCALARS, "latency.p50", "latency.p90", "latency.p95", "latency.p99", "latency.mean")


def load(path: Path) -> Catalog:
    """Read a catalog from a file. Raises CatalogError with all mistakes."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise CatalogError(
            (f"there is no catalog {path}; write one (README, 'Your own system') or name it with --catalog",)
        ) from None
    except IsADirectoryError:
        raise CatalogError((f"{path} is a folder; name the catalog file in it with --catalog",)) from None
    except UnicodeDecodeError as error:
        raise CatalogError((f"{path} is not UTF-8 text (byte {error.start})",)) from None
    except OSError as error:
        raise CatalogError((f"{path} cannot be read: {error.strerror}",)) from None
    return parse(text, str(path))


def parse(text: str, file: str, read: Callable[[str], str] | None = None) -> Catalog:
    """Read a catalog from its text; `file` is what errors call it.

    `read` gives the text of a file that the catalog names, by the name it has there; by default from beside the catalog.
    """
    reader = Reader(file)
    top = reader.table(reader.open(text), known=TOP, required=("project", "services"))
    beside = read or (lambda name: (Path(file).parent / name).read_text("utf-8"))
    catalog = _catalog(reader, top, file, beside)
    reader.finish()
    return catalog


def _catalog(reader: Reader, top: dict[str, Entry], file: str, read: Callable[[str], str]) -> Catalog:
    scrape = (
        reader.parsed(top["scrape_interval"], duration, Decimal(15))
        if "scrape_interval" in top
        else Decimal(15)
    )
    own = _profiles(reader, top["profiles"], read) if "profiles" in top else {}
    known = {profile.name: profile for profile, _ in own.values()}
    services = _services(reader, top["services"], known) if "services" in top else ()
    return Catalog(
        file=file,
        sources={path: text for path, (_, text) in own.items()},
        project=_name(reader, top["project"]) if "project" in top else "",
        scrape_interval=scrape,
        evaluation_interval=(
            reader.parsed(top["evaluation_interval"], duration, scrape)
            if "evaluation_interval" in top
            else scrape
        ),
        retention=reader.parsed(top["retention"], duration, Decimal(0)) if "retention" in top else None,
        links=_links(reader, top["links"]) if "links" in top else {},
        services=services,
        references=_references(reader, top["references"]) if "references" in top else (),
        prices=_prices(reader, top["prices"]) if "prices" in top else (),
        infrastructure=_infrastructure(reader, top["infrastructure"]) if "infrastructure" in top else None,
        ignored=_ignored(reader, top["ignore"]) if "ignore" in top else (),
        monthly_budget_usd=_budget(reader, top["budget"]) if "budget" in top else None,
        contexts=_contexts(reader, top["contexts"]) if "contexts" in top else (),
        cluster=_cluster(reader, top["kubernetes"]) if "kubernetes" in top else Cluster(),
        remarks=tuple(f"{service.name}: {remark}" for service in services for remark in service.remarks),
    )


def _profiles(reader: Reader, entry: Entry, read: Callable[[str], str]) -> dict[str, tuple[Profile, str]]:
    """Read the catalog's own profiles, each a file beside it; give them and their texts by file."""
    found = {}
    for place in reader.each(entry):
        name = reader.text(place)
        try:
            text = read(name)
            found[name] = (profiles.parse(text, name), text)
        except (OSError, UnicodeDecodeError, KeyError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            reader.fail(place, f"the profile {name!r} cannot be read: {reason}")
        except CatalogError as error:
            reader.mistakes += [(place.line, mistake) for mistake in error.mistakes]
    return found


def _name(reader: Reader, entry: Entry) -> str:
    name = reader.text(entry)
    if name and (not NAME.fullmatch(name) or len(name) > 63):
        reader.fail(entry, f"{name!r} must be lower-case letters, digits and dashes, at most 63")
    return name


def _links(reader: Reader, entry: Entry) -> dict[str, str]:
    known = ("grafana", "runbooks", "prometheus")
    return {key: _url(reader, value) for key, value in reader.table(entry, known=known).items()}


def _url(reader: Reader, entry: Entry) -> str:
    url = reader.text(entry)
    if url and not re.match(r"https?://[^/\s]+", url):
        reader.fail(entry, f"{url!r} is not a URL; it starts with http:// or https://")
    if re.match(r"https?://[^/\s]*@", url):
        reader.fail(entry, "a URL must not carry a password; name a file or a variable under basic_auth")
    return url.rstrip("/")


def _services(reader: Reader, entry: Entry, own: Mapping[str, Profile]) -> tuple[Service, ...]:
    table = reader.table(entry)
    if not table and entry.is_table:
        reader.fail(entry, "no service is named; the catalog needs at least one")
    return tuple(_service(reader, name, place, own) for name, place in table.items())


def _service(reader: Reader, name: str, entry: Entry, own: Mapping[str, Profile]) -> Service:
    fields = reader.table(entry, known=SERVICE, required=("profile", "selector"))
    if not NAME.fullmatch(name) or len(name) > 63:
        reader.fail(entry, f"{name!r} must be lower-case letters, digits and dashes, at most 63")
    profile = resolving.profile(reader, fields["profile"], own) if "profile" in fields else None
    instruments = resolving.instruments(reader, fields, profile, own) if profile else {}
    service = Service(
        name=name,
        profile=profile.name if profile else "",
        instruments=instruments,
        targets=_targets(reader, fields["targets"]) if "targets" in fields else (),
        objectives=_objectives(reader, fields["objectives"], instruments) if "objectives" in fields else (),
        missing={
            **{key: why for key, why in profile.missing.items() if key not in instruments},
            **resolving.left_out(reader, fields),
        }
        if profile
        else {},
        notes=profile.remarks if profile else (),
        line=entry.line,
    )
    return replace(service, remarks=_remarks(service))


def _remarks(service: Service) -> tuple[str, ...]:
    """Say what generation will leave out for want of knowledge."""
    latency = service.instruments.get("latency")
    if latency and latency.kind == "summary":
        return (f"{latency.metric} is a summary, so no quantile, share or latency alert can be had of it",)
    if latency and latency.scale != 1 and not latency.buckets:
        unknown = "bucket edges of the latency histogram are not known, so they cannot be written in seconds, and are not recorded"
        return (f"{unknown}; write them under instruments.latency.buckets",)
    if latency and not latency.buckets:
        unknown = "bucket edges of the latency histogram are not known, so no latency alert is generated"
        return (f"{unknown}; write them under instruments.latency.buckets",)
    return ()


def _targets(reader: Reader, entry: Entry) -> tuple[Target, ...]:
    table = reader.table(entry, known=(*DISTRIBUTIONS, *SCALARS))
    targets = []
    for instrument in DISTRIBUTIONS:
        quantiles = reader.table(table[instrument]) if instrument in table else {}
        for name, place in quantiles.items():
            if not re.fullmatch(r"p(50|[5-9]\d(\.?\d+)?)", name):
                reader.fail(place, f"{name!r} is not a quantile; write for example p95 or p99")
            seconds = reader.parsed(place, duration, Decimal(1))
            signal = f"{instrument}.{name.replace('.', '')}"
            targets.append(Target(signal=signal, value=seconds, unit="seconds"))
    for name, (parse_value, unit, floor) in SCALARS.items():
        if name in table:
            value = reader.parsed(table[name], parse_value, Decimal(0))
            targets.append(Target(signal=name, value=value, unit=unit, floor=floor))
    return tuple(targets)


def _objectives(reader: Reader, entry: Entry, instruments: dict[str, Instrument]) -> tuple[Objective, ...]:
    objectives = []
    for name, place in reader.table(entry, known=("availability", "latency")).items():
        latency = name == "latency"
        known = ("target", "period", "within") if latency else ("target", "period")
        fields = reader.table(place, known=known, required=known)
        if set(fields) < set(known):
            continue
        within = reader.parsed(fields["within"], duration, Decimal(1)) if latency else None
        objective = Objective(
            name=name,
            target=reader.parsed(fields["target"], _below_one, Decimal("0.99")),
            period_seconds=reader.parsed(fields["period"], _period, Decimal(604800)),
            within=within,
        )
        if within is not None:
            _check_edge(reader, fields["within"], within, instruments.get("latency"))
        objectives.append(objective)
    return tuple(objectives)


def _below_one(text: str) -> Decimal:
    value = ratio(text)
    if not 0 < value < 1:
        raise ValueError(f"{text!r} leaves no error budget, or nothing to keep; write for example 99.9%")
    return value


def _period(text: str) -> Decimal:
    seconds = duration(text)
    if seconds not in {Decimal(days * 86400) for days in PERIODS}:
        raise ValueError(f"{text!r} is not a period; write {', '.join(f'{days}d' for days in PERIODS)}")
    return seconds


def _check_edge(reader: Reader, entry: Entry, within: Decimal, latency: Instrument | None) -> None:
    """Refuse a threshold that lies between two bucket edges: the share within it could only be guessed."""
    if latency is None or not latency.buckets or within in latency.buckets:
        return
    near = sorted(latency.buckets, key=lambda edge: abs(edge - within))[:2]
    named = " or ".join(f"{show(float(edge), 'seconds').replace(' ', '')}" for edge in sorted(near))
    reader.fail(
        entry,
        f"{plain(within)}s is not an edge of {latency.metric}'s buckets, so the share within it cannot be known; "
        f"write {named}, or add a bucket at {plain(within)}",
    )


def _references(reader: Reader, entry: Entry) -> tuple[Reference, ...]:
    read = []
    for name, place in reader.table(entry).items():
        fields = reader.table(place, known=("source", *FIGURES), required=("source",))
        figures = {key: _figure(reader, key, value) for key, value in fields.items() if key != "source"}
        source = reader.text(fields["source"]) if "source" in fields else ""
        read.append(Reference(name=name, source=source, figures=figures))
    return tuple(read)


def _figure(reader: Reader, signal: str, entry: Entry) -> tuple[Decimal, Decimal]:
    parse_value = duration if signal.startswith("latency.") else SCALARS[signal][0]
    values = sorted(reader.parsed(item, parse_value, Decimal(0)) for item in reader.each(entry))
    if len(values) not in (1, 2):
        reader.fail(entry, "must be one value, or two: [low, high]")
    return (values[0], values[-1]) if values else (Decimal(0), Decimal(0))


def _prices(reader: Reader, entry: Entry) -> tuple[Price, ...]:
    read = []
    for model, place in reader.table(entry).items():
        known = ("input", "output", "as_of")
        fields = reader.table(place, known=known, required=known)
        if set(fields) == set(known):
            price_in = reader.parsed(fields["input"], number, Decimal(0))
            price_out = reader.parsed(fields["output"], number, Decimal(0))
            day = reader.parsed(fields["as_of"], _day, "")
            read.append(Price(model=model, input_usd=price_in, output_usd=price_out, as_of=day))
    return tuple(read)


def _infrastructure(reader: Reader, entry: Entry) -> Infrastructure | None:
    known = ("core_hour", "gib_hour", "as_of")
    fields = reader.table(entry, known=known, required=known)
    if set(fields) != set(known):
        return None
    return Infrastructure(
        core_hour_usd=reader.parsed(fields["core_hour"], usd, Decimal(0)),
        gib_hour_usd=reader.parsed(fields["gib_hour"], usd, Decimal(0)),
        as_of=reader.parsed(fields["as_of"], _day, ""),
    )


def _ignored(reader: Reader, entry: Entry) -> tuple[Ignored, ...]:
    found = []
    for item in reader.each(entry):
        fields = reader.table(item, known=("code", "subject", "reason"), required=("code", "reason"))
        texts = {key: reader.text(value) for key, value in fields.items()}
        if {"code", "reason"} <= set(texts):
            found.append(
                Ignored(code=texts["code"], subject=texts.get("subject", ""), reason=texts["reason"])
            )
    return tuple(found)


def _day(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError(f"{text!r} is not a date; write for example 2026-11-01")
    return text


def _budget(reader: Reader, entry: Entry) -> Decimal | None:
    fields = reader.table(entry, known=("monthly",), required=("monthly",))
    return reader.parsed(fields["monthly"], usd, Decimal(0)) if "monthly" in fields else None


def _cluster(reader: Reader, entry: Entry) -> Cluster:
    fields = reader.table(entry, known=("namespace", "rule_labels", "dashboard_labels", "folder_annotation"))
    usual = Cluster()
    return Cluster(
        namespace=reader.text(fields["namespace"]) if "namespace" in fields else usual.namespace,
        rule_labels=_texts_by_key(reader, fields["rule_labels"])
        if "rule_labels" in fields
        else usual.rule_labels,
        dashboard_labels=(
            _texts_by_key(reader, fields["dashboard_labels"])
            if "dashboard_labels" in fields
            else usual.dashboard_labels
        ),
        folder_annotation=(
            reader.text(fields["folder_annotation"])
            if "folder_annotation" in fields
            else usual.folder_annotation
        ),
    )


def _texts_by_key(reader: Reader, entry: Entry) -> dict[str, str]:
    return {name: reader.text(value) for name, value in reader.table(entry).items()}


def _contexts(reader: Reader, entry: Entry) -> tuple[Context, ...]:
    known = ("prometheus", "grafana", "alertmanager", "kubernetes")
    read = []
    for name, place in reader.table(entry).items():
        fields = reader.table(place, known=known)
        cluster = (
            reader.table(fields["kubernetes"], known=("context", "namespace"))
            if "kubernetes" in fields
            else {}
        )
        endpoints = {key: _endpoint(reader, fields[key]) for key in known[:3] if key in fields}
        read.append(
            Context(
                name=name,
                prometheus=endpoints.get("prometheus"),
                grafana=endpoints.get("grafana"),
                alertmanager=endpoints.get("alertmanager"),
                kube_context=reader.text(cluster["context"]) if "context" in cluster else "",
                namespace=reader.text(cluster["namespace"]) if "namespace" in cluster else "",
            )
        )
    return tuple(read)


def _endpoint(reader: Reader, entry: Entry) -> Endpoint:
    known = ("url", "service", "headers", "basic_auth", "authorization", "tls_config")
    fields = reader.table(entry, known=known)
    if entry.is_table and ("url" in fields) == ("service" in fields):
        reader.fail(entry, "needs either 'url' or 'service'")
    headers = reader.table(fields["headers"]) if "headers" in fields else {}
    basic = _group(reader, fields, "basic_auth", ("username", "password_file", "password_env"))
    bearer = _group(reader, fields, "authorization", ("credentials_file", "credentials_env"))
    tls = _group(reader, fields, "tls_config", ("ca_file",))
    return Endpoint(
        url=_url(reader, fields["url"]) if "url" in fields else "",
        service=reader.parsed(fields["service"], _service_port, "") if "service" in fields else "",
        headers=tuple((key, reader.text(value)) for key, value in headers.items()),
        **basic,
        **bearer,
        **tls,
    )


def _group(reader: Reader, fields: dict[str, Entry], key: str, known: tuple[str, ...]) -> dict[str, str]:
    if key not in fields:
        return {}
    return {name: reader.text(value) for name, value in reader.table(fields[key], known=known).items()}


def _service_port(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9.-]+:\d+", text):
        raise ValueError(f"{text!r} is not a Service with its port; write for example prometheus:9090")
    return text
