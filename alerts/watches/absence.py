"""Alert on absence: what should be measured is not. No data is never taken for good news."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from alerts.examples import another, counter, outside
from alerts.model import Alert, Case, Check
from signals.alarms import ABSENT
from signals.burn import TICKET
from signals.catalog import Catalog, Service
from signals.instruments import Instrument

WINDOW, HOLD = "10m", "5m"
LAST, DUE, MORE = 20, 15, 20
"""The minute of the last sample in a case, after how many more the alert is due, and how many there are."""


def alerts(catalog: Catalog, service: Service) -> Iterator[Alert]:
    """Give one alert for each instrument of the service."""
    for instrument in service.golden.values():
        yield _alert(catalog, service, instrument)


def _alert(catalog: Catalog, service: Service, instrument: Instrument) -> Alert:
    suffix = "_count" if instrument.is_distribution and not instrument.native else ""
    annotations = {
        "summary": "A metric that dashboards, alerts and reports are read from has stopped.",
        "description": (
            f"{instrument.metric}{suffix} of {service.name} has had no sample for 10 minutes: the target is down, "
            "not scraped, or its labels changed. Until it is back, other alerts on it cannot fire."
        ),
    }
    return Alert(
        name=ABSENT[instrument.name],
        expr=f"max(absent_over_time({instrument.select(suffix=suffix)}[{catalog.paced(WINDOW)}]))",
        hold=catalog.paced(HOLD),
        labels=catalog.labels(service, severity=TICKET),
        annotations=annotations,
        cases=_cases(catalog, instrument, suffix, annotations),
    )


def _cases(
    catalog: Catalog, instrument: Instrument, suffix: str, annotations: dict[str, str]
) -> tuple[Case, ...]:
    present = counter(instrument, 60, suffix=suffix)
    cases = (
        Case(name="nothing is measured", inputs=(), minutes=30, annotations=annotations, step=15),
        Case(name="samples arrive", inputs=(present,), minutes=30, step=15, sampled=1),
    )
    if catalog.pace != 1:
        return cases
    stops = replace(present, values=f"0+60x{LAST} _x{MORE}")
    others = (another(present, matcher) for matcher in outside(instrument))
    return (
        *cases,
        Case(
            name="samples stop, but not those of others",
            inputs=(stops, *others),
            minutes=LAST + DUE + 3,
            annotations=annotations,
            earlier=(Check(minutes=LAST + DUE - 2),),
        ),
    )
