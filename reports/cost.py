"""Cost: tokens and spend in the window, per request and per 1,000 tokens, and the month if the rate lasted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reports.counters import Total
from reports.measured import Keep, Labels, Measured
from reports.model import Reading
from reports.questions import Soundings
from reports.verdicts import judged, target_for
from signals.catalog import Infrastructure, Price, Reference, Service
from signals.instruments import Label
from signals.units import HOURS_PER_MONTH, SECONDS_PER_HOUR, show

TOKEN_TYPES = ("input", "output")
AGREE = 0.01
"""Spend counted and spend reckoned from tokens agree within this share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What money is reckoned with.

    monthly_requests  the volume to project a month for; without it the rate that was measured is projected
    """

    prices: tuple[Price, ...] = ()
    monthly_budget_usd: float | None = None
    references: tuple[Reference, ...] = ()
    monthly_requests: float | None = None
    infrastructure: Infrastructure | None = None


def readings(soundings: Soundings, terms: Terms) -> Iterator[Reading]:
    """Give tokens, spend, and what follows from them: unit costs, the month, its share of the budget, savings.

    Spend comes from the counter of spend where there is one, else from tokens × the catalog's prices; never from both.
    """
    tokens, counted = soundings.find("tokens"), soundings.find("cost")
    priced, unpriced = _priced(tokens, terms.prices)
    cost, note = counted, ""
    if isinstance(counted, str) and not isinstance(priced, str):
        cost, note = priced, f"tokens × catalog prices{_dates(terms.prices)}"
    yield from _tokens(tokens)
    spend = _spend(cost)
    yield replace(spend, note=note)
    if not isinstance(counted, str) and not isinstance(priced, str):
        yield _beside(spend, _spend(priced), _dates(terms.prices))
    if unpriced:
        yield unpriced
    service = soundings.service
    requests = soundings.find("requests")
    per_request = _judged(_per_request(cost, requests), service)
    per_tokens = _judged(_per_1k_tokens(cost, tokens), service)
    hour, month = _run_rate(cost)
    if terms.monthly_requests is not None:
        month = _of_volume(per_request, terms.monthly_requests)
    yield from (hour, month, per_request, per_tokens)
    yield from _budget(month, terms)
    yield from _infrastructure(soundings, tokens, terms)
    yield from _savings(month, {each.signal: each for each in (per_request, per_tokens)}, terms.references)


def _dates(prices: tuple[Price, ...]) -> str:
    days = sorted({price.as_of for price in prices})
    return f" of {days[0]}" + (f" to {days[-1]}" if len(days) > 1 else "") if days else ""


def _priced(tokens: Measured | str, prices: tuple[Price, ...]) -> tuple[Measured | str, Reading | None]:
    """Give what the tokens cost at the catalog's prices, and the tokens that have none."""
    if isinstance(tokens, str) or not prices:
        return "the catalog names no prices", None
    model, kind = tokens.instrument.label("model"), tokens.instrument.label("token_type")
    if model is None or kind is None:
        return f"{tokens.instrument.metric} does not tell models, or input from output", None
    usd = {(each.model, "input"): float(each.input_usd) / 1e6 for each in prices}
    usd |= {(each.model, "output"): float(each.output_usd) / 1e6 for each in prices}

    def price(labels: Labels) -> float | None:
        return usd.get((model.read(labels) or "", kind.read(labels) or ""))

    tracks = tuple(
        replace(track, counter=track.counter.times_price(each))
        for track in tokens.tracks
        if (each := price(track.labels)) is not None
    )
    missing = tokens.snapped_by(lambda labels: model.read(labels) if price(labels) is None else None)
    names = sorted(name for name, total in missing.items() if total.value)
    unpriced = None
    if names:
        count = sum(total.value for total in missing.values())
        unpriced = Reading(
            signal="tokens.unpriced",
            unit="tokens",
            value=count,
            lower=count,
            upper=count,
            note=f"of models without a price in the catalog: {', '.join(names)}",
            provenance=tokens.provenance,
        )
    if not tracks:
        return "no model that was used has a price in the catalog", unpriced
    return replace(tokens, tracks=tracks), unpriced


