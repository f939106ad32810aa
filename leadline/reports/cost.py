"""Cost: tokens and spend in the window, per request and per 1,000 tokens, and per month at a stated or observed volume."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from leadline.base.units import HOURS_PER_MONTH, SECONDS_PER_HOUR, show
from leadline.catalog.model import Infrastructure, Price, Reference, Service
from leadline.measure.bounds import Bounded, Count, mixed, quotient, total
from leadline.measure.measured import Keep, Labels, Measured, NotMeasured
from leadline.measure.measurements import Measurements
from leadline.measure.reading import Reading
from leadline.signals.labels import Label

from .verdicts import judged, judged_by, target_for

TOKEN_TYPES = ("input", "output")
AGREE = 0.01
"""Counted spend and spend computed from tokens agree within this share."""
CACHED, WRITTEN = 0.1, 1.25
"""What providers charge for an input token read from their cache, and for one written to it, as shares of the input price."""
WEEK_SECONDS = 7 * 86400.0
MILLION = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Inputs for computing cost.

    monthly_requests  the volume of a projected month; without it, only an observed week is projected
    """

    prices: tuple[Price, ...] = ()
    monthly_budget_usd: float | None = None
    references: tuple[Reference, ...] = ()
    monthly_requests: float | None = None
    infrastructure: Infrastructure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """The spend, from a counter or from tokens × prices.

    measured  the counters of spend, or of tokens
    parts     counted amounts, each with its unit price; `load_parts` while the load ran
    missing   dollars that may be missing
    unpriced  whether some tokens have no known price, so that more was spent
    """

    measured: Measured
    parts: tuple[tuple[Count, Rates], ...]
    load_parts: tuple[tuple[Count, Rates], ...]
    missing: float
    unpriced: bool = False
    note: str = ""

    def count(self, *, load: bool = False) -> Count:
        """Return the dollars spent in the window, or while the load ran."""
        priced = (rates.of(count) for count, rates in (self.load_parts if load else self.parts))
        return replace(total(priced), missing=math.inf if self.unpriced else self.missing)


@dataclass(frozen=True, slots=True)
class Rates:
    """The price of one token, or of one dollar, in dollars: lowest, likely, highest."""

    low: float
    likely: float
    high: float

    def of(self, count: Count) -> Count:
        return Count(
            value=count.value * self.likely,
            lower=count.lower * self.low,
            upper=count.upper * self.high,
            perhaps=count.perhaps * self.high,
        )


ONE_DOLLAR = Rates(1.0, 1.0, 1.0)


def readings(measurements: Measurements, terms: Terms) -> Iterator[Reading]:
    """Yield tokens, spend and derived figures: unit costs, the month, its share of the budget, savings.

    Spend comes from the counter of spend if there is one, else from tokens × the catalog's prices; never from both.
    """
    tokens = measurements.find("tokens")
    counted = _counted(measurements.find("cost"))
    priced, unpriced = _priced(tokens, terms.prices)
    spent = priced if isinstance(counted, NotMeasured) and not isinstance(priced, NotMeasured) else counted
    yield from _tokens(tokens)
    spend = _spend(spent)
    yield spend
    if not isinstance(counted, NotMeasured) and not isinstance(priced, NotMeasured):
        yield _cross_check(spend, _spend(priced))
    if unpriced:
        yield unpriced
    service, requests = measurements.service, measurements.find("requests")
    per_request = _per_request(spent, requests)
    per_tokens = _per_1k_tokens(spent, tokens)
    month = _month(spent, per_request, terms.monthly_requests)
    yield _hourly(spent)
    yield month
    yield _judged(per_request, service)
    yield _judged(per_tokens, service)
    yield _times(per_request, MILLION, "cost_per_million_requests", "usd", "cost per request × 1,000,000")
    yield from _budget(month, per_request, terms)
    yield from _infrastructure(measurements, tokens, terms)
    yield from _savings(month, {each.signal: each for each in (per_request, per_tokens)}, terms.references)


def _counted(found: Measured | NotMeasured) -> Spend | NotMeasured:
    if isinstance(found, NotMeasured):
        return found
    amount = found.count()
    return Spend(
        measured=found,
        parts=((amount, ONE_DOLLAR),),
        load_parts=((found.over_load(), ONE_DOLLAR),),
        missing=amount.missing,
    )


def _dates(prices: tuple[Price, ...]) -> str:
    days = sorted({price.as_of for price in prices})
    return f" of {days[0]}" + (f" to {days[-1]}" if len(days) > 1 else "") if days else ""


