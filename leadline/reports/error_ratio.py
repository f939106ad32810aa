"""Error ratio and success ratio, counted from requests whose status is known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from leadline.base.units import show
from leadline.measure.bounds import NOTHING, Count, share, to_reach
from leadline.measure.measured import Labels, Measured, NotMeasured
from leadline.measure.measurements import Measurements
from leadline.measure.reading import Reading
from leadline.signals import regex
from leadline.signals.labels import Label

from .verdicts import judged, lost_requests, target_for


def readings(measurements: Measurements) -> Iterator[Reading]:
    """Yield the share of requests that failed, and its complement."""
    found = measurements.find("requests")
    target = target_for(measurements.service, "error_ratio")
    if isinstance(found, NotMeasured):
        errors, lost = _unknown(found.reason), ""
    else:
        errors, lost = _errors(found, measurements.find("failed"), float(target.value) if target else None)
    yield judged(errors, target, lost=lost) if target else errors
    yield _success(errors)


def _errors(found: Measured, failed: Measured | NotMeasured, target: float | None) -> tuple[Reading, str]:
    """Return errors per request, and which of the missing requests would change the verdict.

    No series of errors means no errors, but only because the existing series have a known status.
    """
    instrument = found.instrument
    status = instrument.label("status")
    total = found.count()
    if status is None and isinstance(failed, NotMeasured):
        return _unknown(f"{instrument.metric} has no label for the status, so failures are unknown"), ""
    if not total.value:
        return _unknown("no requests in the window"), ""
    if status is None and not isinstance(failed, NotMeasured):
        bad = failed.count()
        rest = replace(
            total,
            value=max(0.0, total.value - bad.value),
            lower=max(0.0, total.lower - bad.upper),
            upper=max(0.0, total.upper - bad.lower),
        )
        missing, either = max(total.missing, bad.missing if math.isfinite(bad.missing) else 0.0), NOTHING
        note = f"{bad.value:.0f} of {total.value:.0f}, by the failures in {failed.instrument.metric}"
    else:
        kinds = found.by(lambda labels: _kind(found, labels))
        bad, rest = kinds.get("failed", NOTHING), kinds.get("served", NOTHING)
        missing, either = total.missing, kinds.get("unknown", NOTHING)
        if not bad.value + rest.value:
            names = ", ".join(status.sources if status else ())
            return _unknown(f"{instrument.metric} has no label {names}, so failures are unknown"), ""
        note = f"{bad.value:.0f} of {total.value:.0f} requests with status {instrument.bad}{_others(found)}"
    reading = found.bounded("error_ratio", "ratio", share(bad, rest, missing, either=either))
    lost = "" if target is None or not missing else _lost(bad, rest, missing, target)
    return replace(reading, note=note, events=bad.value + rest.value), lost


def _kind(found: Measured, labels: Labels) -> str:
    status = found.instrument.label("status")
    if status is None or status.read(labels) is None:
        return "unknown"
    return "failed" if found.instrument.is_failure(labels) else "served"


def _lost(bad: Count, rest: Count, missing: float, target: float) -> str:
    """Return how many of the missing requests must have failed, or been served, to change the verdict."""
    whole = bad.value + rest.value
    counted = bad.value / whole
    found = f"{show(counted, 'ratio')} of the counted requests failed; {lost_requests(missing)}"
    if counted <= target:
        return f"{found}, and {math.floor(to_reach(target, bad.value, whole)) + 1} failed ones change the verdict"
    needed = bad.value / target - whole if target else math.inf
    return (
        found
        if math.isinf(needed)
        else f"{found}, and {math.ceil(needed)} that did not fail change the verdict"
    )


def _others(found: Measured) -> str:
    """Describe whether refused requests (4xx) count as errors, and how many there were."""
    status = found.instrument.label("status")
    refused = {
        kind: count.value
        for kind, count in found.by(
            lambda labels: _kind(found, labels) if _is_refusal(status, labels) else None
        ).items()
        if count.value
    }
    counts_some = any(regex.matches(found.instrument.bad, code) for code in REFUSALS)
    parts = []
    if refused.get("served"):
        parts.append(f"{refused['served']:.0f} of status 4.. are not errors")
    if refused.get("failed"):
        parts.append(f"{refused['failed']:.0f} of status 4.. are")
    if not parts and not counts_some:
        parts.append("429 and other 4xx are not errors")
    return "".join(f"; {part}" for part in parts)


REFUSALS = ("400", "401", "403", "404", "409", "422", "429")


def _is_refusal(status: Label | None, labels: Labels) -> bool:
    return ((status and status.read(labels)) or "").startswith("4")


def _unknown(reason: str) -> Reading:
    return Reading(signal="error_ratio", unit="ratio", reason=reason)


def _success(errors: Reading) -> Reading:
    reading = replace(errors, signal="success_ratio", note="1 − error ratio")
    if errors.value is None or errors.lower is None or errors.upper is None:
        return reading
    return replace(reading, value=1 - errors.value, lower=1 - errors.upper, upper=1 - errors.lower)
