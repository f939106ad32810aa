"""Options that several commands share, and the lookups behind them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from leadline.base.errors import UsageError

if TYPE_CHECKING:
    from leadline.catalog.model import Catalog, Service

T = TypeVar("T")
DEFAULT_FILE = "leadline.yaml"

catalog_option = click.option(
    "-c",
    "--catalog",
    "catalog_file",
    type=click.Path(path_type=Path),
    default=DEFAULT_FILE,
    envvar="LEADLINE_CATALOG",
    show_default=True,
    show_envvar=True,
    help="The catalog file.",
)

python_option = click.option(
    "--python/--no-python",
    default=True,
    show_default=True,
    envvar="LEADLINE_PYTHON",
    show_envvar=True,
    help="Run the Python files that the catalog lists under dashboards: as you, in a process that sees only PATH, HOME and LANG. "
    "This is not a sandbox. --no-python omits their dashboards.",
)


def without_python(catalog: Catalog, python: bool) -> Catalog:
    """Return a catalog, without its Python dashboards if those may not run."""
    if python:
        return catalog
    from dataclasses import replace

    return replace(catalog, dashboards=())


def services(catalog: Catalog, names: Iterable[str]) -> tuple[Service, ...]:
    """Return the services named, or all."""
    known = {service.name: service for service in catalog.services}
    picked = dict.fromkeys(names)
    return tuple(chosen(name, known, "service", catalog.file) for name in picked) or catalog.services


def chosen(name: str, known: dict[str, T], kind: str, file: str) -> T:
    """Look up a name. Raises UsageError with the closest name if it is unknown."""
    if name in known:
        return known[name]
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
    raise UsageError(f"{file} has no {kind} {name!r}; {hint}")
