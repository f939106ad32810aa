"""All rule files of a catalog: one for each service, and one for the project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from leadline.base.units import promql_duration
from leadline.catalog.model import Catalog, Service
from leadline.signals import burn
from leadline.signals.alert_names import ALERTS, BURNING, TRAFFIC_DROP, TRAFFIC_SURGE
from leadline.signals.burn import PAGE, TICKET
from leadline.signals.links import dashboard_path

from . import recordings, steady_state
from .conditions import absence, saturation, spending, targets, traffic
from .conditions import budget as spend
from .model import Alert, Case, Cases, Check, Group, Recording, RuleFile
from .objectives import availability, budget, burn_rates, cost, freshness, latency
from .objectives.sli import SLI

OBJECTIVES = {
    "availability": availability.watched,
    "latency": latency.watched,
    "freshness": freshness.watched,
    "cost": cost.watched,
}
WATCHES = (traffic, saturation, spending)
"""What records and watches beside objectives; each has `recordings` and `alerts`."""


def build(catalog: Catalog) -> tuple[RuleFile, ...]:
    """Return the rule files of a catalog, services in the catalog's order, the project last."""
    files = [_service_file(catalog, service) for service in catalog.services]
    project = _project_file(catalog)
    return (*files, project) if project.groups or project.remarks else tuple(files)


def watched(catalog: Catalog, service: Service) -> tuple[SLI, ...]:
    """Return the objectives of a service that can be watched."""
    return tuple(found for watch in OBJECTIVES.values() if (found := watch(catalog, service)))


def _service_file(catalog: Catalog, service: Service) -> RuleFile:
    base = f"{catalog.project}-{service.name}"
    objectives = watched(catalog, service)
    recorded_rates: tuple[Recording, ...] = (
        *recordings.of_service(catalog, service),
        *(rule for watch in WATCHES for rule in watch.recordings(catalog, service)),
    )
    alerts = tuple(_wanted(catalog, service, _alerts(catalog, service, objectives)))
    groups = tuple(
        group
        for group in (
            _slow_group(catalog, f"{base}-constants", tuple(recordings.constants(catalog, service))),
            _group(catalog, base, recorded_rates),
            _group(
                catalog, f"{base}-slo", [rule for each in objectives for rule in burn_rates.recordings(each)]
            ),
            _slow_group(catalog, f"{base}-budget", tuple(_budgets(catalog, service, objectives))),
            _group(catalog, f"{base}-pages", [each for each in alerts if each.labels["severity"] == PAGE]),
            _slow_group(
                catalog, f"{base}-tickets", [each for each in alerts if each.labels["severity"] != PAGE]
            ),
        )
        if group.rules
    )
    return RuleFile(
        name=base,
        groups=groups,
        prove=partial(steady_state.proofs, service, groups),
        remarks=tuple(_remarks(catalog, service, objectives)),
    )


def _alerts(catalog: Catalog, service: Service, objectives: tuple[SLI, ...]) -> Iterator[Alert]:
    for each in objectives:
        yield from burn_rates.alerts(each)
    for watch in (absence, targets, *WATCHES):
        yield from watch.alerts(catalog, service)


def _budgets(catalog: Catalog, service: Service, objectives: tuple[SLI, ...]) -> Iterator[Recording]:
    """Return what is recorded about once a minute: targets, long windows, and budgets whose period samples are kept for."""
    yield from targets.recordings(catalog, service)
    for each in objectives:
        yield from burn_rates.sums(each, budget.interval(catalog))
        if burn.has_budget(each.objective, catalog.retention):
            yield from budget.recordings(each)


def _project_file(catalog: Catalog) -> RuleFile:
    rules: tuple[Recording | Alert, ...] = (
        *spend.recordings(catalog),
        *_wanted(catalog, None, spend.projected(catalog)),
    )
    groups = [_group(catalog, f"{catalog.project}-project", rules)] if rules else []
    month = spend.month(catalog)
    if month:
        alerts = tuple(_wanted(catalog, None, month.alerts))
        groups.append(replace(month, rules=(*month.recordings, *alerts)))
    reads = tuple(f"{catalog.project}-{service.name}" for service in catalog.measuring("cost")[:1])
    return RuleFile(
        name=f"{catalog.project}-project",
        groups=tuple(groups),
        reads=reads if any(group.alerts for group in groups) else (),
        prove=partial(steady_state.constants, tuple(groups)),
        remarks=tuple(spend.remarks(catalog)),
    )


