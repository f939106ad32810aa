"""One availability objective: Leadline's rules of it, Sloth's, and what both read."""

from __future__ import annotations

from dataclasses import replace

import yaml

from benchmarks.footprint import sloth
from benchmarks.footprint.workload import STEP, History, Scraped, Workload
from leadline.alerts import rules
from leadline.alerts.rule_yaml import rule_file
from leadline.catalog import loader
from leadline.signals import series_names

INSTANCES, ROUTES, RAW_DAYS, PERIOD_DAYS = 3, 4, 3, sloth.PERIOD_DAYS
CODES = {"200": 9.99, "500": 0.01}
"""Requests a second of each series."""
SERIES = INSTANCES * ROUTES * len(CODES)
EVERY_SECONDS = 60
"""How often Leadline records events as numbers."""
EVALUATIONS, LEAD_SECONDS = 2, 30
"""Evaluations of each group before it is measured, and how long it takes to write the blocks, about."""
CATALOG = f"""\
project: shop
scrape_interval: {STEP}s
services:
  web:
    profile: generic-http
    selector: {{job: web}}
    instruments: {{latency: none, cpu: none, memory: none}}
    objectives: {{availability: {{target: 99.9%, period: {PERIOD_DAYS}d}}}}
"""


def rule_files() -> dict[str, tuple[str, ...]]:
    """Return the rule files of both sides."""
    text = yaml.safe_dump({"groups": sloth.groups()}, sort_keys=False)
    return {"Leadline": (_ours(),), "Sloth": (text,)}


def _ours() -> str:
    """Write our rules of the objective, without those of other matters."""
    (file,) = (
        each for each in rules.build(loader.parse(CATALOG, "leadline.yaml")) if each.name == "shop-web"
    )
    groups = (
        replace(
            group, rules=tuple(rule for rule in group.rules if rule.labels.get("objective") == "availability")
        )
        for group in file.groups
    )
    return rule_file(replace(file, groups=tuple(group for group in groups if group.rules)))


def workload() -> Workload:
    """Return days of raw series, and the period of what each side records itself."""
    scraped = tuple(
        Scraped(
            name="http_requests_total",
            labels={"job": "web", "instance": f"{instance}:80", "route": f"/{route}", "code": code},
            per_second=rate,
        )
        for instance in range(INSTANCES)
        for route in range(ROUTES)
        for code, rate in CODES.items()
    )
    return Workload(scraped=scraped, histories=_histories(), raw_days=RAW_DAYS)


def _histories() -> tuple[History, ...]:
    own = {"project": "shop", "service": "web", "objective": "availability"}
    each, bad = (EVERY_SECONDS * INSTANCES * ROUTES * rate for rate in (sum(CODES.values()), CODES["500"]))
    return (
        *(
            History(record=record, labels=own, value=value, days=PERIOD_DAYS, every_seconds=EVERY_SECONDS)
            for record, value in (
                (series_names.SLO_EVENTS_COUNTED, each),
                (series_names.SLO_BAD_EVENTS_COUNTED, bad),
            )
        ),
        History(
            record=sloth.SHORTEST_RECORD,
            labels=sloth.SHORTEST_LABELS,
            value=bad / each,
            days=PERIOD_DAYS,
            every_seconds=STEP,
        ),
    )
