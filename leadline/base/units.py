"""Parse quantities as people write them (400ms, 1%, 1000 rps, 0.014 USD), and format them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation, localcontext

SECONDS_PER_HOUR = 3600
MOST_DIGITS, MOST_CHARACTERS = 15, 40
"""Limits of a number in a catalog: digits that a float holds, and characters."""
HOURS_PER_MONTH = 730
"""365 days × 24 hours ÷ 12, the month that cloud prices are quoted for."""

LONGEST_SECONDS = Decimal(10 * 365 * 86400)
_DURATION_UNITS = {
    "us": Decimal("0.000001"),
    "µs": Decimal("0.000001"),
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
    "w": Decimal(604800),
}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(us|µs|ms|s|m|h|d|w)")
_RATE = re.compile(r"([\d.]+)\s*(rps|rpm|/s|req/s|/min)")
_USD = re.compile(r"(?:\$\s*([\d.]+)|([\d.]+)\s*(?:USD|usd|\$))")


def number(text: str) -> Decimal:
    """Read a plain, finite number exactly. Raise ValueError with the remedy."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(
            f"{text[:12]!r}… has {len(text)} characters; write a number of at most {MOST_DIGITS} digits"
        )
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    if value and not -MOST_DIGITS <= value.adjusted() < MOST_DIGITS:
        raise ValueError(
            f"{text!r} is out of range; write a number between 1e-{MOST_DIGITS} and 1e{MOST_DIGITS}"
        )
    return clean(value)


def clean(value: Decimal) -> Decimal:
    """Round to the digits that a float always holds, so that 0.30000000000000004 is 0.3."""
    return rounded(value, MOST_DIGITS)


def rounded(value: Decimal, digits: int) -> Decimal:
    """Round to significant digits; return a value with fewer digits unchanged."""
    with localcontext(prec=digits):
        found = +value
    return found if found != value else value


def duration(text: str) -> Decimal:
    """Read a duration ("400ms", "1.5s", "1h30m", "7d") as seconds, greater than zero."""
    joined = text.replace(" ", "")
    if len(joined) > MOST_CHARACTERS:
        raise ValueError(f"{joined[:12]!r}… is too long for a duration; write for example 400ms, 15s or 7d")
    parts = _DURATION_PART.findall(joined)
    if not parts or "".join(amount + unit for amount, unit in parts) != joined:
        if re.fullmatch(r"\d+(\.\d+)?", text):
            raise ValueError(f"{text!r} has no unit; write {text}ms or {text}s")
        raise ValueError(f"{text!r} is not a duration; write for example 400ms, 15s or 7d")
    seconds = sum((number(amount) * _DURATION_UNITS[unit] for amount, unit in parts), Decimal(0))
    if seconds <= 0:
        raise ValueError("a duration must be greater than zero")
    return seconds


def span(text: str) -> Decimal:
    """Read a retention or window in seconds: a duration of at most ten years."""
    seconds = duration(text)
    if seconds > LONGEST_SECONDS:
        raise ValueError(f"{text!r} is longer than ten years")
    return seconds


def ratio(text: str) -> Decimal:
    """Read a share ("1%", "99.9 %", "0.01") as a number from 0 to 1."""
    value = number(text[:-1].strip()) / 100 if text.endswith("%") else number(text)
    if not 0 <= value <= 1:
        raise ValueError(f"{text!r} is not between 0 and 1; write for example 1% or 0.01")
    return value


def per_second(text: str) -> Decimal:
    """Read a rate ("1000 rps", "60000 rpm", "20/s") as events per second."""
    found = _RATE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a rate; write for example 1000 rps")
    value = number(found[1])
    return value / 60 if found[2] in ("rpm", "/min") else value


def usd(text: str) -> Decimal:
    """Read an amount of money ("0.014 USD", "$500") as US dollars."""
    found = _USD.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not an amount in US dollars; write for example 500 USD")
    return number(found[1] or found[2])


def plain(value: Decimal | float) -> str:
    """Write a number in full, without exponent, trailing zeros or binary noise: 0.4, 1000, 0.0000025."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def promql_duration(seconds: Decimal | float) -> str:
    """Write seconds as Prometheus does, in one unit where possible: 5m, 90s, 1500ms."""
    milliseconds = int(Decimal(str(seconds)) * 1000)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds >= size and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def significant(value: float, digits: int = 3) -> str:
    """Round to so many significant digits, thousands by commas: 65.6, 1,258, 0.00412; whole ones plain."""
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(decimals, 12)}f}"
    whole, _, rest = text.partition(".")
    return text if rest.strip("0") else whole


def show(value: float, unit: str) -> str:
    """Write a value for people; `unit` is one of the base units of a report.

    Units: seconds, ratio, requests_per_second, usd, usd_per_hour, usd_per_month, requests, tokens, concurrent, bytes,
    cores, connections, tasks, replicas, "".
    """
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return _SHOWN.get(unit, significant)(value)


def goal(value: float, unit: str) -> str:
    """Write a target for people, as `show`, without the zeros that only a measurement needs: 1 %, $0.01."""
    return re.sub(r"(\.\d*?)0+(?!\d)", r"\1", show(value, unit)).replace(". ", " ").removesuffix(".")


def _show_seconds(value: float) -> str:
    if 0 < abs(value) < 0.0009995:  # above, three digits round to 1 ms
        return f"{significant(value * 1e6)} µs"
    if 0 < abs(value) < 0.9995:
        return f"{significant(value * 1000)} ms"
    return f"{significant(value)} s"


def _show_ratio(value: float) -> str:
    """Write a share in percent, with enough digits that 99.97 % is never shown as 100 %."""
    percent = value * 100
    if percent in (0, 100):
        return f"{percent:.0f} %"
    distance = min(percent, 100 - percent)
    if percent >= 1000:
        return f"{significant(percent)} %"
    decimals = 2 if distance <= 0 else max(2, 1 - math.floor(math.log10(distance)))
    return f"{percent:.{min(decimals, 6)}f} %"


def _show_usd(value: float) -> str:
    return f"${significant(value) if abs(value) < 100 else f'{value:,.0f}'}"


def _show_count(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or value >= 1000 else f"{value:,.1f}"


def _show_bytes(value: float) -> str:
    """Write bytes in powers of 1024, like memory limits."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if abs(value) >= size:
            return f"{significant(value / size)} {unit}"
    return f"{value:.0f} B"


_SHOWN: dict[str, Callable[[float], str]] = {
    "seconds": _show_seconds,
    "ratio": _show_ratio,
    "requests_per_second": lambda value: f"{significant(value)} req/s",
    "tokens_per_second": lambda value: f"{significant(value)} tokens/s",
    "usd": _show_usd,
    "usd_per_hour": lambda value: f"{_show_usd(value)}/h",
    "usd_per_month": lambda value: f"{_show_usd(value)}/month",
    "requests": _show_count,
    "tokens": _show_count,
    "bytes": _show_bytes,
    "cores": lambda value: f"{significant(value)} core" + ("" if value == 1 else "s"),
    "connections": lambda value: f"{_show_count(value)} connections",
    "tasks": lambda value: f"{_show_count(value)} tasks",
    "replicas": lambda value: f"{_show_count(value)} replicas",
}