def _beside(counted: Reading, priced: Reading, dates: str) -> Reading:
    """Set tokens × price beside the counter of spend, and say where they disagree."""
    note = f"tokens × catalog prices{dates}; beside the counter of spend, never added"
    if counted.value and priced.value is not None:
        share = priced.value / counted.value - 1
        if abs(share) > AGREE:
            note += f". They DISAGREE by {100 * share:+.0f} %: are the catalog's prices, or the service's, out of date?"
    return replace(priced, signal="cost.from_prices", note=note)


def _of_volume(per_request: Reading, volume: float) -> Reading:
    """Project a month of a stated number of requests."""
    note = f"cost per request × {show(volume, 'requests')} requests a month, as stated"
    month = replace(per_request, signal="cost_per_month", unit="usd_per_month", verdict=None, target=None)
    return replace(
        month,
        value=None if month.value is None else month.value * volume,
        lower=None if month.lower is None else month.lower * volume,
        upper=None if month.upper is None else month.upper * volume,
        note=note,
    )


def _budget(month: Reading, terms: Terms) -> Iterator[Reading]:
    if not terms.monthly_budget_usd:
        return
    budget = terms.monthly_budget_usd
    share = Reading(signal="cost.budget_share", unit="ratio", reason=month.reason)
    if month.value is not None:
        share = replace(
            share,
            value=month.value / budget,
            lower=None if month.lower is None else month.lower / budget,
            upper=None if month.upper is None else month.upper / budget,
            unbounded=month.unbounded,
            provenance=month.provenance,
        )
    yield replace(share, note=f"of the monthly budget of {show(budget, 'usd')}, if that month came")


def _savings(
    month: Reading, unit_costs: dict[str, Reading], references: tuple[Reference, ...]
) -> Iterator[Reading]:
    """Give what the projected month would cost more at a reference's unit cost: its low end, so not overstated."""
    for reference in references:
        for signal, here in unit_costs.items():
            if signal not in reference.figures or not here.value or month.value is None:
                continue
            low = float(reference.figures[signal][0])
            yield Reading(
                signal=f"cost.savings.{reference.name}",
                unit="usd_per_month",
                value=month.value * (low / here.value - 1),
                note=(
                    f"against {show(low, 'usd')} {signal.removeprefix('cost_').replace('_', ' ')} "
                    f"({reference.name}: {reference.source}), for the same month"
                ),
                provenance=month.provenance,
            )


GIB = 2**30


def _infrastructure(soundings: Soundings, tokens: Measured | str, terms: Terms) -> Iterator[Reading]:
    """Give what the machines cost in the window, and per 1,000 tokens: as measured, else from stated prices."""
    measured = soundings.find("infrastructure")
    hourly, note = None, ""
    if not isinstance(measured, str):
        level = measured.level()
        hourly, note = (level.mean if level else None), "mean of what the machines cost an hour"
    elif terms.infrastructure:
        hourly, note = _stated(soundings, terms.infrastructure)
    elif "infrastructure" not in soundings.service.instruments:
        return
    signal = "cost.infrastructure"
    if hourly is None:
        reason = measured if isinstance(measured, str) and not terms.infrastructure else note
        yield Reading(signal=signal, unit="usd", reason=reason)
        return
    spent = hourly * soundings.window.seconds / SECONDS_PER_HOUR
    yield Reading(signal=signal, unit="usd", value=spent, note=note)
    yield Reading(signal=f"{signal}_per_hour", unit="usd_per_hour", value=hourly, note=note)
    count = 0.0 if isinstance(tokens, str) else tokens.total().value
    if count:
        yield Reading(signal=f"{signal}_per_1k_tokens", unit="usd", value=1000 * spent / count, note=note)