def _priced(
    tokens: Measured | NotMeasured, prices: tuple[Price, ...]
) -> tuple[Spend | NotMeasured, Reading | None]:
    """Return the cost of the tokens at the catalog's prices, and the tokens without a price."""
    if isinstance(tokens, NotMeasured) or not prices:
        return NotMeasured("the catalog names no prices"), None
    model, kind = tokens.instrument.label("model"), tokens.instrument.label("token_type")
    if model is None or kind is None:
        return NotMeasured(
            f"{tokens.instrument.metric} does not distinguish models, or input from output"
        ), None
    by_key = _rates(prices, cached=tokens.instrument.cached != "none")

    def key(labels: Labels) -> tuple[str, str]:
        return model.read(labels) or "", kind.read(labels) or ""

    parts, load_parts = tokens.by(key), tokens.by(key, over_load=True)
    unpriced = _unpriced(tokens, {each: count for each, count in parts.items() if each not in by_key})
    if not set(parts) & set(by_key):
        return NotMeasured("no model that was used has a price in the catalog"), unpriced
    highest = max(by_key[each].high for each in parts if each in by_key)
    lost = tokens.missing(tokens.window.start, tokens.window.end)
    note = f"tokens × catalog prices{_dates(prices)}"
    if tokens.instrument.cached != "none":
        note += (
            f"; a range, because some may be cached input tokens, which cost {CACHED:g} to {WRITTEN:g} times as much "
            "(set `cached: none` in the profile if there are none)"
        )
    spend = Spend(
        measured=tokens,
        parts=tuple((count, by_key[each]) for each, count in parts.items() if each in by_key),
        load_parts=tuple((count, by_key[each]) for each, count in load_parts.items() if each in by_key),
        missing=lost * highest,
        unpriced=unpriced is not None,
        note=note + ("; tokens without a price are excluded" if unpriced else ""),
    )
    return spend, unpriced


def _rates(prices: tuple[Price, ...], *, cached: bool) -> dict[tuple[str, str], Rates]:
    """Return the price of one token by model and token type."""
    found: dict[tuple[str, str], Rates] = {}
    low, high = (CACHED, WRITTEN) if cached else (1.0, 1.0)
    for each in prices:
        usd, output = float(each.input_usd) / MILLION, float(each.output_usd) / MILLION
        found[each.model, "input"] = Rates(usd * low, usd, usd * high)
        found[each.model, "output"] = Rates(output, output, output)
    return found


def _unpriced(tokens: Measured, found: dict[tuple[str, str], Count]) -> Reading | None:
    names = sorted({model for (model, _), count in found.items() if count.value})
    if not names:
        return None
    reading = tokens.reading("tokens.unpriced", "tokens", total(found.values()))
    return replace(reading, note=f"of models without a price in the catalog: {', '.join(names)}")


def _cross_check(counted: Reading, priced: Reading) -> Reading:
    """Compare tokens × price with the counter of spend, and note a disagreement."""
    note = f"{priced.note}; compared with the counter of spend, never added"
    low, high = priced.lower or 0.0, priced.judged_upper or priced.upper or 0.0
    inside = (counted.lower or 0.0) <= high * (1 + AGREE) and (counted.upper or 0.0) >= low * (1 - AGREE)
    if counted.value and priced.value is not None and not inside:
        share = priced.value / counted.value - 1
        note += f". They DISAGREE by {100 * share:+.0f} %: are the catalog's prices, or the service's, out of date?"
    return replace(priced, signal="cost.from_prices", note=note)


def _times(reading: Reading, factor: float, signal: str, unit: str, note: str) -> Reading:
    """Multiply a reading by an exact factor."""

    def scaled(value: float | None) -> float | None:
        return None if value is None else value * factor

    return replace(
        reading,
        signal=signal,
        unit=unit,
        value=scaled(reading.value),
        lower=scaled(reading.lower),
        upper=scaled(reading.upper),
        judged_upper=scaled(reading.judged_upper),
        missing=reading.missing * factor,
        verdict=None,
        target=None,
        note=note if reading.value is not None else "",
    )


