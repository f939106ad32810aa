"""Error ratio and success ratio: counted, where the status of requests is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reports.measured import Measured
from reports.model import Reading
from reports.questions import Soundings
from reports.verdicts import judged, target_for


def readings(soundings: Soundings) -> Iterator[Reading]:
    """Give the share of requests that failed, and its complement."""
    found = soundings.find("requests")
    errors = (
        Reading(signal="error_ratio", unit="ratio", reason=found)
        if isinstance(found, str)
        else _errors(found, soundings.find("failed"))
    )
    target = target_for(soundings.service, "error_ratio")
    yield judged(errors, target) if target else errors
    yield _success(errors)


def _errors(found: Measured, failed: Measured | str) -> Reading:
    """Count errors per request.

    No series of errors means no error only because the status is known of those that are there.
    """
    instrument = found.instrument
    status = instrument.label("status")
    if status is None and not isinstance(failed, str):
        return _apart(found, failed)
    if status is None:
        return _unknown(f"{instrument.metric} has no label for the status, so what failed is not known")
    total = found.snapped().value
    if not total:
        return _unknown("no requests in the window")
    known = found.snapped(lambda labels: status.read(labels) is not None).value
    if not known:
        names = ", ".join(status.sources)
        return _unknown(f"{instrument.metric} carries no label {names}, so what failed is not known")
    bad = found.snapped(instrument.is_failure).value
    return Reading(
        signal="error_ratio",
        unit="ratio",
        value=bad / known,
        lower=bad / total,
        upper=(bad + total - known) / total,
        note=f"{bad:.0f} of {total:.0f} requests with status {instrument.bad}; {_others(found)}",
        provenance=found.provenance,
    )


def _others(found: Measured) -> str:
    """Say of the requests that were refused or not found (4xx) that they are no errors, and how many there were."""
    status = found.instrument.label("status")
    refused = found.snapped(lambda labels: ((status and status.read(labels)) or "").startswith("4")).value
    counted = f"{refused:.0f} of status 4.., " if refused else ""
    return f"{counted}429 and other 4xx are not errors"


def _apart(found: Measured, failed: Measured) -> Reading:
    """Divide failures by requests, where each has a counter of its own: between the same scrapes."""
    total, bad = found.snapped().value, failed.snapped().value
    if not total:
        return _unknown("no requests in the window")
    return Reading(
        signal="error_ratio",
        unit="ratio",
        value=bad / total,
        lower=bad / total,
        upper=bad / total,
        note=f"{bad:.0f} of {total:.0f}, as {failed.instrument.metric} counts failures",
        provenance=failed.provenance,
    )


def _unknown(reason: str) -> Reading:
    return Reading(signal="error_ratio", unit="ratio", reason=reason)


def _success(errors: Reading) -> Reading:
    reading = replace(errors, signal="success_ratio", note="1 − error ratio")
    if errors.value is None or errors.lower is None or errors.upper is None:
        return reading
    return replace(reading, value=1 - errors.value, lower=1 - errors.upper, upper=1 - errors.lower)
