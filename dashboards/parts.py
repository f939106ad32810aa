"""Shared parts of the topic dashboards: the series they read, and target lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from leadline.catalog.model import Catalog, Service
from leadline.signals import latency, series_names
from leadline.signals.promql import Matcher, select
from leadline.signals.scope import Scope

from .model import Link, Panel, Query

MOST_QUERIES = 26
"""Maximum queries of a panel, named A to Z."""
MOST_ROWS = 16
"""Maximum height of a table, in grid units of about one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The data that a topic's panels show.

    services  all services of the catalog
    where     matches the project's series of the services selected in Grafana
    routed    the same, restricted to the selected routes
    """

    scope: Scope
    services: tuple[Service, ...]
    where: tuple[Matcher, ...]
    routed: tuple[Matcher, ...]

    @classmethod
    def of(cls, catalog: Catalog) -> View:
        scope = catalog.scope()
        where = (*scope.matchers(), Matcher("service", "=~", "$service"))
        routed = (*where, Matcher("route", "=~", "$route"))
        return cls(scope=scope, services=catalog.services, where=where, routed=routed)

    def measuring(self, instrument: str) -> list[Service]:
        """Return the services for which an instrument's signals are recorded."""
        return [service for service in self.services if instrument in service.measures]


def target_lines(view: View, *signals: str) -> tuple[Query, ...]:
    """Return dashed lines for each service's targets of these signals, if there are any."""
    stated = {target.signal for service in view.services for target in service.targets}
    return tuple(
        Query(
            expr=select(series_names.TARGET, (*view.where, Matcher("signal", "=", signal))),
            legend=f"{{{{service}}}} target {signal}",
            line=True,
        )
        for signal in signals
        if signal in stated
    )


def has_classic(services: Iterable[Service]) -> bool:
    """Return whether the latency buckets of any service are recorded."""
    found = (service.instruments.get("latency") for service in services)
    return any(each.knows_buckets for each in found if each)


def has_native(services: Iterable[Service]) -> bool:
    """Return whether the latency of any service is recorded as a native histogram."""
    found = (service.instruments.get("latency") for service in services)
    return any(each.native and each.scale == 1 for each in found if each)


def quantile(
    services: Sequence[Service], rank: Decimal, where: tuple[Matcher, ...], by: tuple[str, ...]
) -> str:
    """Estimate a quantile from classic or native histograms, split by labels.

    Only classic ones can be split by route.
    """
    kinds = []
    if has_classic(services) or not has_native(services) or "route" in by:
        kinds.append(latency.quantile_estimate(rank, where, by))
    if has_native(services) and "route" not in by:
        whole = tuple(matcher for matcher in where if matcher.label != "route")
        kinds.append(latency.native_estimate(rank, whole, by))
    return "\nor\n".join(kinds)


def alerts_firing(scope: Scope, service: Matcher | None = None) -> Query:
    """Return an annotation of firing alerts, of the selected services or of one."""
    of = service or Matcher("service", "=~", "$service|")
    where = (*scope.matchers(), of)
    return Query(expr=series_names.firing(where), legend="{{alertname}} {{service}} {{objective}}")


def footer(key: str, service: str = "") -> Panel:
    """Return a panel with the command for exact figures of the visible time range."""
    command = " ".join(filter(None, ("leadline snapshot", service)))
    return Panel(
        key=f"{key}.footer",
        title="Exact figures of this time range",
        description=(
            "Panels estimate at screen resolution; a snapshot counts and gives exact bounds:\n\n"
            f"    {command} --start ${{__from:date:iso}} --end ${{__to:date:iso}}"
        ),
        kind="text",
        width=24,
        height=4,
    )


def runbooks(catalog: Catalog) -> tuple[Link, ...]:
    """Return a link to the runbooks, if the catalog has one."""
    link = catalog.links.get("runbooks", "")
    page = link.partition("{alert}")[0].replace("{service}", catalog.project)
    return (Link(title="Runbooks", url=page),) if page else ()


def measured(view: View, panels: tuple[Panel, ...]) -> tuple[Panel, ...]:
    """Replace every panel whose instruments no service has with a text."""
    return tuple(panel if _can_be_drawn(view, panel) else _not_measured(view, panel) for panel in panels)


def _can_be_drawn(view: View, panel: Panel) -> bool:
    return any(set(panel.needs) <= service.measures for service in view.services)


def _not_measured(view: View, panel: Panel) -> Panel:
    lines = [f"**{panel.title}** is not measured.", ""]
    for service in view.services:
        for name in panel.needs:
            if name not in service.measures:
                why = service.missing.get(name, "the profile has no such instrument")
                lines.append(f"- {service.name} ({service.profile}) lacks the instrument `{name}`: {why}")
    return replace(panel, kind="text", description="\n".join(lines), queries=())
