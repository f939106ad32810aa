"""Dashboards as values; `panels` turns them into Grafana's JSON."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("timeseries", "stat", "gauge", "bargauge", "table", "heatmap", "text", "row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A PromQL expression and its legend; `line` marks a target, drawn dashed.

    unit   unit of a table column, if it differs from the panel's
    steps  thresholds of a table column
    """

    expr: str
    legend: str = ""
    line: bool = False
    unit: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A colour from a value upwards; the first step starts at None, which is minus infinity."""

    value: float | None
    color: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link; `url` may contain Grafana variables."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel.

    key          permanent name within its dashboard, from which the panel's id is made
    kind         one of KINDS
    unit         Grafana's unit: s, reqps, percentunit, currencyUSD, short, none
    queries      empty for a text and a row
    needs        instruments that it reads; if no service has them, a text replaces the panel
    description  what it shows, why it matters, what is normal; for a text, the text itself
    least, most  fixed ends of the axis; None for automatic
    steps        thresholds: colours by value, drawn as lines in a time series
    colors       colours by legend, as (regular expression, colour)
    labels       table: labels that identify its rows, in order
    hidden       table: hidden columns that links read
    sort         table: column to sort by, largest first; with a "-" prefix, smallest first
    links        table: links of its first label; other kinds: links of the title
    """

    key: str
    title: str
    description: str
    kind: str = "timeseries"
    unit: str = "short"
    queries: tuple[Query, ...] = ()
    needs: tuple[str, ...] = ()
    width: int = 12
    height: int = 8
    stacked: bool = False
    least: float | None = 0
    most: float | None = None
    steps: tuple[Step, ...] = ()
    colors: tuple[tuple[str, str], ...] = ()
    labels: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    sort: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A dashboard of a project.

    variables    the variables it offers, of service and route
    annotations  marks on its time axes; a query's legend is the text
    links        links to other pages
    """

    topic: str
    uid: str
    title: str
    description: str
    project: str
    panels: tuple[Panel, ...]
    variables: tuple[str, ...] = ("service", "route")
    annotations: tuple[Query, ...] = ()
    links: tuple[Link, ...] = ()


def row(key: str, title: str) -> Panel:
    """Return a heading for the panels that follow."""
    return Panel(key=key, title=title, description="", kind="row", width=24, height=1)