def _group(catalog: Catalog, name: str, rules: Iterable[Recording | Alert]) -> Group:
    return Group(name=name, interval_seconds=catalog.evaluation_interval, rules=tuple(rules))


def _slow_group(catalog: Catalog, name: str, rules: Iterable[Recording | Alert]) -> Group:
    return Group(name=name, interval_seconds=budget.interval(catalog), rules=tuple(rules))


def _wanted(
    catalog: Catalog, service: Service | None, alerts: Iterator[Alert] | tuple[Alert, ...]
) -> Iterator[Alert]:
    """Leave out what the catalog turns off, and add the links that it gives to the rest."""
    off = (service.tuning if service else catalog.tuning).off
    return (_with_links(catalog, alert) for alert in alerts if alert.name not in off)


def _with_links(catalog: Catalog, alert: Alert) -> Alert:
    """Add the runbook's section and the dashboard, the service filled in."""
    links = {}
    service = alert.labels.get("service", "")
    if "runbooks" in catalog.links:
        links["runbook_url"] = _runbook(catalog.links["runbooks"], alert.name, service or catalog.project)
    if "grafana" in catalog.links:
        chosen = f"?var-service={service}" if service else ""
        path = dashboard_path(catalog.project, ALERTS[alert.name])
        links["dashboard_url"] = f"{catalog.links['grafana']}{path}{chosen}"

    def linked(case: Case) -> Case:
        return replace(case, checks=tuple(_linked(each, links) for each in case.checks))

    def written() -> Iterator[Case]:
        yield from map(linked, alert.cases)

    return replace(alert, annotations={**alert.annotations, **links}, cases=Cases(written()))


def _linked(check: Check, links: dict[str, str]) -> Check:
    """Add links to what is expected, where it is foretold."""
    found = check.annotations
    return check if found is None else replace(check, annotations={**found, **links})


def _runbook(link: str, alert: str, service: str) -> str:
    """Fill in {alert} and {service}; a link without {alert} is a page with a section for each."""
    url = link if "{alert}" in link else f"{link}/#{{alert}}"
    return url.replace("{alert}", alert.lower()).replace("{service}", service)


def _remarks(catalog: Catalog, service: Service, objectives: tuple[SLI, ...]) -> Iterator[str]:
    """Return which objective got no alert, or lacks one of its windows, and why."""
    for kind in ("availability", "latency"):
        if service.objective(kind) is None:
            yield f"{service.name}: no objective for {kind}, so no {BURNING[kind]} alert"
    able = {each.objective.name for each in objectives}
    for objective in service.objectives:
        if objective.name not in able:
            yield (f"{service.name}: no {BURNING[objective.name]} alert, {_lack(service, objective.name)}")
            continue
        for said in burn.remarks(objective, catalog.retention):
            yield f"{service.name}: {said}"
        usable = {arm.severity for arm in burn.usable(objective, catalog.retention)}
        for severity, kind in ((PAGE, "page"), (TICKET, "ticket")):
            if severity not in usable:
                yield f"{service.name}: objective {objective.name}: no {kind} alert is left, none of its arms can be met"
        if catalog.retention is not None and objective.period_seconds > catalog.retention:
            yield (
                f"{service.name}: objective {objective.name}: samples are kept for {promql_duration(catalog.retention)}, "
                f"its period is {promql_duration(objective.period_seconds)}, so its budget is not computed; shorten the period "
                "or keep samples for longer"
            )
    if "requests" in service.instruments and not traffic.is_watched(catalog, service):
        yield f"{service.name}: no {TRAFFIC_DROP} and no {TRAFFIC_SURGE} alert, samples of a week before are not kept"


def _lack(service: Service, kind: str) -> str:
    """Return what an objective needs and the service does not have."""
    if kind == "cost" and "cost" not in service.instruments:
        return "nothing counts what is spent; name a counter under instruments.cost"
    objective = service.objective(kind)
    if kind == "cost" and objective and objective.of not in service.instruments:
        return f"nothing counts {objective.of}; name a counter under instruments.{objective.of}"
    return "what it reads is not known to the profile"
