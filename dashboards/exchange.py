"""Dashboards as plain values, to pass them between processes without executing code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from leadline.base.errors import CatalogError

from .model import Dashboard, Link, Panel, Query, Step

T = TypeVar("T")


def written(dashboard: Dashboard) -> dict[str, Any]:
    """Return a dashboard as JSON-ready values."""
    return asdict(dashboard)


def read(found: Any, name: str) -> Dashboard:
    """Read the result of `written`. Raise CatalogError for anything else; `name` is the file that built it."""
    try:
        return _dashboard(found)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise CatalogError((f"{name}: the result is not a dashboard ({error})",)) from None


def _dashboard(found: Mapping[str, Any]) -> Dashboard:
    return _of(Dashboard, found, panels=_panel, annotations=_query, links=_link, variables=str)


def _panel(found: Mapping[str, Any]) -> Panel:
    return _of(
        Panel,
        found,
        queries=_query,
        steps=_step,
        links=_link,
        needs=str,
        labels=str,
        hidden=str,
        colors=_pair,
    )


def _query(found: Mapping[str, Any]) -> Query:
    return _of(Query, found, steps=_step)


def _step(found: Mapping[str, Any]) -> Step:
    return _of(Step, found)


def _link(found: Mapping[str, Any]) -> Link:
    return _of(Link, found)


def _pair(found: Any) -> tuple[str, str]:
    expression, color = found
    return str(expression), str(color)


def _of(kind: type[T], found: Mapping[str, Any], **lists: Callable[[Any], Any]) -> T:
    """Build a dataclass from a mapping: convert tuples item by item, and keep the rest."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := set(found) - known:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    return kind(
        **{key: tuple(map(lists[key], value)) if key in lists else value for key, value in found.items()}
    )