def _month(spent: Spend | NotMeasured, per_request: Reading, volume: float | None) -> Reading:
    """Project a month from a stated number of requests or an observed week, never from less."""
    none = Reading(signal="cost_per_month", unit="usd_per_month")
    if isinstance(spent, NotMeasured):
        return replace(none, reason=spent.reason)
    if volume is not None:
        note = f"cost per request × {show(volume, 'requests')} requests a month, as stated"
        return _times(per_request, volume, none.signal, none.unit, note)
    window = spent.measured.window
    if window.seconds < WEEK_SECONDS or window.is_load:
        return replace(
            none,
            reason="a month is projected from a stated volume (--monthly-requests) or an observed week, never from minutes",
        )
    months = window.seconds / SECONDS_PER_HOUR / HOURS_PER_MONTH
    reading = spent.measured.reading(none.signal, none.unit, spent.count(), per=months)
    return replace(reading, note=f"if the month is like the observed {window.seconds / 86400:.0f} days")


def _budget(month: Reading, per_request: Reading, terms: Terms) -> Iterator[Reading]:
    """Judge the month's budget like a target; without a month, do not judge."""
    if not terms.monthly_budget_usd:
        return
    budget = terms.monthly_budget_usd
    share = replace(
        _times(month, 1 / budget, "cost.budget_share", "ratio", ""),
        reason=month.reason,
        note=f"of the monthly budget of {show(budget, 'usd')}",
    )
    if per_request.value:
        lasts = show(budget / per_request.value, "requests")
        share = replace(
            share, note=f"{share.note}, which lasts for about {lasts} requests at this cost per request"
        )
    yield judged_by(share, 1.0, "ratio") if month.value is not None else share


def _savings(
    month: Reading, unit_costs: dict[str, Reading], references: tuple[Reference, ...]
) -> Iterator[Reading]:
    """Yield how much more a month would cost at the low end of a reference's unit cost; without a month, a million requests."""
    per_request = unit_costs["cost_per_request"]
    spent, unit = month, month.unit
    if month.value is None:
        spent, unit = _times(per_request, MILLION, "", "usd", ""), "usd"
    for reference in references:
        stated = [signal for signal in unit_costs if signal in reference.figures]
        for signal, unit_cost in unit_costs.items():
            if signal not in reference.figures or not unit_cost.value or spent.value is None:
                continue
            by_unit = f".{signal.removeprefix('cost_')}" if len(stated) > 1 else ""
            low = float(reference.figures[signal][0])
            of = "for the same month" if unit == month.unit else "for a million requests"
            least, most = _saved(spent, unit_cost, low)
            yield Reading(
                signal=f"cost.savings.{reference.name}{by_unit}",
                unit=unit,
                value=spent.value * (low / unit_cost.value - 1),
                lower=least,
                upper=most,
                note=(
                    f"compared with {show(low, 'usd')} {signal.removeprefix('cost_').replace('_', ' ')} "
                    f"({reference.name}: {reference.source}), {of}"
                ),
                assumption=spent.assumption,
                incomplete=spent.incomplete,
                provenance=spent.provenance,
            )


def _saved(spent: Reading, unit_cost: Reading, low: float) -> tuple[float | None, float | None]:
    """Bound savings: spend × (reference ÷ unit cost − 1), each within its bounds."""
    if (
        spent.lower is None
        or spent.upper is None
        or not unit_cost.lower
        or not unit_cost.upper
        or spent.unbounded
    ):
        return None, None
    factors = [low / each - 1 for each in (unit_cost.lower, unit_cost.upper)]
    products = [each * factor for each in (spent.lower, spent.upper) for factor in factors]
    return min(products), max(products)


GIB = 2**30


def _infrastructure(
    measurements: Measurements, tokens: Measured | NotMeasured, terms: Terms
) -> Iterator[Reading]:
    """Yield what the machines cost in the window, and per 1,000 tokens: measured, else from stated prices."""
    measured = measurements.find("infrastructure")
    hourly, note = None, ""
    if not isinstance(measured, NotMeasured):
        level = measured.level()
        hourly, note = (level.mean if level else None), "mean cost of the machines per hour"
    elif terms.infrastructure:
        hourly, note = _stated(measurements, terms.infrastructure)
    elif "infrastructure" not in measurements.service.instruments:
        return
    signal = "cost.infrastructure"
    if hourly is None:
        reason = measured.reason if isinstance(measured, NotMeasured) and not terms.infrastructure else note
        yield Reading(signal=signal, unit="usd", reason=reason)
        return
    spent = hourly * measurements.window.seconds / SECONDS_PER_HOUR
    yield Reading(signal=signal, unit="usd", value=spent, note=note)
    yield Reading(signal=f"{signal}_per_hour", unit="usd_per_hour", value=hourly, note=note)
    count = 0.0 if isinstance(tokens, NotMeasured) else tokens.count().value
    if count:
        yield Reading(signal=f"{signal}_per_1k_tokens", unit="usd", value=1000 * spent / count, note=note)


