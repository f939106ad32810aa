"""The rule files of a catalog: one per service, and one for the project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from leadline.base.units import promql_duration
from leadline.catalog.model import Catalog, Service
from leadline.signals import burn
from leadline.signals.alert_names import ALERTS, BURNING, TRAFFIC_DROP, TRAFFIC_SURGE
from leadline.signals.burn import PAGE, TICKET
from leadline.signals.links import dashboard_path
from leadline.signals.scope import Scope

from . import recordings
from .conditions import absence, saturation, spending, targets, traffic
from .conditions import budget as spend
from .model import Alert, Group, Recording, RuleFile
from .objectives import availability, budget, burn_rates, cost, freshness, latency
from .objectives.sli import SLI

OBJECTIVES = {
    "availability": availability.sli,
    "latency": latency.sli,
    "freshness": freshness.sli,
    "cost": cost.sli,
}


def build(catalog: Catalog) -> tuple[RuleFile, ...]:
    """Return the rule files of a catalog, services in the catalog's order, the project last."""
    files = [_service_file(catalog, service) for service in catalog.services]
    project = _project_file(catalog)
    return (*files, project) if project.groups or project.remarks else tuple(files)


def slis(scope: Scope, service: Service) -> tuple[SLI, ...]:
    """Return the SLIs of a service's objectives that can have alerts."""
    return tuple(found for sli in OBJECTIVES.values() if (found := sli(scope, service)))


def _service_file(catalog: Catalog, service: Service) -> RuleFile:
    scope, base = catalog.scope(service), f"{catalog.project}-{service.name}"
    objectives = slis(scope, service)
    alerts = tuple(_wanted(catalog, service, _alerts(catalog, service, objectives)))
    pages = [each for each in alerts if each.labels["severity"] == PAGE]
    tickets = [each for each in alerts if each.labels["severity"] != PAGE]
    groups = (
        _slow_group(scope, f"{base}-constants", recordings.constants(scope, service)),
        _group(scope, base, _recordings(scope, service)),
        _group(scope, f"{base}-slo", (rule for each in objectives for rule in burn_rates.recordings(each))),
        _slow_group(scope, f"{base}-budget", _budgets(scope, service, objectives)),
        _group(scope, f"{base}-pages", pages),
        _slow_group(scope, f"{base}-tickets", tickets),
    )
    return RuleFile(
        name=base,
        groups=tuple(group for group in groups if group.rules),
        service=service.name,
        remarks=tuple(_remarks(scope, service, objectives)),
    )


def _recordings(scope: Scope, service: Service) -> Iterator[Recording]:
    yield from recordings.of_service(scope, service)
    for condition in (traffic, saturation, spending):
        yield from condition.recordings(scope, service)


def _alerts(catalog: Catalog, service: Service, objectives: tuple[SLI, ...]) -> Iterator[Alert]:
    for each in objectives:
        yield from burn_rates.alerts(each)
    scope = catalog.scope(service)
    for condition in (absence, targets, traffic, saturation):
        yield from condition.alerts(scope, service)
    yield from spending.alerts(scope, service, catalog.monthly_budget_usd)


def _budgets(scope: Scope, service: Service, objectives: tuple[SLI, ...]) -> Iterator[Recording]:
    """Yield recordings evaluated about once a minute: targets, long windows, and budgets whose period the retention covers."""
    yield from targets.recordings(scope, service)
    for each in objectives:
        yield from burn_rates.sums(each, budget.interval(scope))
        if burn.has_budget(each.objective, scope.retention_seconds):
            yield from budget.recordings(each)


def _project_file(catalog: Catalog) -> RuleFile:
    name = f"{catalog.project}-project"
    budget_usd, scope = catalog.monthly_budget_usd, catalog.scope()
    if budget_usd is None:
        return RuleFile(name=name, groups=())
    spends = catalog.measuring("cost")
    alerts = _wanted(catalog, None, [spend.projected(scope, budget_usd)] if spends else [])
    groups = [_group(scope, name, (*spend.recordings(scope, budget_usd), *alerts))]
    month = spend.month(scope, budget_usd) if spends else None
    if month:
        groups.append(replace(month, rules=(*month.recordings, *_wanted(catalog, None, month.alerts))))
    return RuleFile(
        name=name,
        groups=tuple(groups),
        reads=tuple(f"{catalog.project}-{service.name}" for service in spends[:1])
        if any(group.alerts for group in groups)
        else (),
        remarks=tuple(spend.remarks(scope, spends=bool(spends))),
    )


