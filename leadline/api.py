"""What a Python program asks for in one call: a snapshot, as an object that prints itself."""

from __future__ import annotations

import html
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.base.errors import UsageError
from leadline.base.units import promql_duration
from leadline.catalog import context_file, loader, trust
from leadline.catalog.model import Catalog
from leadline.measure.window import Window
from leadline.prometheus.client import Prometheus
from leadline.prometheus.credentials import from_environment
from leadline.reports import document, headline, markdown, page, request, text
from leadline.reports import snapshot as snapshots
from leadline.reports.model import Report

if TYPE_CHECKING:
    import pandas as pd

Duration = str | int | float | timedelta
"""A length of time: "15m", a number of seconds, or a timedelta."""
Moment = str | int | float | datetime
"""A time: RFC 3339, "-1h" for an hour ago, seconds since the epoch, or a datetime with its time zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Report):
    """A report that writes itself: `print(report)`, `report.to_dict()`, and a page in a notebook.

    `report.services[0].reading("latency.p95")` is one figure, with its bounds and its verdict.
    """

    def __str__(self) -> str:
        return text.write(self)

    @property
    def headline(self) -> str:
        """The message on one line: verdict, figures beside their targets, what was measured."""
        return headline.of(self).line

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as `report.json` has them (its schema: `leadline schema report`)."""
        return document.document(self)

    def to_json(self) -> str:
        return document.write(self)

    def to_markdown(self) -> str:
        return markdown.write(self)

    def to_html(self) -> str:
        """Return one HTML page with charts, which loads nothing from outside."""
        return page.write(self)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each figure: service, signal, value, unit, lower, upper, exact, target, verdict, reason.

        Values are in base units; a missing value is NaN. Raises UsageError if pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise UsageError("to_frame() needs pandas; install leadline[frames], or use to_dict()") from None
        return pd.DataFrame(_rows(self))

    def _repr_html_(self) -> str:
        """Return the page in a frame, for notebooks."""
        return f'<iframe title="{html.escape(self.project)}" srcdoc="{html.escape(self.to_html())}" width="100%" height="720" style="border:0"></iframe>'


def _rows(report: Report) -> Iterator[dict[str, Any]]:
    for service in report.services:
        for each in service.readings:
            yield {
                "service": service.name,
                "signal": each.signal,
                "value": math.nan if each.value is None else each.value,
                "unit": each.unit,
                "lower": math.nan if each.lower is None else each.lower,
                "upper": math.nan if each.upper is None else each.upper,
                "exact": each.is_exact,
                "target": math.nan if each.target is None else each.target,
                "verdict": each.verdict,
                "reason": each.reason,
            }


def snapshot(
    catalog: Catalog | str | Path,
    *services: str,
    window: Duration | Window | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
    detect: Duration | None = None,
    k6: str | Path | None = None,
    url: str | None = None,
    context: str | None = None,
    monthly_requests: float | None = None,
) -> Snapshot:
    """Measure services over a window and judge them by the catalog.

    catalog           a Catalog, or the path of one
    services          their names; all of the catalog if none is given
    window            how long before `end`, 15 minutes by default; or a Window
    start, end        the window's ends; `end` is by default now, less two scrape intervals
    detect            find the last load test in this time, instead
    k6                the summary of a k6 run of one service: its window, its figures beside the server's
    url               the Prometheus to ask; credentials come from LEADLINE_PROMETHEUS_TOKEN, or _USER and _PASSWORD.
                      By default LEADLINE_URL, else the catalog's context
    context           the name of a context of the catalog or of your own file, instead
    monthly_requests  project the month's cost for so many requests

    Raises CatalogError for a catalog that cannot be read, UsageError for arguments that make no sense, and another
    LeadlineError if Prometheus cannot be asked. What could not be measured is in the report, with the reason.
    """
    read = catalog if isinstance(catalog, Catalog) else loader.load(catalog)
    chosen = tuple(read.service(name) for name in services) or read.services
    path = None if k6 is None else Path(k6)
    k6_text = _text(path) if path else ""
    wanted = request.Wanted(
        names=services,
        length=None if window is None or isinstance(window, Window) else _duration(window),
        start=_moment(start),
        end=_moment(end),
        detect=None if detect is None else _duration(detect),
        k6=path,
        monthly_requests=monthly_requests,
        against_offset=None,
        draw=True,
    )
    with _opened(read, url, context) as prometheus:
        span = (
            window
            if isinstance(window, Window)
            else request.window(read, chosen, wanted, k6_text, prometheus.ask)
        )
        report = snapshots.take(
            read,
            chosen,
            span,
            prometheus.ask,
            prometheus.url,
            monthly_requests=monthly_requests,
            run=request.run_of(k6_text, str(path)),
            draw=True,
        )
    return Snapshot(**{each.name: getattr(report, each.name) for each in fields(Report)})


@contextmanager
def _opened(catalog: Catalog, url: str | None, context: str | None) -> Iterator[Prometheus]:
    """Open the Prometheus that was named; a Service of a cluster needs a tunnel, which only the command line opens."""
    if url and context:
        raise UsageError("url and context exclude each other; give one")
    address = url or (None if context else os.environ.get("LEADLINE_URL"))
    if address:
        endpoint = from_environment(address.rstrip("/"), "PROMETHEUS")
    else:
        found, file = context_file.known(catalog.contexts, catalog.file).pick(context)
        if found.prometheus is None or not found.prometheus.url:
            raise UsageError(
                f"context '{found.name}' of {file} names no URL of a Prometheus; run `leadline forward prometheus`, and give its url"
            )
        endpoint = found.prometheus
        trust.require(found, endpoint, file, granted=bool(os.environ.get("LEADLINE_TRUST")))
    with Prometheus(endpoint) as prometheus:
        yield prometheus


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None


def _duration(length: Duration) -> str:
    if isinstance(length, timedelta):
        length = length.total_seconds()
    return length if isinstance(length, str) else promql_duration(length)


def _moment(time: Moment | None) -> str | None:
    if isinstance(time, datetime):
        return time.isoformat()
    return None if time is None else str(time)
