"""What the topics' panels have in common: which series they read, and the lines that targets draw."""

from __future__ import annotations

from dataclasses import replace

from dashboards.model import Panel, Query
from signals import recorded
from signals.catalog import Catalog
from signals.promql import Matcher, select


def chosen(catalog: Catalog, *, route: bool = True) -> tuple[Matcher, ...]:
    """Match the project's series of the chosen services and, where they have one, routes."""
    service = (*recorded.owner(catalog.project), Matcher("service", "=~", "$service"))
    return (*service, Matcher("route", "=~", "$route")) if route else service


def target_lines(catalog: Catalog, *signals: str) -> tuple[Query, ...]:
    """Draw each service's own target of these signals, where the catalog has any."""
    stated = {target.signal for service in catalog.services for target in service.targets}
    where = chosen(catalog, route=False)
    return tuple(
        Query(
            expr=select(recorded.TARGET, (*where, Matcher("signal", "=", signal))),
            legend=f"{{{{service}}}} target {signal}",
            line=True,
        )
        for signal in signals
        if signal in stated
    )


def measured(catalog: Catalog, panels: tuple[Panel, ...]) -> tuple[Panel, ...]:
    """Put a text in the place of every panel that no service of the catalog has the instruments for."""
    return tuple(
        panel if _can_be_drawn(catalog, panel) else _not_measured(catalog, panel) for panel in panels
    )


def _can_be_drawn(catalog: Catalog, panel: Panel) -> bool:
    return any(set(panel.needs) <= service.measures for service in catalog.services)


def _not_measured(catalog: Catalog, panel: Panel) -> Panel:
    lines = [f"**{panel.title}** is not measured.", ""]
    for service in catalog.services:
        for name in panel.needs:
            if name not in service.measures:
                why = service.missing.get(name, "the profile has no such instrument")
                lines.append(f"- {service.name} ({service.profile}) lacks the instrument `{name}`: {why}")
    return replace(panel, kind="text", description="\n".join(lines), queries=())
