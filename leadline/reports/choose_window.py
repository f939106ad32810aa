"""Choose the window: from --window, --start and --end, a k6 run, or the last load found."""

from __future__ import annotations

import re
from datetime import datetime

from leadline.base.errors import UsageError
from leadline.base.units import duration, show
from leadline.measure.load_detection import Plateau
from leadline.measure.measurements import pad
from leadline.measure.window import Window, utc

from .client import Run

DEFAULT = "15m"
LOOK_BACK = "6h"
EDGES = 2
"""Scrape intervals to add before and after a load, so that the window's edges are idle."""


def window(
    length: str | None, start: str | None, end: str | None, *, now: float, scrape_interval: float
) -> Window:
    """Choose a window. Its default end leaves time for the scrapes after it.

    Raises UsageError for invalid times, for a start together with a length, and for the future.
    """
    if start and length:
        raise UsageError(
            "--window and --start exclude each other; give --start with --end, or --window with --end"
        )
    latest = now - pad(scrape_interval)
    ends = moment(end, now, "--end") if end else latest
    begins = moment(start, now, "--start") if start else ends - seconds("--window", length or DEFAULT)
    if ends > now:
        raise UsageError(f"the window ends in the future, at {utc(ends)}; now it is {utc(now)}")
    if begins >= ends:
        raise UsageError(f"the window starts at {utc(begins)}, which is not before its end, {utc(ends)}")
    if ends - begins < 2 * scrape_interval:
        raise UsageError(
            f"a window of {ends - begins:g} s holds fewer than two scrapes, which come every {scrape_interval:g} s; "
            "choose a longer one"
        )
    return Window(start=begins, end=ends, chosen=_chosen(length, start, end, ends > latest))


def moment(text: str, now: float, option: str) -> float:
    """Parse a time: RFC 3339, seconds or milliseconds since the epoch (as in Grafana's URLs), or relative ("-1h").

    Raises UsageError if it is invalid or ambiguous: a date without dashes, a local time that occurs twice.
    """
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return _epoch(text, option)
    if text.startswith("-"):
        try:
            return now - float(duration(text[1:]))
        except ValueError as error:
            raise UsageError(f"{option}: {error}") from None
    try:
        return _unambiguous(datetime.fromisoformat(text), text, option)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} {text!r} is not a time; write 2026-11-24T12:00:00Z, or -1h for an hour ago"
        ) from None


SECONDS_FROM, MILLISECONDS_FROM = 1e9, 1e12
"""Minimum of seconds and of milliseconds since the epoch (from 2001 on); smaller numbers are something else."""


def _epoch(text: str, option: str) -> float:
    number = float(text)
    if number >= MILLISECONDS_FROM:
        return number / 1000
    if number >= SECONDS_FROM:
        return number
    raise UsageError(
        f"{option} {text!r} could be a date or a number of seconds; write 2026-11-24T12:00:00Z, seconds since the epoch as "
        "1795521600, or milliseconds as 1795521600000"
    )


def _unambiguous(moment: datetime, text: str, option: str) -> float:
    """Return a time that is unique: without an offset it is local, and may occur twice or never."""
    if moment.tzinfo is not None:
        return moment.timestamp()
    first, second = moment.replace(fold=0).timestamp(), moment.replace(fold=1).timestamp()
    if first != second:
        times = " or ".join(dict.fromkeys(utc(each) for each in sorted((first, second))))
        raise UsageError(
            f"{option} {text!r} is within an hour that a clock change repeats or skips; write which: {times}"
        )
    return first


def _chosen(length: str | None, start: str | None, end: str | None, provisional: bool) -> str:
    given = [
        f"{name} {value}"
        for name, value in (("--window", length), ("--start", start), ("--end", end))
        if value
    ]
    text = " ".join(given) or f"the last {DEFAULT}"
    return f"{text}; provisional, scrapes after its end are still to come" if provisional else text


def of_run(run: Run, written: float, where: str, *, now: float, scrape_interval: float) -> Window:
    """Return the window of a k6 run, with idle edges: by its own clock, else back from its file's modification time."""
    start = run.started if run.started is not None else written - run.seconds
    end = start + run.seconds
    how = "its setup() returned its start" if run.started is not None else "which was written when it ended"
    edge = EDGES * scrape_interval
    latest = now - pad(scrape_interval)
    chosen = f"the run of {where}, {how}"
    if end + edge > latest:
        chosen += "; provisional, scrapes after its end are still to come"
    return Window(
        start=start - edge, end=min(end + edge, now), load_start=start, load_end=min(end, now), chosen=chosen
    )


def of_plateau(found: Plateau, *, now: float, scrape_interval: float) -> Window:
    """Return the window of a detected load, with idle edges; rates are over its steady state."""
    edge = EDGES * scrape_interval
    load = f"load from {utc(found.start)} to {utc(found.end)}"
    span = "its steady state, ramps left out" if found.has_steady_state else "whole; it has no steady state"
    return Window(
        start=found.start - edge,
        end=min(found.end + edge, now - pad(scrape_interval)),
        load_start=found.steady_start,
        load_end=found.steady_end,
        whole_load=not found.has_steady_state,
        chosen=f"--detect: {load}, at about {show(found.rate, 'requests_per_second')}, "
        f"usually {show(found.usual, 'requests_per_second')}; the load's span is {span}",
    )


def seconds(option: str, text: str) -> float:
    """Parse the duration of an option. Raises UsageError."""
    try:
        return float(duration(text))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
