"""Custom dashboards in Python: panels of the catalog's signals or any PromQL, laid out without coordinates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from leadline.base.errors import UsageError
from leadline.base.units import plain
from leadline.catalog.model import Catalog, Service, Target
from leadline.catalog.yaml_reader import nearest
from leadline.signals.formulas import FORMULAS, Formula, missing
from leadline.signals.links import dashboard_uid

from . import colors
from .model import Dashboard, Panel, Query, Step
from .model import row as heading
from .validate import wrong

FOLDER = "dashboards"
"""The end of the uid of a project's folder."""
WINDOW = "$__rate_interval"
"""The window of rates, chosen by Grafana for the screen width and the scrape interval."""
UNITS = {
    "seconds": "s",
    "ratio": "percentunit",
    "requests_per_second": "reqps",
    "concurrent": "short",
    "tokens_per_second": "short",
    "usd": "currencyUSD",
    "usd_per_hour": "currencyUSD",
    "usd_per_month": "currencyUSD",
}
"""Grafana's names of the signals' units."""


def dashboard(
    catalog: Catalog,
    key: str,
    title: str,
    description: str,
    *panels: Panel,
    variables: tuple[str, ...] = (),
) -> Dashboard:
    """Return a dashboard of a project.

    key        permanent name within the project, from which the uid is made: lower-case letters, digits and dashes
    variables  `service`, `route` or both, if its queries use $service or $route

    Raise UsageError for an invalid key, or an argument that is not a panel.
    """
    if not isinstance(key, str) or not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", key) or key == FOLDER:
        raise UsageError(
            f"{key!r} is not a dashboard key; write lower-case letters, digits and dashes, but not {FOLDER!r}"
        )
    for each in panels:
        if not isinstance(each, Panel):
            raise UsageError(
                f"{each!r} is not a panel; give panel(…), signal_panel(…), row(…) or text(…), not a list of them"
            )
    return Dashboard(
        topic=key,
        uid=dashboard_uid(catalog.project, key),
        title=f"{catalog.project} / {title}",
        description=description,
        project=catalog.project,
        panels=tuple(_named(key, panels)),
        variables=variables,
    )


def row(title: str) -> Panel:
    """Return a heading for the panels that follow."""
    return heading("", title)


def text(title: str, markdown: str, *, width: int = 24, height: int = 4) -> Panel:
    """Return a text panel in Grafana's Markdown."""
    return _validated(
        Panel(key="", title=title, description=markdown, kind="text", width=width, height=height)
    )


def panel(title: str, description: str, *queries: Query | str, **settings: Any) -> Panel:
    """Return a panel of PromQL.

    description  what it shows, why it matters, what is normal
    queries      `Query(expr=…, legend=…)`, or a plain expression
    settings     fields of `Panel`: kind, unit, width, height, stacked, least, most, steps, colors, labels, sort, links

    The panel's id is made from its title, or from `key` if given, so that the title may change. Raise UsageError for an
    unknown setting.
    """
    unknown = sorted(set(settings) - set(Panel.__dataclass_fields__))
    if unknown:
        raise UsageError(
            f"panel {title!r}: a panel has no {unknown[0]!r}{nearest(unknown[0], Panel.__dataclass_fields__)}"
        )
    asked = tuple(each if isinstance(each, Query) else Query(expr=each) for each in queries)
    return _validated(
        Panel(**{"key": "", **settings, "title": title, "description": description, "queries": asked})
    )


def _validated(found: Panel) -> Panel:
    """Validate a panel here, where the error shows the user's line."""
    mistakes = [f"panel {found.title!r}: {mistake}" for mistake in wrong(found)]
    if mistakes:
        raise UsageError("; ".join(mistakes))
    return found


def signal(service: Service, name: str, *, by: tuple[str, ...] = (), legend: str = "") -> Query:
    """Return the query of a service's signal, like `leadline signal`, at screen resolution, split by labels.

    Raise UsageError for an unknown signal, or one that the service cannot compute.
    """
    formula = _formula(name, by)
    reason = missing(formula, service.instruments, service.missing, by)
    if reason:
        raise UsageError(f"{name} of {service.name}: {reason}")
    written = formula.write(dict(service.instruments), WINDOW, by)
    return Query(expr=written, legend=legend or " ".join(f"{{{{{label}}}}}" for label in by) or name)


def target(service: Service, name: str) -> tuple[Query, ...]:
    """Return a signal's target as a dashed line; nothing if the catalog has none."""
    found = _target(service, name)
    return (Query(expr=f"vector({plain(found.value)})", legend="target", line=True),) if found else ()


def signal_panel(service: Service, name: str, *, by: tuple[str, ...] = (), **settings: Any) -> Panel:
    """Return a panel of a service's signal with its target; a text panel if the service lacks the instruments.

    settings  fields of `Panel`, as in `panel`; title and description have defaults

    Raise UsageError for an unknown signal.
    """
    formula = _formula(name, by)
    found = _target(service, name)
    what = f"{formula.about[0].upper()}{formula.about[1:]} of {service.name}."
    settings = {
        "title": f"{service.name}: {name}" + (f" by {', '.join(by)}" if by else ""),
        "description": f"{what} {'Normal is within the dashed target.' if found else 'Normal changes slowly, or with the traffic.'}",
        "unit": UNITS[formula.unit],
        **settings,
    }
    title, description = settings.pop("title"), settings.pop("description")
    reason = missing(formula, service.instruments, service.missing, by)
    if reason:
        return replace(
            text(title, f"Not measured: {reason}", height=settings.get("height", 8)),
            width=settings.get("width", 12),
        )
    if settings.get("kind", "timeseries") != "timeseries":
        steps = {"steps": _steps(found)} if found else {}
        return panel(title, description, signal(service, name, by=by), **{**steps, **settings})
    return panel(title, description, signal(service, name, by=by), *target(service, name), **settings)


def _formula(name: str, by: tuple[str, ...]) -> Formula:
    if name not in FORMULAS:
        raise UsageError(
            f"there is no signal {name!r}; `leadline signals` lists them{nearest(name, FORMULAS)}"
        )
    formula = FORMULAS[name]
    if isinstance(by, str) or not all(label in formula.by for label in by):
        raise UsageError(f"{name} can be split by a tuple of {formula.by or 'no labels'}, not by {by!r}")
    return formula


def _target(service: Service, name: str) -> Target | None:
    return next((each for each in service.targets if each.signal == name), None)


def _steps(found: Target) -> tuple[Step, ...]:
    below, above = (colors.BAD, colors.GOOD) if found.floor else (colors.GOOD, colors.BAD)
    return (Step(None, below), Step(float(found.value), above))


def _named(key: str, panels: tuple[Panel, ...]) -> Iterator[Panel]:
    """Yield panels with a key within their dashboard, by default from the title."""
    for each in panels:
        slug = re.sub(r"[^a-z0-9]+", "-", each.title.lower()).strip("-")
        yield replace(each, key=f"{key}.{each.key or slug}")
