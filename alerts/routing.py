"""Example Alertmanager configuration: routes for pages and tickets, and inhibitions."""

from __future__ import annotations

from typing import Any

from leadline.catalog.model import Catalog
from leadline.catalog.yaml_writer import write
from leadline.signals.alert_names import (
    BURNING,
    MONTH_NEARLY_SPENT,
    MONTH_PROJECTED,
    MONTH_SPENT,
    SERVICE_DOWN,
    SERVICE_VANISHED,
    SLOW,
)
from leadline.signals.burn import PAGE
from leadline.signals.promql import Matcher, one_of

PAGES, TICKETS, NONE, SWITCH = (
    "leadline-pages",
    "leadline-tickets",
    "leadline-none",
    "leadline-dead-mans-switch",
)
INFO = "info"
HEAD = """\
# An example for Alertmanager: merge the route, the inhibitions and the receivers into your own configuration.
# Replace the receivers with yours: a pager for pages, an issue tracker or a channel for tickets.
#
# The dead man's switch catches a Prometheus that stops evaluating rules, which no rule can detect: an external monitoring service alerts
# you when its URL is not called for some minutes. kube-prometheus-stack has the alert that always fires; elsewhere add this rule:
#   - {alert: Watchdog, expr: vector(1), labels: {severity: none}}
"""


def example(catalog: Catalog) -> str:
    """Write the example for the alerts of a catalog's project."""
    receivers: list[dict[str, Any]] = [
        {"name": PAGES, "webhook_configs": [{"url": "https://pager.example.com/hook"}]},
        {"name": TICKETS, "webhook_configs": [{"url": "https://tickets.example.com/hook"}]},
        {"name": NONE},
        {
            "name": SWITCH,
            "webhook_configs": [{"url": "https://dead-mans-switch.example.com/ping", "send_resolved": False}],
        },
    ]
    made = configuration(catalog, receivers)
    made["route"]["routes"].insert(0, _watchdog())
    first, _, rest = write(made).partition("\n")
    return f"{first}\n{HEAD}{rest}"


def configuration(
    catalog: Catalog, receivers: list[dict[str, Any]], *, quickly: str = "", repeat: str = ""
) -> dict[str, Any]:
    """Return a complete configuration; `quickly` and `repeat` override the group and repeat intervals."""
    return {
        "route": {
            "receiver": NONE,
            "routes": [_route(catalog.project, quickly, repeat)],
        },
        "inhibit_rules": inhibitions(),
        "receivers": receivers,
    }


def _watchdog() -> dict[str, Any]:
    """Send the alert that always fires every minute, so that its silence is noticed."""
    return {
        "matchers": [str(Matcher("alertname", "=", "Watchdog"))],
        "receiver": SWITCH,
        "group_wait": "0s",
        "group_interval": "1m",
        "repeat_interval": "50s",
    }


def _route(project: str, quickly: str, repeat: str) -> dict[str, Any]:
    return {
        "matchers": [str(Matcher("project", "=", project))],
        "receiver": TICKETS,
        "group_by": ["project", "service", "alertname"],
        "group_wait": quickly or "1m",
        "group_interval": quickly or "5m",
        "repeat_interval": repeat or "1d",
        "routes": [
            {
                "matchers": [str(Matcher("severity", "=", PAGE))],
                "receiver": PAGES,
                "group_wait": quickly or "10s",
                "repeat_interval": repeat or "1h",
            },
            {"matchers": [str(Matcher("severity", "=", INFO))], "receiver": NONE},
        ],
    }


def inhibitions() -> list[dict[str, Any]]:
    """Return inhibitions: a service that is down or gone inhibits its other alerts, a page its ticket, a spent month its forecasts."""
    gone = one_of((SERVICE_DOWN, SERVICE_VANISHED))
    pages = one_of(BURNING.values())
    tickets = one_of(name + SLOW for name in BURNING.values())
    return [
        _inhibition(
            Matcher("alertname", "=~", gone),
            Matcher("alertname", "!~", gone),
            ["project", "service"],
        ),
        _inhibition(
            Matcher("alertname", "=~", pages),
            Matcher("alertname", "=~", tickets),
            ["project", "service", "objective"],
        ),
        _inhibition(
            Matcher("alertname", "=", MONTH_SPENT),
            Matcher("alertname", "=~", one_of((MONTH_NEARLY_SPENT, MONTH_PROJECTED))),
            ["project"],
        ),
    ]


def _inhibition(source: Matcher, target: Matcher, equal: list[str]) -> dict[str, Any]:
    return {"source_matchers": [str(source)], "target_matchers": [str(target)], "equal": equal}
