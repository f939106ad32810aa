"""Alert on errors: the availability objective's budget burns too fast."""

from __future__ import annotations

from decimal import Decimal

from alerts import burn
from alerts.examples import counter, failure, success
from alerts.model import Alert, Case, Input
from signals import recorded
from signals.catalog import Catalog, Objective, Service
from signals.instruments import Instrument
from signals.promql import select
from signals.recorded import LONG_WINDOW, WINDOW
from signals.units import plain

NAME = "ErrorBudgetBurn"


def build(catalog: Catalog, service: Service) -> tuple[Alert, ...]:
    """Give the alert, or none where the service has no objective or no status label."""
    objective = service.objective("availability")
    requests = service.instruments.get("requests")
    if objective is None or requests is None or not requests.tells_errors or burn.threshold(objective) >= 1:
        return ()
    limit = plain(burn.threshold(objective))
    where = recorded.owner(catalog.project, service.name)
    long, short = (select(recorded.error_ratio(window), where) for window in (LONG_WINDOW, WINDOW))
    annotations = {
        "summary": "Requests fail fast enough to use up the error budget.",
        "description": (
            f"{{{{ $value | humanizePercentage }}}} of the requests to {service.name} failed in the last hour, "
            f"and the last 5 minutes are no better. The objective is {plain(objective.target * 100)} %."
        ),
    }
    return (
        Alert(
            name=NAME,
            expr=f"{long} > {limit}\nand\n{short} > {limit}",
            hold="2m",
            labels={"severity": "critical", "project": catalog.project, "service": service.name},
            annotations=annotations,
            cases=_cases(requests, objective, annotations),
        ),
    )


def _cases(requests: Instrument, objective: Objective, annotations: dict[str, str]) -> tuple[Case, ...]:
    """Fire at a quarter above the threshold, stay silent at a quarter below it and without data."""
    limit = burn.threshold(objective)
    high, low = min(limit * Decimal("1.25"), Decimal(1)), limit * Decimal("0.75")
    share = f"{float(high * 100):.4g}%"
    fired = {
        **annotations,
        "description": annotations["description"].replace("{{ $value | humanizePercentage }}", share),
    }
    return (
        Case(name="errors burn the budget", inputs=_traffic(requests, high), minutes=70, annotations=fired),
        Case(name="errors stay below the limit", inputs=_traffic(requests, low), minutes=70),
        Case(name="nothing is measured", inputs=(), minutes=70),
    )


def _traffic(requests: Instrument, bad: Decimal) -> tuple[Input, ...]:
    """Give a million requests a minute, of which a share fails; large, so that the share is exact."""
    failed = (Decimal(1_000_000) * bad).to_integral_value()
    labels = {name: value for name, value in (("route", "/example"), ("method", "GET")) if requests.has(name)}
    if requests.failed and not requests.has("status"):
        return (counter(requests, 1_000_000, **labels), counter(requests.failed, failed, **labels))
    return (
        counter(requests, 1_000_000 - failed, **success(requests), **labels),
        counter(requests, failed, status=failure(requests), **labels),
    )
