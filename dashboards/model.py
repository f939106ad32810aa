"""Dashboards as values: what is shown, in which order; `panels` turns them into Grafana's JSON."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("timeseries", "stat", "gauge", "bargauge", "table", "heatmap", "text", "row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One PromQL expression and the legend of what it returns; `line` marks a target, drawn dashed.

    unit   of a table's column, where it differs from the panel's
    steps  of a table's column: colours by value
    """

    expr: str
    legend: str = ""
    line: bool = False
    unit: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """From a value on, a colour; the first step begins at None, which is minus infinity."""

    value: float | None
    color: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where a click leads; `url` may hold Grafana's variables."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel.

    key          names it within its dashboard for ever: the panel's id is made from it
    kind         one of KINDS
    unit         Grafana's name: s, reqps, percentunit, currencyUSD, short, none
    queries      what is asked; empty for a text and a row
    needs        the instruments that it reads; where no service has them the panel says so
    description  what it shows, why it matters, what is normal; of a text, the text itself
    least, most  ends of the axis, where they are fixed
    steps        thresholds: colours by value; of a time series, lines
    colors       colours by legend, as (regular expression, colour)
    labels       of a table: the labels that its rows are told apart by, in order
    hidden       of a table: columns that links read, and nobody need see
    sort         of a table: the column that it is sorted by, largest first; with "-" before it, smallest first
    links        of a table: where a click on its first label leads; of others, a click on the panel's title
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
    """One dashboard of a project.

    variables    those of service and route that it offers
    annotations  what is marked on its time axes; of each query the legend is the text
    links        pages elsewhere that it leads to
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
    """Return a heading under which the panels that follow stand."""
    return Panel(key=key, title=title, description="", kind="row", width=24, height=1)