def _group(scope: Scope, name: str, rules: Iterable[Recording | Alert]) -> Group:
    return Group(name=name, interval_seconds=scope.evaluation_seconds, rules=tuple(rules))


def _slow_group(scope: Scope, name: str, rules: Iterable[Recording | Alert]) -> Group:
    return Group(name=name, interval_seconds=budget.interval(scope), rules=tuple(rules))


def _wanted(catalog: Catalog, service: Service | None, alerts: Iterable[Alert]) -> Iterator[Alert]:
    """Drop alerts that the catalog turns off, and add its links to the rest."""
    off = (service.tuning if service else catalog.tuning).off
    return (_with_links(catalog, alert) for alert in alerts if alert.name not in off)


def _with_links(catalog: Catalog, alert: Alert) -> Alert:
    """Add links to the runbook's section and the service's dashboard."""
    links = {}
    service = alert.labels.get("service", "")
    if "runbooks" in catalog.links:
        links["runbook_url"] = _runbook(catalog.links["runbooks"], alert.name, service or catalog.project)
    if "grafana" in catalog.links:
        chosen = f"?var-service={service}" if service else ""
        path = dashboard_path(catalog.project, ALERTS[alert.name])
        links["dashboard_url"] = f"{catalog.links['grafana']}{path}{chosen}"

    return replace(alert, annotations={**alert.annotations, **links})


def _runbook(link: str, alert: str, service: str) -> str:
    """Fill in {alert} and {service}; a link without {alert} is a page with a section per alert."""
    url = link if "{alert}" in link else f"{link}/#{{alert}}"
    return url.replace("{alert}", alert.lower()).replace("{service}", service)


def _remarks(scope: Scope, service: Service, objectives: tuple[SLI, ...]) -> Iterator[str]:
    """Yield objectives without alerts or with missing windows, and why."""
    for kind in ("availability", "latency"):
        if service.objective(kind) is None:
            yield f"{service.name}: no objective for {kind}, so no {BURNING[kind]} alert"
    able = {each.objective.name for each in objectives}
    for objective in service.objectives:
        if objective.name not in able:
            yield (f"{service.name}: no {BURNING[objective.name]} alert, {_lack(service, objective.name)}")
            continue
        for remark in burn.remarks(objective, scope.retention_seconds):
            yield f"{service.name}: {remark}"
        usable = {windows.severity for windows in burn.usable(objective, scope.retention_seconds)}
        for severity, kind in ((PAGE, "page"), (TICKET, "ticket")):
            if severity not in usable:
                yield f"{service.name}: objective {objective.name}: no {kind} alert, because none of its windows can be met"
        if scope.retention_seconds is not None and objective.period_seconds > scope.retention_seconds:
            yield (
                f"{service.name}: objective {objective.name}: samples are kept for {promql_duration(scope.retention_seconds)}, "
                f"its period is {promql_duration(objective.period_seconds)}, so its budget is not computed; shorten the period "
                "or keep samples for longer"
            )
    if "requests" in service.instruments and not traffic.is_watched(scope, service):
        yield f"{service.name}: no {TRAFFIC_DROP} and no {TRAFFIC_SURGE} alert, because the retention is shorter than 8 days"


def _lack(service: Service, kind: str) -> str:
    """Return what the service lacks for an objective."""
    if kind == "cost" and "cost" not in service.instruments:
        return "no counter of spend is known; name one under instruments.cost"
    objective = service.objective(kind)
    if kind == "cost" and objective and objective.of not in service.instruments:
        return f"no counter of {objective.of} is known; name one under instruments.{objective.of}"
    return "because the profile lacks the metrics it needs"
