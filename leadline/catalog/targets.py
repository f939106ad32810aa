"""Read targets, objectives and alert tuning."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from leadline.base.units import duration, number, per_second, plain, ratio, show, usd
from leadline.signals.instruments import Instrument
from leadline.signals.objective import Objective

from . import profiles
from .model import Target, Tuning
from .yaml_reader import Entry, Reader

PERIODS = (7, 28, 30)
SMALLEST_BUDGET = Decimal("0.000001")
"""The smallest share of bad events that an objective may allow: six nines."""
MOST_RESTARTS, MOST_TIMES, MOST_EVENTS = 20, 1000, 100_000
LEAST_PART = Decimal("0.001")
"""Limits of alert tuning: values beyond them make an alert meaningless."""


def _price(text: str) -> Decimal:
    value = usd(text)
    if value <= 0:
        raise ValueError(f"{text!r} must be more than zero; write for example 0.01 USD, or leave it out")
    return value


SCALARS = {
    "error_ratio": (ratio, "ratio", False),
    "throughput": (per_second, "requests_per_second", True),
    "cost_per_request": (_price, "usd", False),
    "cost_per_1k_tokens": (_price, "usd", False),
}
"""Targets with a single value: parser, unit, whether it is a floor."""
DISTRIBUTIONS = ("latency", *profiles.HISTOGRAMS)
OBJECTIVES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "availability": (("target", "period"), ()),
    "latency": (("target", "period", "within"), ()),
    "freshness": (("target", "period"), ("of",)),
    "cost": (("target", "period"), ("per_request", "per_1k_tokens")),
}
"""Objectives, each with its required and optional keys."""
LIMITS = {"per_request": ("requests", 1), "per_1k_tokens": ("tokens", 1000)}
"""Unit of a cost objective's limit: the instrument that counts it, and how many."""


def targets(reader: Reader, entry: Entry) -> tuple[Target, ...]:
    table = reader.table(entry, known=(*DISTRIBUTIONS, *SCALARS))
    found = [
        target
        for instrument in DISTRIBUTIONS
        if instrument in table
        for target in _quantiles(reader, instrument, table[instrument])
    ]
    for name, (parse_value, unit, floor) in SCALARS.items():
        if name in table:
            value = reader.parsed(table[name], parse_value, Decimal(0))
            found.append(Target(signal=name, value=value, unit=unit, floor=floor))
    return tuple(found)


def _quantiles(reader: Reader, instrument: str, entry: Entry) -> Iterator[Target]:
    """Read the targets of one histogram; p99.9 and p999 are the same quantile, allowed once."""
    seen: dict[str, str] = {}
    for name, place in reader.table(entry).items():
        found = re.fullmatch(r"p([5-9]\d)\.?(\d{0,4})", name)
        if found is None:
            reader.fail(place, f"{name!r} is not a quantile; write for example p95, p99 or p99.9")
            continue
        signal = f"{instrument}.p{found[1]}{found[2].rstrip('0')}"
        if signal in seen:
            reader.fail(place, f"{name} is the same quantile as {seen[signal]}; keep one of them")
            continue
        seen[signal] = name
        yield Target(signal=signal, value=reader.parsed(place, duration, Decimal(1)), unit="seconds")


def objectives(reader: Reader, entry: Entry, instruments: Mapping[str, Instrument]) -> tuple[Objective, ...]:
    """Read the objectives of a service; a threshold between bucket edges is a mistake."""
    found = (
        _objective(reader, name, place, instruments)
        for name, place in reader.table(entry, known=OBJECTIVES).items()
    )
    return tuple(each for each in found if each)


def _objective(
    reader: Reader, name: str, entry: Entry, instruments: Mapping[str, Instrument]
) -> Objective | None:
    required, optional = OBJECTIVES[name]
    fields = reader.table(entry, known=(*required, *optional), required=required)
    if not set(required) <= set(fields):
        return None
    objective = Objective(
        name=name,
        target=reader.parsed(fields["target"], _below_one, Decimal("0.99")),
        period_seconds=reader.parsed(fields["period"], _period, Decimal(604800)),
    )
    if name == "latency":
        within = reader.parsed(fields["within"], duration, Decimal(1))
        _check_edge(reader, fields["within"], within, instruments.get("latency"))
        return replace(objective, within=within)
    if name == "freshness":
        of = reader.choice(fields["of"], instruments) if "of" in fields else next(iter(instruments), "")
        return replace(objective, of=of)
    return _with_limit(reader, entry, fields, objective) if name == "cost" else objective