def _stated(soundings: Soundings, prices: Infrastructure) -> tuple[float | None, str]:
    """Reckon dollars an hour from stated prices: of the limits where they are known, else of what was used."""
    hourly, said = 0.0, []
    for name, price, size in (("cpu", prices.core_hour_usd, 1), ("memory", prices.gib_hour_usd, GIB)):
        amount, kind = _amount(soundings, name)
        if amount is None:
            return None, f"neither the {name} that was used nor its limit was measured"
        hourly += amount / size * float(price)
        said.append(f"{show(amount, 'cores' if name == 'cpu' else 'bytes')} {kind}")
    return hourly, f"{' and '.join(said)}, at the catalog's prices of {prices.as_of}"


def _amount(soundings: Soundings, name: str) -> tuple[float | None, str]:
    limit = soundings.find(f"{name}_limit")
    level = None if isinstance(limit, str) else limit.level()
    if level:
        return level.mean, "reserved"
    used = soundings.find(name)
    if isinstance(used, str):
        return None, ""
    level = used.level()
    if level:
        return level.mean, "used"
    return used.over_load().value / used.window.rate_seconds, "used"


def _judged(reading: Reading, service: Service) -> Reading:
    target = target_for(service, reading.signal)
    return judged(reading, target) if target else reading


def _tokens(found: Measured | str) -> Iterator[Reading]:
    if isinstance(found, str):
        yield Reading(signal="tokens", unit="tokens", reason=found)
        return
    yield found.reading("tokens", "tokens", found.total())
    kind = found.instrument.label("token_type")
    if kind is None:
        return
    for name in TOKEN_TYPES:
        yield found.reading(f"tokens.{name}", "tokens", found.total(_of_type(kind, name)))


def _of_type(label: Label, name: str) -> Keep:
    return lambda labels: label.read(labels) == name


def _spend(found: Measured | str) -> Reading:
    if isinstance(found, str):
        return Reading(signal="cost", unit="usd", reason=found)
    return found.reading("cost", "usd", found.total())


def _run_rate(found: Measured | str) -> tuple[Reading, Reading]:
    """Give dollars an hour, and a month of 730 hours, at the rate that was measured."""
    if isinstance(found, str):
        return (
            Reading(signal="cost_per_hour", unit="usd_per_hour", reason=found),
            Reading(signal="cost_per_month", unit="usd_per_month", reason=found),
        )
    hours = found.window.rate_seconds / SECONDS_PER_HOUR
    spent = found.over_load()
    span = "the load" if found.window.is_load else "the window"
    hourly = found.reading("cost_per_hour", "usd_per_hour", spent, per=hours)
    monthly = found.reading("cost_per_month", "usd_per_month", spent, per=hours / HOURS_PER_MONTH)
    return (
        replace(hourly, note=f"at the rate of {span}"),
        replace(monthly, note=f"if the rate of {span} lasted {HOURS_PER_MONTH} hours"),
    )


def _per_request(cost: Measured | str, requests: Measured | str) -> Reading:
    """Divide spend by requests: of two targets, so over the window's totals and their bounds."""
    none = Reading(signal="cost_per_request", unit="usd")
    if isinstance(cost, str) or isinstance(requests, str):
        return replace(none, reason=cost if isinstance(cost, str) else str(requests))
    return _ratio(none, cost, cost.total(), requests.total(), "no requests in the window")


def _per_1k_tokens(cost: Measured | str, tokens: Measured | str) -> Reading:
    """Divide spend by tokens, input and output together: between the same scrapes, so exact."""
    none = Reading(signal="cost_per_1k_tokens", unit="usd")
    if isinstance(cost, str) or isinstance(tokens, str):
        return replace(none, reason=cost if isinstance(cost, str) else str(tokens))
    return _ratio(none, cost, cost.snapped(), tokens.snapped(), "no tokens in the window", times=1000)


def _ratio(
    none: Reading, cost: Measured, spend: Total, units: Total, reason: str, times: float = 1
) -> Reading:
    if not units.value:
        return replace(none, reason=reason)
    return replace(
        none,
        value=times * spend.value / units.value,
        lower=None if units.unbounded else times * spend.lower / units.upper,
        upper=times * spend.upper / units.lower if units.lower and not spend.unbounded else None,
        unbounded=spend.unbounded or units.unbounded or not units.lower,
        provenance=cost.provenance,
    )
