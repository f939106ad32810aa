"""What a snapshot measures, from the command line, and its window."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from leadline.base.errors import UsageError
from leadline.catalog.model import Catalog, Service
from leadline.measure import load_detection
from leadline.measure.measurements import pad
from leadline.measure.window import Window
from leadline.signals.samples import Ask

from . import choose_window, client
from .client import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to measure, from the command line."""

    names: tuple[str, ...]
    length: str | None
    start: str | None
    end: str | None
    detect: str | None
    k6: Path | None
    monthly_requests: float | None
    against_offset: str | None
    draw: bool


def check_alone(wanted: Wanted, freeze: Path | None) -> None:
    """Raise UsageError if options contradict a frozen snapshot."""
    given = [
        option
        for option, value in (
            ("SERVICE", wanted.names), ("--window", wanted.length), ("--start", wanted.start), ("--end", wanted.end),
            ("--detect", wanted.detect), ("--k6", wanted.k6), ("--monthly-requests", wanted.monthly_requests),
            ("--against-offset", wanted.against_offset), ("--freeze", freeze),
        )
        if value
    ]  # fmt: skip
    if given:
        raise UsageError(f"a frozen snapshot has its own services and window; leave out {', '.join(given)}")


def run_of(text: str, where: str) -> Run | None:
    """Read the summary of a k6 run, if there is one."""
    return client.read(text, where) if text else None


def window(catalog: Catalog, chosen: tuple[Service, ...], wanted: Wanted, k6_text: str, ask: Ask) -> Window:
    """Return the window: as given, the k6 run's, or the last load found. Raises UsageError."""
    now, interval = time.time(), float(catalog.scrape_interval)
    explicit = wanted.length or wanted.start or wanted.end
    if wanted.detect and explicit:
        raise UsageError("--detect finds the window; leave out --window, --start and --end")
    run = run_of(k6_text, str(wanted.k6))
    if run and len(chosen) > 1:
        names = ", ".join(service.name for service in chosen)
        raise UsageError(f"--k6 is a run against one service; name it: one of {names}")
    if wanted.detect:
        look_back = choose_window.seconds("--detect", wanted.detect)
        found = load_detection.find(chosen, ask, now - pad(interval), look_back, interval)
        return choose_window.of_plateau(found, now=now, scrape_interval=interval)
    if run and wanted.k6 and not explicit:
        at = wanted.k6.stat().st_mtime
        return choose_window.of_run(run, at, str(wanted.k6), now=now, scrape_interval=interval)
    return choose_window.window(wanted.length, wanted.start, wanted.end, now=now, scrape_interval=interval)
