"""Objectives and alerts in the window: how fast error budgets burned, and which alerts were pending or firing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leadline.base.units import promql_duration
from leadline.measure.bounds import Bounded
from leadline.measure.measured import NotMeasured
from leadline.measure.measurements import Measurements
from leadline.measure.quantiles import share_within
from leadline.measure.reading import Reading
from leadline.measure.window import Window
from leadline.signals import burn
from leadline.signals.alert_names import BURNING
from leadline.signals.objective import Objective
from leadline.signals.promql import Matcher, select
from leadline.signals.samples import Ask

from .latency import distribution_of
from .model import Alert, Burn

ALERTS = "ALERTS"
STATES = ("firing", "pending")
BY_SLICES = "judged by recorded time slices, not by one window; see the SLO dashboard"


def burns(measurements: Measurements, readings: Sequence[Reading]) -> Iterator[Burn]:
    """Yield how fast each objective's budget burned: at 1 it lasts exactly for its period.

    Objectives of freshness and cost are judged by recorded time slices, not by one window.
    """
    for objective in measurements.service.objectives:
        bad = _bad(measurements, objective, readings)
        if isinstance(bad, NotMeasured):
            yield Burn(objective=objective.name, target=float(objective.target), reason=bad.reason)
        elif bad is None:
            yield Burn(objective=objective.name, target=float(objective.target), reason=BY_SLICES)
        else:
            yield _burn(objective, bad, measurements.window)


def _bad(
    measurements: Measurements, objective: Objective, readings: Sequence[Reading]
) -> Bounded | NotMeasured | None:
    """Return the share of bad events, or why it is unknown; None if a single window cannot show it."""
    if objective.name == "availability":
        found = next(each for each in readings if each.signal == "error_ratio")
        if found.value is None or found.lower is None or found.upper is None:
            return NotMeasured(found.reason)
        return Bounded(value=found.value, lower=found.lower, upper=found.upper)
    if objective.name == "latency" and objective.within is not None:
        latency = measurements.find("latency")
        measured = latency if isinstance(latency, NotMeasured) else distribution_of(latency)
        if isinstance(measured, NotMeasured):
            return measured
        within = share_within(measured, float(objective.within))
        value = None if within.value is None else 1 - within.value
        return Bounded(value=value, lower=1 - within.upper, upper=1 - within.lower)
    return None


def _burn(objective: Objective, bad: Bounded, window: Window) -> Burn:
    allowed, period = 1 - float(objective.target), float(objective.period_seconds)
    rate, lower, upper = (
        None if each is None else each / allowed for each in (bad.value, bad.lower, bad.upper)
    )
    pages = [
        float(burn.factor(objective, each))
        for each in burn.usable(objective, None)
        if each.severity == burn.PAGE
    ]
    note = f"of {promql_duration(period)}"
    if rate:
        note = f"at this rate the budget {note} lasts {period / rate / 86400:.2g} days"
    return Burn(
        objective=objective.name,
        target=float(objective.target),
        rate=rate,
        lower=lower,
        upper=upper,
        spent=None if rate is None else rate * window.seconds / period,
        alert=BURNING[objective.name],
        pages_at=min(pages, default=None),
        note=note,
    )


def alerts(project: str, window: Window, ask: Ask) -> tuple[Alert, ...]:
    """Query a project's alerts that were pending or firing in the window; return firing ones first."""
    selector = select(ALERTS, (Matcher("project", "=", project),))
    answer = ask(f"{selector}[{promql_duration(round(window.seconds))}]", at=window.end)
    found = [
        Alert(
            name=each.labels.get("alertname", ""),
            state=each.labels.get("alertstate", ""),
            severity=each.labels.get("severity", ""),
            service=each.labels.get("service", ""),
            start=each.samples[0].time,
            end=each.samples[-1].time,
        )
        for each in answer.series
        if each.samples and each.labels.get("alertstate") in STATES
    ]
    return tuple(
        sorted(found, key=lambda each: (STATES.index(each.state), each.start, each.name, each.service))
    )