def _stated(measurements: Measurements, prices: Infrastructure) -> tuple[float | None, str]:
    """Compute dollars per hour from stated prices: of the limits if known, else of the usage."""
    hourly, parts = 0.0, []
    for name, price, size in (("cpu", prices.core_hour_usd, 1), ("memory", prices.gib_hour_usd, GIB)):
        amount, kind = _amount(measurements, name)
        if amount is None:
            return None, f"neither {name} usage nor its limit was measured"
        hourly += amount / size * float(price)
        parts.append(f"{show(amount, 'cores' if name == 'cpu' else 'bytes')} {kind}")
    return hourly, f"{' and '.join(parts)}, at the catalog's prices of {prices.as_of}"


def _amount(measurements: Measurements, name: str) -> tuple[float | None, str]:
    limit = measurements.find(f"{name}_limit")
    level = None if isinstance(limit, NotMeasured) else limit.level()
    if level:
        return level.mean, "reserved"
    used = measurements.find(name)
    if isinstance(used, NotMeasured):
        return None, ""
    level = used.level()
    if level:
        return level.mean, "used"
    return used.over_load().value / used.window.rate_seconds, "used"


def _judged(reading: Reading, service: Service) -> Reading:
    target = target_for(service, reading.signal)
    return judged(reading, target) if target else reading


def _tokens(found: Measured | NotMeasured) -> Iterator[Reading]:
    if isinstance(found, NotMeasured):
        yield Reading(signal="tokens", unit="tokens", reason=found.reason)
        return
    yield found.reading("tokens", "tokens", found.count())
    kind = found.instrument.label("token_type")
    if kind is None:
        return
    for name in TOKEN_TYPES:
        yield found.reading(f"tokens.{name}", "tokens", found.count(_of_type(kind, name)))


def _of_type(label: Label, name: str) -> Keep:
    return lambda labels: label.read(labels) == name


def _spend(found: Spend | NotMeasured) -> Reading:
    if isinstance(found, NotMeasured):
        return Reading(signal="cost", unit="usd", reason=found.reason)
    return replace(found.measured.reading("cost", "usd", found.count()), note=found.note)


def _hourly(found: Spend | NotMeasured) -> Reading:
    """Return dollars per hour at the measured rate."""
    if isinstance(found, NotMeasured):
        return Reading(signal="cost_per_hour", unit="usd_per_hour", reason=found.reason)
    window = found.measured.window
    hours = window.rate_seconds / SECONDS_PER_HOUR
    reading = found.measured.reading("cost_per_hour", "usd_per_hour", found.count(load=True), per=hours)
    return replace(reading, note=f"at the rate of {'the load' if window.is_load else 'the window'}")


def _reason(*found: object) -> str:
    """Return the reason of the first missing figure."""
    return next(each.reason for each in found if isinstance(each, NotMeasured))


def _per_request(spent: Spend | NotMeasured, requests: Measured | NotMeasured) -> Reading:
    """Divide spend by requests, each within its own bounds, since their counters differ."""
    none = Reading(signal="cost_per_request", unit="usd")
    if isinstance(spent, NotMeasured) or isinstance(requests, NotMeasured):
        return replace(none, reason=_reason(spent, requests))
    count = requests.count()
    if not count.value:
        return replace(none, reason="no requests in the window")
    return _ratio(none, spent, quotient(spent.count(), count), requests)


def _per_1k_tokens(spent: Spend | NotMeasured, tokens: Measured | NotMeasured) -> Reading:
    """Divide spend by tokens, input and output together."""
    none = Reading(signal="cost_per_1k_tokens", unit="usd")
    if isinstance(spent, NotMeasured) or isinstance(tokens, NotMeasured):
        return replace(none, reason=_reason(spent, tokens))
    if spent.measured.instrument == tokens.instrument and not spent.unpriced:
        priced = [(count, rates.low, rates.likely, rates.high) for count, rates in spent.parts]
        found = mixed(priced, tokens.missing(tokens.window.start, tokens.window.end))
    else:
        found = quotient(spent.count(), tokens.count())
    if found.value is None:
        return replace(none, reason="no tokens in the window")
    return _ratio(none, spent, found, tokens, times=1000)


def _ratio(none: Reading, spent: Spend, found: Bounded, units: Measured, times: float = 1) -> Reading:
    reading = spent.measured.bounded(none.signal, none.unit, found, times=times)
    assumption = reading.assumption or units.assumption
    incomplete = reading.incomplete or units.incomplete
    return replace(reading, assumption=assumption, incomplete=incomplete, note=spent.note)
