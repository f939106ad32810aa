"""Error ratio and success ratio: counted, where the status of requests is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from reports.measured import Labels, Measured
from reports.model import Reading
from reports.questions import Soundings
from reports.verdicts import judged, target_for
from signals.instruments import Label


def readings(soundings: Soundings) -> Iterator[Reading]:
    """Give the share of requests that failed, and its complement."""
    found = soundings.find("requests")
    errors = (
        Reading(signal="error_ratio", unit="ratio", reason=found)
        if isinstance(found, str)
        else _errors(found)
    )
    target = target_for(soundings.service, "error_ratio")
    yield judged(errors, target) if target else errors
    yield _success(errors)


def _errors(found: Measured) -> Reading:
    """Count errors per request.

    No series of errors means no error only because the status is known of those that are there.
    """
    instrument = found.instrument
    status = instrument.label("status")
    if status is None:
        return _unknown(f"{instrument.metric} has no label for the status, so what failed is not known")
    total = found.snapped().value
    if not total:
        return _unknown("no requests in the window")
    known = found.snapped(lambda labels: status.read(labels) is not None).value
    if not known:
        names = ", ".join(status.sources)
        return _unknown(f"{instrument.metric} carries no label {names}, so what failed is not known")
    bad = found.snapped(lambda labels: _is_bad(labels, status, instrument.bad)).value
    return Reading(
        signal="error_ratio",
        unit="ratio",
        value=bad / known,
        lower=bad / total,
        upper=(bad + total - known) / total,
        note=f"{bad:.0f} of {total:.0f} requests with status {instrument.bad}; 429 and other 4xx are not errors",
        provenance=found.provenance,
    )


def _unknown(reason: str) -> Reading:
    return Reading(signal="error_ratio", unit="ratio", reason=reason)


def _is_bad(labels: Labels, status: Label, pattern: str) -> bool:
    return re.fullmatch(pattern, status.read(labels) or "") is not None


def _success(errors: Reading) -> Reading:
    reading = replace(errors, signal="success_ratio", note="1 − error ratio")
    if errors.value is None or errors.lower is None or errors.upper is None:
        return reading
    return replace(reading, value=1 - errors.value, lower=1 - errors.upper, upper=1 - errors.lower)
