"""Dashboards as values: what is shown, in which order; `panels` turns them into Grafana's JSON."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One PromQL expression and the legend of what it returns; `line` marks a target, drawn dashed."""

    expr: str
    legend: str
    line: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel.

    key          names it within its dashboard for ever: the panel's id is made from it
    kind         timeseries | stat | text
    unit         Grafana's name: s, reqps, percentunit, currencyUSD, short, none
    queries      what is asked; empty for a text
    needs        the instruments that it reads; where no service has them the panel says so
    description  what it shows, why it matters, what is normal; of a text, the text itself
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """One dashboard of a project; `variables` are those of service and route that it offers."""

    topic: str
    uid: str
    title: str
    description: str
    project: str
    panels: tuple[Panel, ...]
    variables: tuple[str, ...] = ("service", "route")
