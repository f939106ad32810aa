"""A report as JSON: schema leadline.report/2, which may gain keys. Base units, times in RFC 3339 UTC."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from leadline.base.errors import UsageError
from leadline.base.printable import json_text
from leadline.measure.reading import Edges, Provenance, Reading
from leadline.measure.window import Window, utc

from . import headline
from .headline import Headline
from .model import MET, MISSED, UNDECIDED, Comparison, Report, ServiceReport

SCHEMA = "leadline.report/2"
EARLIER = ("leadline.report/1",)
"""Older schemas that `read` accepts."""


def write(report: Report) -> str:
    """Return a report as JSON; NaN and infinity are null, so that any parser reads it."""
    return json_text(document(report)) + "\n"


def document(report: Report) -> dict[str, Any]:
    """Return a report as plain values."""
    return {
        "schema": SCHEMA,
        "project": report.project,
        "headline": _headline(headline.of(report)),
        "source": report.source,
        "window": {**_window(report.window), "chosen": report.window.chosen},
        "load": _load(report.window),
        "services": [_service(service) for service in report.services],
        "links": dict(report.links),
        "again": list(report.again),
        "against": report.against or None,
    }


def _headline(found: Headline) -> dict[str, Any]:
    return {
        "verdict": found.verdict,
        "subject": found.subject,
        "services": [{"service": each.service, "figures": list(each.texts)} for each in found.figures],
        "notes": [asdict(each) for each in found.notes],
        "line": found.line,
    }


def _window(window: Window) -> dict[str, Any]:
    return {"start": utc(window.start), "end": utc(window.end)}


def _load(window: Window) -> dict[str, Any] | None:
    return {"start": utc(window.rate_start), "end": utc(window.rate_end)} if window.is_load else None


def _service(service: ServiceReport) -> dict[str, Any]:
    return {
        "name": service.name,
        "profile": service.profile,
        "grade": service.grade,
        "users": service.users,
        "readings": [_reading(reading) for reading in service.readings],
        "groups": [asdict(group) for group in service.groups],
        "client": [asdict(each) for each in service.client],
        "client_notes": list(service.client_notes),
        "comparisons": [_comparison(each) for each in service.comparisons],
        "changes": [asdict(each) for each in service.changes],
        "change_notes": list(service.change_notes),
        "headroom": asdict(service.headroom),
        "in_place": list(service.in_place),
        "next_steps": [asdict(each) for each in service.next_steps],
        "highlights": list(service.highlights),
        "evidence": list(service.evidence),
        "remarks": list(service.remarks),
        "objectives": [asdict(each) for each in service.burns],
        "alerts": [
            {**asdict(each), "start": utc(each.start), "end": utc(each.end)} for each in service.alerts
        ],
        "histogram": [[_finite(edge), count] for edge, count in service.histogram],
    }


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "signal": reading.signal,
        "value": _finite(reading.value),
        "unit": reading.unit,
        "lower": _finite(reading.lower),
        "upper": _finite(reading.upper),
        "unbounded": reading.unbounded,
        "exact": reading.is_exact,
        "missing": _finite(reading.missing) if reading.unbounded or reading.missing else 0,
        "assumption": reading.assumption or None,
        "incomplete": reading.incomplete or None,
        "events": reading.events,
        "shown_by_promql": _finite(reading.shown),
        "target": reading.target,
        "floor": reading.floor,
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
        "edges": _edges(provenance.edges),
        "warnings": list(provenance.warnings),
    }


def _edges(edges: Edges | None) -> dict[str, Any] | None:
    return None if edges is None else {"first": utc(edges.first), "last": utc(edges.last), "idle": edges.idle}


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


def read(text: str, where: str) -> Report:
    """Read a report, as far as comparing and rendering need it. Raises UsageError if it is not one."""
    try:
        found = json.loads(text)
        schema = found["schema"]
        report = _report(found) if schema in (SCHEMA, *EARLIER) else None
    except Exception as error:  # noqa: BLE001  a foreign file can fail in any way
        raise UsageError(
            f"{where} is not a report written by `leadline snapshot -o json` ({error!r:.200})"
        ) from None
    if report is None:
        raise UsageError(f"{where} is not a report: its schema is {schema!r:.60}, not {SCHEMA!r}")
    return report


def _report(found: dict[str, Any]) -> Report:
    window, load = found["window"], found["load"]
    return Report(
        schema=found["schema"],
        project=found["project"],
        source=found["source"],
        window=Window(
            start=_moment(window["start"]),
            end=_moment(window["end"]),
            load_start=_moment(load["start"]) if load else None,
            load_end=_moment(load["end"]) if load else None,
            chosen=window["chosen"],
        ),
        services=tuple(_read_service(each) for each in found["services"]),
        links=found["links"],
    )


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _read_service(found: dict[str, Any]) -> ServiceReport:
    return ServiceReport(
        name=str(found["name"]),
        profile=str(found["profile"]),
        grade=str(found.get("grade", "")),
        users=None if found.get("users") is None else int(_count(found["users"])),
        readings=tuple(_read_reading(each) for each in found["readings"]),
        evidence=tuple(map(str, found["evidence"])),
        remarks=tuple(map(str, found["remarks"])),
        histogram=_histogram(found.get("histogram", ())),
    )


def _histogram(found: Iterable[tuple[object, object]]) -> tuple[tuple[float, float], ...]:
    """Read cumulative counts by upper edge, null for +Inf. Raises ValueError if counts or edges decrease."""
    edges, counts = [], [0.0]
    for edge, count in found:
        edges.append(math.inf if edge is None else _count(edge))
        counts.append(_count(count))
    if edges != sorted(set(edges)) or counts != sorted(counts):
        raise ValueError("a histogram's edges and cumulative counts must not decrease")
    return tuple(zip(edges, counts[1:], strict=True))


def _count(value: object) -> float:
    number = _number(value)
    if number is None or number < 0:
        raise ValueError(f"{value!r:.60} is not a count")
    return number


LARGEST = 1e100
"""Larger than any figure, with a finite square."""


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r:.60} is not a number")
    if not abs(value) < LARGEST:
        raise ValueError(f"{value!r:.60} is too large for a report")
    return float(value)


def _verdict(value: object) -> str | None:
    if value not in (None, MET, MISSED, UNDECIDED):
        raise ValueError(f"{value!r:.60} is not a verdict")
    return None if value is None else str(value)


def _read_reading(found: dict[str, Any]) -> Reading:
    return Reading(
        signal=str(found["signal"]),
        unit=str(found["unit"]),
        value=_number(found["value"]),
        lower=_number(found["lower"]),
        upper=_number(found["upper"]),
        unbounded=bool(found["unbounded"]),
        missing=math.inf if (lost := found.get("missing", 0)) is None else float(lost),
        assumption=str(found.get("assumption") or ""),
        incomplete=str(found.get("incomplete") or ""),
        events=None if found.get("events") is None else _count(found["events"]),
        shown=_number(found["shown_by_promql"]),
        target=_number(found["target"]),
        floor=found.get("floor", False),
        verdict=_verdict(found["verdict"]),
        reason=str(found["reason"] or ""),
        note=str(found["note"] or ""),
        provenance=_read_provenance(found["provenance"]),
    )


def _read_provenance(found: dict[str, Any] | None) -> Provenance | None:
    if found is None:
        return None
    edges = found.get("edges")
    return Provenance(
        query=found["query"],
        samples=found["samples"],
        resets=found["resets"],
        edges=Edges(first=_moment(edges["first"]), last=_moment(edges["last"]), idle=edges["idle"])
        if edges
        else None,
        warnings=tuple(found["warnings"]),
    )