def _with_limit(
    reader: Reader, entry: Entry, fields: Mapping[str, Entry], objective: Objective
) -> Objective | None:
    stated = [key for key in LIMITS if key in fields]
    if len(stated) != 1:
        reader.fail(entry, "needs one of 'per_request' and 'per_1k_tokens', the maximum cost")
        return None
    of, many = LIMITS[stated[0]]
    limit = reader.parsed(fields[stated[0]], _price, Decimal(1)) / many
    return replace(objective, of=of, limit_usd=limit)


def _below_one(text: str) -> Decimal:
    value = ratio(text)
    if not 0 < value < 1:
        raise ValueError(f"{text!r} leaves no error budget, or promises nothing; write for example 99.9%")
    if 1 - value < SMALLEST_BUDGET:
        raise ValueError(
            f"{text!r} is more than can be measured; write at most {plain((1 - SMALLEST_BUDGET) * 100)}%"
        )
    return value


def _period(text: str) -> Decimal:
    seconds = duration(text)
    if seconds not in {Decimal(days * 86400) for days in PERIODS}:
        raise ValueError(f"{text!r} is not a period; write {', '.join(f'{days}d' for days in PERIODS)}")
    return seconds


def _check_edge(reader: Reader, entry: Entry, within: Decimal, latency: Instrument | None) -> None:
    """Reject a threshold between two bucket edges: the share within it can only be estimated."""
    if latency is None or latency.native or not latency.buckets or within in latency.buckets:
        return
    if within > latency.buckets[-1]:
        last = plain(latency.buckets[-1])
        reader.fail(
            entry,
            f"{plain(within)}s lies beyond the last bucket of {latency.metric}, {last}s, so slower requests cannot be counted; "
            f"write {last}s or less, or add a bucket at {plain(within)}",
        )
        return
    below = [edge for edge in latency.buckets if edge < within]
    near = (*below[-1:], next(edge for edge in latency.buckets if edge > within))
    named = " or ".join(show(float(edge), "seconds").replace(" ", "") for edge in near)
    reader.fail(
        entry,
        f"{plain(within)}s is not an edge of {latency.metric}'s buckets, so the share within it cannot be counted; "
        f"write {named}, or add a bucket at {plain(within)}",
    )


def tuning(reader: Reader, entry: Entry, names: Collection[str], base: Tuning) -> Tuning:
    """Read alert tuning on top of `base`; `names` are the alerts that may be turned off."""
    fields = reader.table(entry, known=(*TUNINGS, "off"))
    read = {
        key: reader.parsed(place, TUNINGS[key], Decimal(1)) for key, place in fields.items() if key != "off"
    }
    off = base.off
    if "off" in fields:
        off = (*off, *(reader.choice(item, names) for item in reader.each(fields["off"])))
    return replace(base, **read, off=off)


def _times(text: str) -> Decimal:
    value = number(text.removesuffix("x").strip())
    if value < 1:
        raise ValueError(f"{text!r} is less than 1; write for example 1.2 or 2")
    if value > MOST_TIMES:
        raise ValueError(
            f"{text!r} is more than {MOST_TIMES} times; write for example 1.2 or 2, or turn the alert off"
        )
    return value


def _part(text: str) -> Decimal:
    value = ratio(text)
    if not 0 < value < 1:
        raise ValueError(f"{text!r} must be more than 0 and less than 1; write for example 50%")
    if not LEAST_PART <= value <= 1 - LEAST_PART:
        raise ValueError(
            f"{text!r} is not between 0.1% and 99.9%; write for example 50%, or turn the alert off"
        )
    return value


def _count(text: str) -> Decimal:
    value = number(text)
    if value < 0 or value != value.to_integral_value():
        raise ValueError(f"{text!r} is not a count; write a whole number")
    if value > MOST_EVENTS:
        raise ValueError(f"{text!r} is more than {MOST_EVENTS}; write a smaller count")
    return value


def _restarts(text: str) -> Decimal:
    value = _count(text)
    if not 1 <= value <= MOST_RESTARTS:
        raise ValueError(f"{text!r} is not between 1 and {MOST_RESTARTS} restarts an hour")
    return value


TUNINGS: Mapping[str, Callable[[str], Decimal]] = {
    "least_events": _count,
    "least_bad": _count,
    "headroom": _times,
    "exhausted": _part,
    "throttled": _part,
    "traffic_drop": _part,
    "traffic_surge": _times,
    "spend_surge": _times,
    "restarts": _restarts,
}
"""The keys of `alerts`, and the parser of each."""
