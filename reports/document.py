"""A report as JSON: schema leadline.report/1, additions allowed. Base units, times in RFC 3339 UTC."""

from __future__ import annotations

import json
import math
from typing import Any

from reports.model import Comparison, Provenance, Reading, Report, ServiceReport
from reports.window import Window, utc

SCHEMA = "leadline.report/1"


def write(report: Report) -> str:
    """Write a report; what is not a number is null, so that any parser reads it."""
    return json.dumps(document(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """Give a report as plain values."""
    return {
        "schema": SCHEMA,
        "project": report.project,
        "source": report.source,
        "window": {**_window(report.window), "chosen": report.window.chosen},
        "load": _load(report.window),
        "services": [_service(service) for service in report.services],
        "links": dict(report.links),
    }


def _window(window: Window) -> dict[str, Any]:
    return {"start": utc(window.start), "end": utc(window.end)}


def _load(window: Window) -> dict[str, Any] | None:
    return {"start": utc(window.rate_start), "end": utc(window.rate_end)} if window.is_load else None


def _service(service: ServiceReport) -> dict[str, Any]:
    return {
        "name": service.name,
        "profile": service.profile,
        "readings": [_reading(reading) for reading in service.readings],
        "comparisons": [_comparison(each) for each in service.comparisons],
        "evidence": list(service.evidence),
        "remarks": list(service.remarks),
    }


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "signal": reading.signal,
        "value": _finite(reading.value),
        "unit": reading.unit,
        "lower": _finite(reading.lower),
        "upper": _finite(reading.upper),
        "unbounded": reading.unbounded,
        "shown_by_promql": _finite(reading.shown),
        "target": reading.target,
        "verdict": reading.verdict,
        "reason": reading.reason or None,
        "note": reading.note or None,
        "provenance": _provenance(reading.provenance),
    }


def _provenance(provenance: Provenance | None) -> dict[str, Any] | None:
    if provenance is None:
        return None
    return {
        "query": provenance.query,
        "samples": provenance.samples,
        "resets": provenance.resets,
        "warnings": list(provenance.warnings),
    }


def _comparison(each: Comparison) -> dict[str, Any]:
    return {
        "signal": each.signal,
        "value": each.value,
        "unit": each.unit,
        "reference": each.reference,
        "low": each.low,
        "high": each.high,
        "source": each.source,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
