"""`leadline alerts`: what is pending and firing, since when, and why."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import click

from cli.connections import Connection, connected
from signals.printable import printable
from signals.units import show

STATES = {"firing": "✗", "pending": "?"}
SEVERITIES = ("critical", "warning", "info")
TOLD = ("alertname", "severity")
Json = Mapping[str, Any]


@click.command("alerts")
@connected
@click.option(
    "--service", "names", multiple=True, help="Only alerts of this service; may be given several times."
)
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only alerts of this severity.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(connection: Connection, names: tuple[str, ...], severity: str | None, output: str) -> int:
    """List the alerts that are pending or firing, the gravest first: since when, with which value, and their runbooks.

    Exits 1 where one fires. Whom Alertmanager tells, and what it silences, is not seen here.

    \b
    Examples:
      leadline alerts --url http://127.0.0.1:9090
      leadline alerts --severity critical -o json
    """
    with connection.open() as prometheus:
        active = [each for each in prometheus.active_alerts() if _is_wanted(each, names, severity)]
        limits = dict(_limits(prometheus.rule_groups())) if active else {}
        where = prometheus.url
    active.sort(key=_gravity)
    if output == "json":
        click.echo(json.dumps(active, indent=2))
    else:
        for line in _lines(active, limits, where):
            click.echo(printable(line))
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


def _limits(groups: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Give of each alert the limit that its expression compares with, where that is one number."""
    from checks import tree

    for group in groups:
        for rule in group.get("rules", ()):
            if rule.get("type") != "alerting":
                continue
            try:
                node = tree.bare(tree.parse(str(rule.get("query", ""))))
            except ValueError:
                continue
            if tree.is_binary(node, *tree.COMPARISONS) and tree.is_number(tree.bare(node.rhs)):
                yield str(rule["name"]), f"{node.op} {tree.bare(node.rhs).val:g}"


def _lines(active: list[dict[str, Any]], limits: Mapping[str, str], where: str) -> Iterator[str]:
    from reports.aligned import table

    if not active:
        yield f"no alert is pending or firing in {where}"
        return
    rows = [_row(each, limits) for each in active]
    yield from table(("", "alert", "severity", "since", "value", "labels"), rows, indent="")
    seen = dict.fromkeys(
        (str(each["labels"].get("alertname")), str(each.get("annotations", {}).get("runbook_url") or ""))
        for each in active
    )
    links = [(name, url) for name, url in seen if url]
    if links:
        yield ""
        yield from table((), links, indent="")


def _row(alert: Json, limits: Mapping[str, str]) -> tuple[str, ...]:
    labels = alert["labels"]
    name = str(labels.get("alertname", ""))
    rest = ", ".join(f"{key}={value}" for key, value in sorted(labels.items()) if key not in TOLD)
    return (
        f"{STATES.get(alert['state'], '?')} {alert['state']}",
        name,
        str(labels.get("severity", "–")),
        _since(str(alert.get("activeAt", ""))),
        " ".join(filter(None, (_value(str(alert.get("value", ""))), limits.get(name, "")))),
        rest,
    )


def _value(text: str) -> str:
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text


def _since(text: str) -> str:
    from datetime import datetime

    try:
        begun = datetime.fromisoformat(text).timestamp()
    except ValueError:
        return "–"
    return f"{ago(time.time() - begun)}"


def ago(seconds: float) -> str:
    """Write how long something has been so, in its largest unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return show(max(0.0, seconds), "seconds")
