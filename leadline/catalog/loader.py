"""Parse `leadline.yaml` into a Catalog; all mistakes are reported together."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from leadline.base.errors import CatalogError
from leadline.base.units import duration, plain, span
from leadline.signals.alert_names import ALERTS

from . import contexts, pricing, profiles, resolve, targets
from .model import Catalog, Cluster, Ignored, Service, Tuning
from .profiles import Profile
from .yaml_reader import Entry, Reader

TOP = (
    "project", "scrape_interval", "evaluation_interval", "retention", "links", "services",
    "references", "prices", "budget", "contexts", "kubernetes", "profiles",
    "infrastructure", "ignore", "alerts", "dashboards", "prometheus",
)  # fmt: skip
SERVICE = (
    "profile", "selector", "exclude", "instruments", "targets", "objectives", "alerts", "scales_to_zero",
)  # fmt: skip
LINKS = ("grafana", "runbooks", "prometheus")
NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def load(path: str | Path) -> Catalog:
    """Read a catalog from a file. Raise CatalogError with all mistakes."""
    path = Path(path)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise CatalogError(
            (
                f"there is no catalog {path}; write one with `leadline init --url http://YOUR-PROMETHEUS:9090`, or name it with --catalog",
            )
        ) from None
    except IsADirectoryError:
        raise CatalogError((f"{path} is a folder; name the catalog file in it with --catalog",)) from None
    except UnicodeDecodeError as error:
        raise CatalogError((f"{path} is not UTF-8 text (byte {error.start})",)) from None
    except OSError as error:
        raise CatalogError((f"{path} cannot be read: {error.strerror}",)) from None
    return parse(text, str(path))


def parse(text: str, file: str, read: Callable[[str], str] | None = None) -> Catalog:
    """Read a catalog from its text; errors call it `file`.

    `read` returns the text of a file that the catalog names; by default it reads from the catalog's folder.
    """
    reader = Reader(file)
    top = reader.table(reader.open(text), known=TOP, required=("project", "services"))
    catalog = replace(_catalog(reader, top, file, read or partial(_beside, Path(file).parent)), text=text)
    reader.finish()
    return catalog


def _beside(folder: Path, name: str) -> str:
    """Return the text of a file below the catalog's folder. Raise OSError if it is missing or a link leaves the folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise PermissionError(errno.EACCES, "a link in it leads out of the catalog's folder")
    return path.read_text("utf-8")


def _catalog(reader: Reader, top: dict[str, Entry], file: str, read: Callable[[str], str]) -> Catalog:
    scrape = (
        reader.parsed(top["scrape_interval"], partial(_interval, longest=LONGEST_SCRAPE), Decimal(15))
        if "scrape_interval" in top
        else Decimal(15)
    )
    own = _profiles(reader, top["profiles"], read) if "profiles" in top else {}
    known = {profile.name: profile for profile, _ in own.values()}
    prices = pricing.prices(reader, top["prices"]) if "prices" in top else ()
    tuning = targets.tuning(reader, top["alerts"], ALERTS, Tuning()) if "alerts" in top else Tuning()
    services = tuple(replace(service, prices=prices) for service in _services(reader, top, known, tuning))
    return Catalog(
        file=file,
        sources={path: text for path, (_, text) in own.items()},
        project=_name(reader, top["project"]) if "project" in top else "",
        scrape_interval=scrape,
        evaluation_interval=(
            reader.parsed(top["evaluation_interval"], partial(_interval, longest=LONGEST_EVALUATION), scrape)
            if "evaluation_interval" in top
            else scrape
        ),
        retention=reader.parsed(top["retention"], span, Decimal(0)) if "retention" in top else None,
        links=_links(reader, top["links"]) if "links" in top else {},
        services=services,
        references=pricing.references(reader, top["references"]) if "references" in top else (),
        prices=prices,
        tuning=tuning,
        infrastructure=pricing.infrastructure(reader, top["infrastructure"])
        if "infrastructure" in top
        else None,
        dashboards=_python_files(reader, top["dashboards"]) if "dashboards" in top else (),
        ignored=_ignored(reader, top["ignore"]) if "ignore" in top else (),
        monthly_budget_usd=pricing.budget(reader, top["budget"]) if "budget" in top else None,
        contexts=contexts.contexts(reader, top["contexts"]) if "contexts" in top else (),
        cluster=contexts.cluster(reader, top["kubernetes"]) if "kubernetes" in top else Cluster(),
        replica_labels=_replica_labels(reader, top["prometheus"]) if "prometheus" in top else (),
        remarks=tuple(f"{service.name}: {remark}" for service in services for remark in service.remarks),
    )


LONGEST_SCRAPE, LONGEST_EVALUATION = Decimal(120), Decimal(300)
"""Five-minute rates need two scrapes; Prometheus looks back five minutes for a recorded sample."""


