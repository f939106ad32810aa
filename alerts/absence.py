"""Alert on absence: what should be measured is not. No data is never taken for good news."""

from __future__ import annotations

from alerts.examples import counter
from alerts.model import Alert, Case
from signals.catalog import Catalog, Service
from signals.instruments import Instrument

NAMES = {
    "requests": "RequestsAbsent",
    "latency": "LatencyAbsent",
    "tokens": "TokensAbsent",
    "cost": "CostAbsent",
}
"""The alert of each instrument."""
WINDOW = "10m"


def build(catalog: Catalog, service: Service) -> tuple[Alert, ...]:
    """Give one alert for each instrument of the service."""
    return tuple(_alert(catalog, service, instrument) for instrument in service.golden.values())


def _alert(catalog: Catalog, service: Service, instrument: Instrument) -> Alert:
    suffix = "_count" if instrument.is_distribution else ""
    annotations = {
        "summary": "A metric that dashboards, alerts and reports are read from has stopped.",
        "description": (
            f"{instrument.metric}{suffix} of {service.name} has had no sample for 10 minutes: the target is down, "
            "not scraped, or its labels changed. Until it is back, other alerts on it cannot fire."
        ),
    }
    return Alert(
        name=NAMES[instrument.name],
        expr=f"max(absent_over_time({instrument.select(suffix=suffix)}[{WINDOW}]))",
        hold="5m",
        labels={
            "severity": "warning",
            "project": catalog.project,
            "service": service.name,
        },
        annotations=annotations,
        cases=_cases(instrument, suffix, annotations),
    )


def _cases(instrument: Instrument, suffix: str, annotations: dict[str, str]) -> tuple[Case, ...]:
    present = (counter(instrument, 60, suffix=suffix),)
    return (
        Case(name="nothing is measured", inputs=(), minutes=30, annotations=annotations),
        Case(name="samples arrive", inputs=present, minutes=30),
    )
