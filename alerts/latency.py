"""Alert on latency: too large a share of requests is slower than the objective allows. Never from a quantile."""

from __future__ import annotations

from decimal import Decimal

from alerts import burn
from alerts.examples import counter
from alerts.model import Alert, Case, Input
from signals import recorded
from signals.catalog import Catalog, Objective, Service
from signals.instruments import Instrument
from signals.promql import Matcher, select
from signals.recorded import LONG_WINDOW, WINDOW
from signals.units import plain, show

NAME = "LatencyBudgetBurn"


def build(catalog: Catalog, service: Service) -> tuple[Alert, ...]:
    """Give the alert, or none where there is no objective or its threshold is on no known bucket edge."""
    objective = service.objective("latency")
    histogram = service.instruments.get("latency")
    if objective is None or objective.within is None or histogram is None:
        return ()
    if objective.within not in histogram.buckets or burn.threshold(objective) >= 1:
        return ()
    limit = plain(burn.threshold(objective))
    where = (*recorded.owner(catalog.project, service.name), Matcher("signal", "=", "objective.latency"))
    long, short = (
        f"1 - max by (project, service) ({select(recorded.within(window), where)})"
        for window in (LONG_WINDOW, WINDOW)
    )
    within = show(float(objective.within), "seconds")
    annotations = {
        "summary": "Requests are slow enough to use up the latency budget.",
        "description": (
            f"{{{{ $value | humanizePercentage }}}} of the requests to {service.name} took longer than {within} "
            f"in the last hour, and the last 5 minutes are no better. "
            f"The objective is {plain(objective.target * 100)} % within {within}."
        ),
    }
    return (
        Alert(
            name=NAME,
            expr=f"{long} > {limit}\nand\n{short} > {limit}",
            hold="2m",
            labels={"severity": "critical", "project": catalog.project, "service": service.name},
            annotations=annotations,
            cases=_cases(histogram, objective, annotations),
        ),
    )


def _cases(histogram: Instrument, objective: Objective, annotations: dict[str, str]) -> tuple[Case, ...]:
    limit = burn.threshold(objective)
    high, low = min(limit * Decimal("1.25"), Decimal(1)), limit * Decimal("0.75")
    share = f"{float(high * 100):.4g}%"
    fired = {
        **annotations,
        "description": annotations["description"].replace("{{ $value | humanizePercentage }}", share),
    }
    return (
        Case(
            name="slow requests burn the budget",
            inputs=_traffic(histogram, objective, high),
            minutes=70,
            annotations=fired,
        ),
        Case(
            name="slow requests stay below the limit", inputs=_traffic(histogram, objective, low), minutes=70
        ),
        Case(name="nothing is measured", inputs=(), minutes=70),
    )


def _traffic(histogram: Instrument, objective: Objective, slow: Decimal) -> tuple[Input, ...]:
    """Give a million requests a minute, of which a share is slower than the objective's threshold."""
    edge = histogram.raw_edge(objective.within or Decimal(0))
    fast = (Decimal(1_000_000) * (1 - slow)).to_integral_value()
    labels = {
        name: value for name, value in (("route", "/example"), ("method", "GET")) if histogram.has(name)
    }
    return (
        counter(histogram, fast, suffix="_bucket", le=edge, **labels),
        counter(histogram, 1_000_000, suffix="_bucket", le="+Inf", **labels),
        counter(histogram, 1_000_000, suffix="_count", **labels),
    )
