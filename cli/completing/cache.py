"""The completion cache under XDG_CACHE_HOME: names of metrics, services and contexts."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leadline.prometheus.client import Prometheus

FRESH_SECONDS = 300
"""How long metric names are cached."""
FAILED_SECONDS = 30
"""How long a server that did not answer is not queried again."""
TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The names in a catalog and the user's own file."""

    services: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()


def of_catalog(catalog_file: Path) -> Named:
    """Return the names of services and contexts; read them again if one of the two files changed."""
    from leadline.catalog.context_file import user_file

    file = _folder() / f"catalog-{_key(*map(_state, (catalog_file, user_file())))}.json"
    found = _read(file)
    if found is None:
        found = _from_files(catalog_file)
        _write(file, found)
    return Named(services=tuple(found["services"]), contexts=tuple(found["contexts"]))


def _from_files(catalog_file: Path) -> dict[str, list[str]]:
    from leadline.catalog import loader
    from leadline.catalog.context_file import known

    if not catalog_file.is_file():
        return {"services": [], "contexts": list(known((), "").contexts)}
    catalog = loader.load(catalog_file)
    return {
        "services": [service.name for service in catalog.services],
        "contexts": list(known(catalog.contexts, catalog.file).contexts),
    }


def metrics(catalog_file: Path, url: str | None, context_name: str | None) -> tuple[str, ...]:
    """Return the metric names of the server that a command would query, at most five minutes old.

    If the server does not answer within a second, return the previous names, or none. A server behind a tunnel, or of a catalog
    that the user has not trusted (`leadline context trust`), is never queried: return what `leadline metrics` saw last.
    """
    return _cached(
        catalog_file, url, context_name, "", lambda prometheus: prometheus.label_values("__name__")
    )


def labels(
    catalog_file: Path, url: str | None, context_name: str | None, metric: str, label: str
) -> tuple[str, ...]:
    """Return the labels of a metric, or of all if none is named; or the values of one label. See `metrics`."""

    def ask(prometheus: Prometheus) -> Sequence[str]:
        return prometheus.label_values(label, metric) if label else prometheus.label_names(metric)

    return _cached(catalog_file, url, context_name, f"{metric} {label}", ask)


def _cached(
    catalog_file: Path,
    url: str | None,
    context_name: str | None,
    what: str,
    ask: Callable[[Prometheus], Sequence[str]],
) -> tuple[str, ...]:
    file = _place(catalog_file, url, context_name, what)
    found = _read(file) or {"names": [], "until": 0.0}
    if time.time() >= found["until"]:
        names = _fetch(catalog_file, url, context_name, ask)
        found = {
            "names": found["names"] if names is None else names,
            "until": time.time() + (FAILED_SECONDS if names is None else FRESH_SECONDS),
        }
        _write(file, found)
    return tuple(found["names"])


def remember(catalog_file: Path, url: str | None, context_name: str | None, names: Iterable[str]) -> None:
    """Cache the metric names that another command has just seen."""
    found = {"names": sorted(names), "until": time.time() + FRESH_SECONDS}
    _write(_place(catalog_file, url, context_name), found)


def _fetch(
    catalog_file: Path,
    url: str | None,
    context_name: str | None,
    ask: Callable[[Prometheus], Sequence[str]],
) -> list[str] | None:
    from leadline.base.errors import LeadlineError

    from ..connections import Connection

    connection = Connection(
        catalog_file=catalog_file, url=url, context_name=context_name, timeout=TIMEOUT_SECONDS
    )
    try:
        if connection.needs_tunnel() or not connection.is_trusted():
            return None
        with connection.open() as prometheus:
            return list(ask(prometheus))
    except LeadlineError:
        return None


def _place(catalog_file: Path, url: str | None, context_name: str | None, what: str = "") -> Path:
    from leadline.catalog.context_file import user_file

    about = (url,) if url else (context_name or "", *map(_state, (catalog_file, user_file())))
    return _folder() / f"metrics-{_key(*about, what)}.json"


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "leadline" / "completion"


def _state(file: Path) -> str:
    try:
        found = file.stat()
    except OSError:
        return str(file.absolute())
    return f"{file.absolute()} {found.st_mtime_ns} {found.st_size}"


def _key(*parts: str) -> str:
    from hashlib import sha256

    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def _read(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write(file: Path, found: object) -> None:
    """Write a cache file; ignore failures."""
    from leadline.base.errors import UsageError
    from leadline.base.files import replaced

    with contextlib.suppress(OSError, UsageError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replaced(file, json.dumps(found), private=True)
