"""Times and figures as the page writes them."""

from __future__ import annotations

from evidence.replay.month import DAY, HOUR, moment


def when(minute: int) -> str:
    return f"{moment(minute):%a %d %b %H:%M}"


def span(minutes: float | None) -> str:
    """Write minutes for people: 4 min, 6 h 29 min, 2 d; – where there are none."""
    if minutes is None:
        return "–"
    whole = round(minutes)
    if whole < 0:
        return f"-{span(-minutes)}"
    parts = ((whole // DAY, "d"), (whole % DAY // HOUR, "h"), (whole % HOUR, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"


def percent(share: float) -> str:
    """Write a share; one that rounds to nothing has no sign."""
    return f"{round(100 * share, 2) + 0:.2f} %"


def number(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")
