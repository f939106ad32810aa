"""Take a snapshot from a live Prometheus, or replay a recorded one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from leadline.catalog import loader
from leadline.catalog.model import Catalog, Service
from leadline.measure.window import Window
from leadline.prometheus.client import Prometheus
from leadline.reports import changes, snapshot
from leadline.reports.choose_window import seconds
from leadline.reports.client import Run
from leadline.reports.model import Report
from leadline.reports.recording import Recorder, Recording, read
from leadline.reports.recording import write as recording_text
from leadline.reports.request import Wanted, run_of
from leadline.reports.request import window as window_of
from leadline.signals.samples import Ask

from ..connections import Connection
from ..options import services
from ..rendering import load, save
from .rerun import again


def taken(connection: Connection, wanted: Wanted, freeze: Path | None) -> Report:
    """Measure, and record the answers in `freeze` if given."""
    catalog = connection.load()
    chosen = services(catalog, wanted.names)
    k6_text = load(wanted.k6) if wanted.k6 else ""
    with connection.open(catalog) as prometheus:
        recorder = Recorder(prometheus.ask)
        window = window_of(catalog, chosen, wanted, k6_text, recorder.ask)
        recording = Recording(
            catalog=load(connection.catalog_file),
            file=catalog.file,
            sources=catalog.sources,
            services=tuple(service.name for service in chosen),
            window=window,
            source=_source(connection, catalog, prometheus),
            settings={
                "monthly_requests": wanted.monthly_requests,
                "k6": k6_text,
                "k6_file": str(wanted.k6 or ""),
                "against_offset": wanted.against_offset,
                "again": list(again(connection, catalog, wanted, window)),
            },
        )
        report = _measured(recording, catalog, chosen, recorder.ask, draw=wanted.draw)
    if freeze:
        save(freeze, recording_text(replace(recording, answers=recorder.answers)), private=True)
    return report


def replayed(path: Path, catalog: Catalog | None, *, draw: bool, verify: bool = True) -> Report:
    """Judge a recorded snapshot again, by its own catalog or another."""
    recording = read(load(path), str(path), verify=verify)
    judge = catalog or loader.parse(recording.catalog, recording.file, recording.sources.__getitem__)
    return _measured(recording, judge, services(judge, recording.services), recording.ask, draw=draw)


def _measured(
    recording: Recording, catalog: Catalog, chosen: tuple[Service, ...], ask: Ask, *, draw: bool
) -> Report:
    """Take the snapshot, and the earlier one to compare it with; the same steps live and replayed."""
    settings = recording.settings
    run = run_of(settings.get("k6", ""), settings.get("k6_file", ""))

    def take(window: Window, run: Run | None) -> Report:
        volume = settings.get("monthly_requests")
        return snapshot.take(
            catalog,
            chosen,
            window,
            ask,
            recording.source,
            monthly_requests=volume,
            run=run,
            draw=draw,
        )

    report = replace(take(recording.window, run), again=tuple(settings.get("again", ())))
    offset = settings.get("against_offset")
    if offset:
        ago = seconds("--against-offset", offset)
        report = changes.compared(
            report, take(recording.window.earlier(ago), None), f"the same window {offset} ago"
        )
    return report


def _source(connection: Connection, catalog: Catalog, prometheus: Prometheus) -> str:
    """Return the source of a snapshot: context, URL (or a tunnel's Service) and server."""
    what = prometheus.flavour()
    if connection.url:
        return f"{prometheus.url}, {what}"
    context = connection.context(catalog)
    service = context.prometheus.service if context.prometheus else ""
    return f"context {context.name}, {service or prometheus.url}, {what}"
