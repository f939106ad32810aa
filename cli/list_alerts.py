"""`leadline alerts`: pending and firing alerts, since when, and why."""

from __future__ import annotations

import json
import operator
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import click

from leadline.base.printable import shortened
from leadline.base.units import show

from .connection_options import connected
from .connections import Connection
from .terminal import WIDEST, columns, say

STATES = {"firing": "✗", "pending": "?"}
SEVERITIES = ("critical", "warning", "info")
OWN_COLUMNS = ("alertname", "severity")
LONGEST_LINK = 400
"""Maximum characters of a runbook's URL."""
Json = Mapping[str, Any]
Limits = tuple[tuple[str, float], ...]
"""Comparisons that may have raised an alert, as (operator, number)."""


class Compared(NamedTuple):
    """An alerting rule: its name, the labels it sets, and the limits of its value."""

    name: str
    labels: Mapping[str, str]
    limits: Limits


HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@click.command("alerts")
@connected
@click.option("--service", "names", multiple=True, help="Only alerts of this service; repeatable.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only alerts of this severity.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(connection: Connection, names: tuple[str, ...], severity: str | None, output: str) -> int:
    """List pending and firing alerts, most severe first: since when, with which value, and their runbooks.

    Exits 1 if one is firing. Alertmanager's routing and silences are not considered.

    \b
    Examples:
      leadline alerts --url http://127.0.0.1:9090
      leadline alerts --severity critical -o json
    """
    with connection.open() as prometheus:
        active = [each for each in prometheus.active_alerts() if _is_wanted(each, names, severity)]
        groups = prometheus.rule_groups()
        where = prometheus.url
    limits = tuple(_limits(groups))
    active.sort(key=_gravity)
    if output == "json":
        click.echo(json.dumps(active, indent=2))
    else:
        say(_lines(active, limits) if active else [_none(groups, where, chosen=bool(names or severity))])
    return 1 if any(each["state"] == "firing" for each in active) else 0


def _is_wanted(alert: Json, names: tuple[str, ...], severity: str | None) -> bool:
    labels = alert["labels"]
    return (not names or labels.get("service") in names) and (
        severity is None or labels.get("severity") == severity
    )


def _gravity(alert: Json) -> tuple[bool, int, str]:
    severity = str(alert["labels"].get("severity", ""))
    rank = SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
    return (alert["state"] != "firing", rank, str(alert.get("activeAt", "")))


def _limits(groups: list[dict[str, Any]]) -> Iterator[Compared]:
    """Return the limits of each alerting rule."""
    from leadline.lint import tree
    from leadline.lint.alerting import conditions

    for group in groups:
        for rule in group.get("rules", ()):
            if rule.get("type") != "alerting":
                continue
            try:
                node = tree.parse(str(rule.get("query", "")))
            except ValueError:
                continue
            yield Compared(str(rule["name"]), dict(rule.get("labels") or {}), tuple(conditions(node)))


def _of(alert: Json, limits: Sequence[Compared]) -> Limits:
    """Return the limits of the rule that raised an alert; none if several rules may have."""
    labels = alert["labels"]
    named = [each for each in limits if each.name == labels.get("alertname")]
    meant = [each for each in named if all(labels.get(key) == value for key, value in each.labels.items())]
    found = meant or named
    return found[0].limits if len(found) == 1 else ()


def _met(text: str, limits: Limits) -> str:
    """Return the closest limit that a value exceeds; empty if there is none, or it is not a number."""
    try:
        value = float(text)
    except ValueError:
        return ""
    met = [(sign, number) for sign, number in limits if HOLDS[sign](value, number)]
    sign, number = min(met, key=lambda each: abs(value - each[1]), default=("", 0.0))
    return f"{sign} {number:g}" if sign else ""


def _none(groups: list[dict[str, Any]], where: str, *, chosen: bool) -> str:
    """Report that nothing is pending or firing, and of how many rules: without rules it means nothing."""
    count = sum(rule.get("type") == "alerting" for group in groups for rule in group.get("rules", ()))
    if not count:
        return f"{where} has no alerting rules, so nothing can be pending or firing (VictoriaMetrics keeps its rules in vmalert)"
    of = f"{count} alerting rule{'' if count == 1 else 's'} in {where}"
    return (
        f"no matching alert is pending or firing; {of}" if chosen else f"nothing is pending or firing; {of}"
    )


def _lines(active: list[dict[str, Any]], limits: Sequence[Compared]) -> Iterator[str]:
    from leadline.base.text_table import table

    rows = [_row(each, limits) for each in active]
    yield from table(("", "alert", "severity", "since", "value", "labels"), rows, indent="", room=columns())
    seen = dict.fromkeys(
        (str(each["labels"].get("alertname")), str(each.get("annotations", {}).get("runbook_url") or ""))
        for each in active
    )
    links = [(shortened(name, WIDEST), shortened(url, LONGEST_LINK)) for name, url in seen if url]
    if links:
        yield ""
        yield from table((), links, indent="")


def _row(alert: Json, limits: Sequence[Compared]) -> tuple[str, ...]:
    labels = alert["labels"]
    name, value = str(labels.get("alertname", "")), str(alert.get("value", ""))
    rest = ", ".join(
        f"{shortened(str(key), WIDEST)}={shortened(str(each), WIDEST)}"
        for key, each in sorted(labels.items())
        if key not in OWN_COLUMNS
    )
    return (
        f"{STATES.get(alert['state'], '?')} {alert['state']}",
        shortened(name, WIDEST),
        shortened(str(labels.get("severity", "–")), WIDEST),
        _since(str(alert.get("activeAt", ""))),
        " ".join(filter(None, (_value(value), _met(value, _of(alert, limits))))),
        rest,
    )


def _value(text: str) -> str:
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return shortened(text, WIDEST)


def _since(text: str) -> str:
    from datetime import datetime

    try:
        begun = datetime.fromisoformat(text).timestamp()
    except ValueError:
        return "–"
    return f"{ago(time.time() - begun)}"


def ago(seconds: float) -> str:
    """Return a duration in its largest unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return show(max(0.0, seconds), "seconds")
