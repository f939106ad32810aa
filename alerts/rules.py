"""All rule files of a catalog: one for each service, and one for the project."""

from __future__ import annotations

from dataclasses import replace

from alerts import absence, budget, cost, error_ratio, latency, recordings
from alerts.model import Alert, Group, Recording, RuleFile
from alerts.objectives import Watched
from signals import burn
from signals.catalog import Catalog, Service
from signals.links import dashboard_path
from signals.units import promql_duration

TOPIC = {
    **dict.fromkeys(error_ratio.NAMES, "throughput"),
    **dict.fromkeys(latency.NAMES, "latency"),
    cost.NAME: "cost",
    **dict.fromkeys(absence.NAMES.values(), "overview"),
}
"""Which dashboard shows what an alert is about."""


def build(catalog: Catalog) -> tuple[RuleFile, ...]:
    """Give the rule files of a catalog, services in the catalog's order, the project last."""
    files = [_service_file(catalog, service) for service in catalog.services]
    project = _project_file(catalog)
    return (*files, project) if project.groups else tuple(files)


def _service_file(catalog: Catalog, service: Service) -> RuleFile:
    base = f"{catalog.project}-{service.name}"
    alerts = (
        *error_ratio.build(catalog, service),
        *latency.build(catalog, service),
        *absence.build(catalog, service),
    )
    rules: tuple[Recording | Alert, ...] = (
        *recordings.of_service(catalog, service),
        *_linked(catalog, alerts),
    )
    budgets = _budgets(catalog, service)
    groups = (_group(catalog, base, rules), *((budgets,) if budgets.rules else ()))
    return RuleFile(name=base, groups=groups, remarks=_remarks(catalog, service, alerts))


def watched(service: Service) -> tuple[Watched, ...]:
    """Give the objectives of a service that can be watched."""
    return tuple(found for found in (error_ratio.watched(service), latency.watched(service)) if found)


def _budgets(catalog: Catalog, service: Service) -> Group:
    """Give the group that reckons budgets, for the objectives whose period samples are kept for."""
    owner = {"project": catalog.project, "service": service.name}
    kept = [
        each
        for each in watched(service)
        if catalog.retention is None or each.objective.period_seconds <= catalog.retention
        if burn.usable(each.objective, catalog.retention)
    ]
    rules = tuple(rule for each in kept for rule in budget.recordings(each, owner, budget.interval(catalog)))
    return Group(
        name=f"{catalog.project}-{service.name}-budget",
        interval_seconds=budget.interval(catalog),
        rules=rules,
    )


def _project_file(catalog: Catalog) -> RuleFile:
    alerts = _linked(catalog, cost.build(catalog))
    rules: tuple[Recording | Alert, ...] = (*recordings.of_project(catalog), *alerts)
    groups = (_group(catalog, f"{catalog.project}-project", rules),) if rules else ()
    reads = tuple(f"{catalog.project}-{service.name}" for service in catalog.measuring("cost")[:1])
    return RuleFile(
        name=f"{catalog.project}-project", groups=groups, reads=reads if alerts else (), test_interval="15m"
    )


def _group(catalog: Catalog, name: str, rules: tuple[Recording | Alert, ...]) -> Group:
    return Group(name=name, interval_seconds=catalog.evaluation_interval, rules=rules)


def _linked(catalog: Catalog, alerts: tuple[Alert, ...]) -> tuple[Alert, ...]:
    """Add the links that the catalog gives: the runbook's section and the dashboard."""
    return tuple(_with_links(catalog, alert) for alert in alerts)


def _with_links(catalog: Catalog, alert: Alert) -> Alert:
    links = {}
    if "runbooks" in catalog.links:
        links["runbook_url"] = f"{catalog.links['runbooks']}/#{alert.name.lower()}"
    if "grafana" in catalog.links:
        path = dashboard_path(catalog.project, TOPIC[alert.name])
        service = f"?var-service={alert.labels['service']}" if "service" in alert.labels else ""
        links["dashboard_url"] = f"{catalog.links['grafana']}{path}{service}"
    cases = tuple(
        case if case.annotations is None else replace(case, annotations={**case.annotations, **links})
        for case in alert.cases
    )
    return replace(alert, annotations={**alert.annotations, **links}, cases=cases)


def _remarks(catalog: Catalog, service: Service, alerts: tuple[Alert, ...]) -> tuple[str, ...]:
    """Say which objective got no alert, or lacks one of its windows, and why."""
    have = {alert.name for alert in alerts}
    remarks = []
    for kind, name in (("availability", error_ratio.NAME), ("latency", latency.NAME)):
        objective = service.objective(kind)
        if objective is None:
            remarks.append(f"{service.name}: no objective for {kind}, so no {name} alert")
            continue
        if not have & {name, f"{name}Slow"} and burn.usable(objective, catalog.retention):
            remarks.append(f"{service.name}: no {name} alert, what it reads is not known to the profile")
            continue
        remarks += [f"{service.name}: {said}" for said in burn.remarks(objective, catalog.retention)]
        if catalog.retention is not None and objective.period_seconds > catalog.retention:
            remarks.append(
                f"{service.name}: objective {kind}: samples are kept for {promql_duration(catalog.retention)}, its period is "
                f"{promql_duration(objective.period_seconds)}, so its budget is not reckoned; shorten the period or keep samples "
                "for longer"
            )
    return tuple(remarks)