def _interval(text: str, longest: Decimal) -> Decimal:
    seconds = duration(text)
    if not 1 <= seconds <= longest:
        raise ValueError(f"{text!r} is not between 1s and {plain(longest)}s; rates are recorded over 5m")
    if seconds != round(seconds, 3):
        raise ValueError(f"{text!r} has a fraction of a millisecond, which Prometheus does not support")
    return seconds


def _profiles(reader: Reader, entry: Entry, read: Callable[[str], str]) -> dict[str, tuple[Profile, str]]:
    """Read the catalog's own profiles; return each with its text, by file."""
    found = {}
    for place in reader.each(entry):
        name = reader.text(place)
        if not name.endswith((".yaml", ".yml")) or Path(name).is_absolute() or ".." in Path(name).parts:
            reader.fail(place, f"{name!r} must be a .yaml file in the catalog's folder, or below it")
            continue
        try:
            text = read(name)
            found[name] = (profiles.parse(text, name), text)
        except (OSError, UnicodeDecodeError, KeyError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            reader.fail(place, f"the profile {name!r} cannot be read: {reason}")
        except CatalogError as error:
            reader.mistakes += [(place.line, mistake) for mistake in error.mistakes]
    return found


def _replica_labels(reader: Reader, entry: Entry) -> tuple[str, ...]:
    """Read the labels that distinguish replicas of one Prometheus."""
    fields = reader.table(entry, known=("replica_labels",), required=("replica_labels",))
    return profiles.label_names(reader, fields["replica_labels"]) if "replica_labels" in fields else ()


def _python_files(reader: Reader, entry: Entry) -> tuple[str, ...]:
    found: list[str] = []
    for place in reader.each(entry):
        name = reader.text(place)
        if name and not name.endswith(".py"):
            reader.fail(place, f"{name!r} is not a Python file; its name must end in .py")
        elif name in found:
            reader.fail(place, f"{name!r} is named twice")
        found.append(name)
    return tuple(found)


def _name(reader: Reader, entry: Entry) -> str:
    before = len(reader.mistakes)
    name = reader.text(entry)
    is_read = len(reader.mistakes) == before
    if is_read and (not NAME.fullmatch(name) or len(name) > 63):
        reader.fail(entry, f"{name!r} must be lower-case letters, digits and dashes, at most 63")
    return name


def _links(reader: Reader, entry: Entry) -> dict[str, str]:
    return {key: contexts.url(reader, value) for key, value in reader.table(entry, known=LINKS).items()}


def _services(
    reader: Reader, top: Mapping[str, Entry], own: Mapping[str, Profile], tuning: Tuning
) -> tuple[Service, ...]:
    if "services" not in top:
        return ()
    entry = top["services"]
    table = reader.table(entry)
    if not table and entry.is_table:
        reader.fail(entry, "no service is named; the catalog needs at least one")
    return tuple(_service(reader, name, place, own, tuning) for name, place in table.items())


def _service(reader: Reader, name: str, entry: Entry, own: Mapping[str, Profile], tuning: Tuning) -> Service:
    fields = reader.table(entry, known=SERVICE, required=("profile", "selector"))
    if not NAME.fullmatch(name) or len(name) > 63:
        reader.fail(entry, f"{name!r} must be lower-case letters, digits and dashes, at most 63")
    if name == "project":
        reader.fail(
            entry, "'project' names the rules of the whole project; choose another name for the service"
        )
    profile = resolve.profile(reader, fields["profile"], own) if "profile" in fields else None
    instruments = resolve.instruments(reader, fields, profile, own) if profile else {}
    service = Service(
        name=name,
        profile=profile.name if profile else "",
        instruments=instruments,
        targets=targets.targets(reader, fields["targets"]) if "targets" in fields else (),
        objectives=targets.objectives(reader, fields["objectives"], instruments)
        if "objectives" in fields
        else (),
        tuning=targets.tuning(reader, fields["alerts"], ALERTS, tuning) if "alerts" in fields else tuning,
        missing={
            **{key: why for key, why in profile.missing.items() if key not in instruments},
            **resolve.left_out(reader, fields),
        }
        if profile
        else {},
        notes=profile.remarks if profile else (),
        line=entry.line,
        scales_to_zero="scales_to_zero" in fields and reader.flag(fields["scales_to_zero"]),
    )
    return replace(service, remarks=_remarks(service))


def _remarks(service: Service) -> tuple[str, ...]:
    """Return remarks on what cannot be generated, and why."""
    latency = service.instruments.get("latency")
    if latency and latency.kind == "summary":
        return (f"{latency.metric} is a summary, so it has no quantiles, shares or latency alerts",)
    if latency and latency.scale != 1 and not latency.buckets:
        unknown = "bucket edges of the latency histogram are not known, so they cannot be written in seconds, and are not recorded"
        return (f"{unknown}; write them under instruments.latency.buckets",)
    if latency and latency.native:
        return (
            f"{latency.metric} is a native histogram: the share within a threshold is interpolated inside its buckets, not counted",
        )
    if latency and not latency.buckets:
        unknown = "bucket edges of the latency histogram are not known, so no latency alert is generated"
        return (f"{unknown}; write them under instruments.latency.buckets",)
    return ()


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
