"""Read references, token prices, the budget and machine prices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from leadline.base.units import duration, number, usd

from .model import Infrastructure, Price, Reference
from .targets import SCALARS
from .yaml_reader import Entry, Reader

FIGURES = (*SCALARS, "latency.p50", "latency.p90", "latency.p95", "latency.p99", "latency.mean")


def references(reader: Reader, entry: Entry) -> tuple[Reference, ...]:
    read = []
    for name, place in reader.table(entry).items():
        fields = reader.table(place, known=("source", *FIGURES), required=("source",))
        figures = {key: _figure(reader, key, value) for key, value in fields.items() if key != "source"}
        source = reader.text(fields["source"]) if "source" in fields else ""
        read.append(Reference(name=name, source=source, figures=figures))
    return tuple(read)


def _figure(reader: Reader, signal: str, entry: Entry) -> tuple[Decimal, Decimal]:
    parse_value = duration if signal.startswith("latency.") else SCALARS[signal][0]
    values = sorted(reader.parsed(item, parse_value, Decimal(0)) for item in reader.each(entry))
    if len(values) not in (1, 2):
        reader.fail(entry, "must be one value, or two: [low, high]")
    return (values[0], values[-1]) if values else (Decimal(0), Decimal(0))


def prices(reader: Reader, entry: Entry) -> tuple[Price, ...]:
    read = []
    for model, place in reader.table(entry).items():
        if not model.isprintable() or not model:
            reader.fail(place, "a model's name must be printable text on one line")
        known = ("input", "output", "as_of")
        fields = reader.table(place, known=known, required=known)
        if set(fields) == set(known):
            price_in = reader.parsed(fields["input"], _not_negative, Decimal(1))
            price_out = reader.parsed(fields["output"], _not_negative, Decimal(1))
            day = reader.parsed(fields["as_of"], _day, "")
            read.append(Price(model=model, input_usd=price_in, output_usd=price_out, as_of=day))
    if read and not any(each.input_usd or each.output_usd for each in read):
        reader.fail(entry, "every price is zero, so no spend could be computed; leave 'prices' out")
    return tuple(read)


def _not_negative(text: str) -> Decimal:
    value = number(text)
    if value < 0:
        raise ValueError(f"{text!r} is negative; a price is zero or more")
    return value


def _positive_usd(text: str) -> Decimal:
    value = usd(text)
    if value <= 0:
        raise ValueError(f"{text!r} must be more than zero; write for example 500 USD, or leave it out")
    return value


def infrastructure(reader: Reader, entry: Entry) -> Infrastructure | None:
    known = ("core_hour", "gib_hour", "as_of")
    fields = reader.table(entry, known=known, required=known)
    if set(fields) != set(known):
        return None
    return Infrastructure(
        core_hour_usd=reader.parsed(fields["core_hour"], usd, Decimal(0)),
        gib_hour_usd=reader.parsed(fields["gib_hour"], usd, Decimal(0)),
        as_of=reader.parsed(fields["as_of"], _day, ""),
    )


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is not a date; write for example 2026-11-01") from None


def budget(reader: Reader, entry: Entry) -> Decimal | None:
    fields = reader.table(entry, known=("monthly",), required=("monthly",))
    return reader.parsed(fields["monthly"], _positive_usd, Decimal(1)) if "monthly" in fields else None
