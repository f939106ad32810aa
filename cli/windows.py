"""The window that a user asks for, from --window, --start and --end."""

from __future__ import annotations

import re
from datetime import datetime

from reports.questions import pad
from reports.window import Window, utc
from signals.errors import UsageError
from signals.units import duration

DEFAULT = "15m"


def window(
    length: str | None, start: str | None, end: str | None, *, now: float, scrape_interval: float
) -> Window:
    """Choose a window. Its end, where none is given, leaves time for the scrapes after it.

    Raises UsageError for what cannot be read, for both a start and a length with an end, and for the future.
    """
    if start and length:
        raise UsageError(
            "--window and --start say two things; give --start with --end, or --window with --end"
        )
    latest = now - pad(scrape_interval)
    ends = _moment(end, now, "--end") if end else latest
    begins = _moment(start, now, "--start") if start else ends - _seconds(length or DEFAULT)
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


def _seconds(text: str) -> float:
    try:
        return float(duration(text))
    except ValueError as error:
        raise UsageError(f"--window: {error}") from None


def _moment(text: str, now: float, option: str) -> float:
    """Read a time: RFC 3339, seconds since the epoch, or a while ago ("-1h")."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if text.startswith("-"):
        try:
            return now - float(duration(text[1:]))
        except ValueError as error:
            raise UsageError(f"{option}: {error}") from None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} {text!r} is not a time; write 2026-11-24T12:00:00Z, or -1h for an hour ago"
        ) from None
    return moment.timestamp()


def _chosen(length: str | None, start: str | None, end: str | None, provisional: bool) -> str:
    given = [
        f"{name} {value}"
        for name, value in (("--window", length), ("--start", start), ("--end", end))
        if value
    ]
    text = " ".join(given) or f"the last {DEFAULT}"
    return f"{text}; provisional, scrapes after its end are still to come" if provisional else text
