"""Normalising recording rules: the same series names for every profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from leadline.base.units import plain
from leadline.catalog.model import Service
from leadline.signals import latency, series_names
from leadline.signals.instruments import Instrument, error_rate, rate
from leadline.signals.labels import STATUS_CLASS
from leadline.signals.links import service_uid
from leadline.signals.promql import select, sum_by
from leadline.signals.scope import Scope
from leadline.signals.series_names import DAY_WINDOW, LONG_WINDOW, WINDOW

from .model import Recording

PER_MILLION = 1_000_000


def of_service(scope: Scope, service: Service) -> Iterator[Recording]:
    """Yield the recordings of a service, ordered so that each reads only earlier ones."""
    readers: dict[str, Callable[[Instrument, dict[str, str]], Iterator[Recording]]] = {
        "requests": _requests,
        "latency": partial(_latency, service),
        "tokens": _tokens,
        "cost": partial(_cost, scope),
    }
    owner = scope.labels()
    for name, instrument in service.golden.items():
        yield from readers[name](instrument, owner)
    if service.is_priced and "cost" not in service.instruments:
        yield from _priced(scope, service, owner)


def constants(scope: Scope, service: Service) -> Iterator[Recording]:
    """Yield constant recordings: links, prices, targets and objectives."""
    owner = scope.labels()
    uid = service_uid(scope.project, service.name)
    yield Recording(record=series_names.DASHBOARD, expr="vector(1)", labels={**owner, "dashboard": uid})
    if service.is_priced:
        yield from _prices(service, owner)
    yield from _targets(service, owner)


def _present(instrument: Instrument, *names: str) -> tuple[str, ...]:
    """Return the normalised labels that this instrument has; every series gets a route."""
    return tuple(
        name
        for name in names
        if name == "route" or instrument.has("status" if name == STATUS_CLASS else name)
    )


def _requests(requests: Instrument, owner: dict[str, str]) -> Iterator[Recording]:
    labels = _present(requests, "route", "method", STATUS_CLASS)
    yield Recording(record=series_names.ROUTE_REQUESTS, expr=rate(requests, WINDOW, labels), labels=owner)
    if not requests.tells_errors:
        return
    by = _present(requests, "route", "method")
    yield Recording(record=series_names.ROUTE_ERRORS, expr=error_rate(requests, WINDOW, by), labels=owner)


def _latency(service: Service, histogram: Instrument, owner: dict[str, str]) -> Iterator[Recording]:
    by = _present(histogram, "route")
    buckets = (
        ((series_names.ROUTE_DURATION_BUCKET, "_bucket", (*by, "le")),) if histogram.knows_buckets else ()
    )
    for record, suffix, labels in (
        *buckets,
        (series_names.ROUTE_DURATION_SUM, "_sum", by),
        (series_names.ROUTE_DURATION_COUNT, "_count", by),
    ):
        yield Recording(record=record, expr=rate(histogram.part(suffix), WINDOW, labels), labels=owner)
    if histogram.native and histogram.scale == 1:
        yield from _native_latency(service, histogram, owner)


def _native_latency(service: Service, histogram: Instrument, owner: dict[str, str]) -> Iterator[Recording]:
    """Record a native histogram, and the shares within targets, interpolated inside its buckets."""
    yield Recording(record=series_names.SERVICE_DURATION, expr=latency.whole(histogram, WINDOW), labels=owner)
    for target in service.quantile_targets("latency"):
        yield Recording(
            record=series_names.within(WINDOW),
            expr=latency.native_share(histogram, target.value, WINDOW),
            labels={**owner, "signal": target.signal, "bound": "interpolated"},
        )


def _tokens(tokens: Instrument, owner: dict[str, str]) -> Iterator[Recording]:
    by = _present(tokens, "model", "token_type")
    yield Recording(record=series_names.MODEL_TOKENS, expr=rate(tokens, WINDOW, by), labels=owner)


def _cost(scope: Scope, cost: Instrument, owner: dict[str, str]) -> Iterator[Recording]:
    yield Recording(
        record=series_names.MODEL_COST, expr=rate(cost, WINDOW, _present(cost, "model")), labels=owner
    )
    for window in map(scope.window, (LONG_WINDOW, DAY_WINDOW)):
        yield Recording(record=series_names.cost(window), expr=rate(cost, window), labels=owner)


def _prices(service: Service, owner: dict[str, str]) -> Iterator[Recording]:
    """Record the price per token of each model and type, with its date."""
    for price in service.prices:
        for kind, usd in (("input", price.input_usd), ("output", price.output_usd)):
            labels = {**owner, "model": price.model, "token_type": kind, "as_of": price.as_of}
            yield Recording(
                record=series_names.PRICE, expr=f"vector({plain(usd / PER_MILLION)})", labels=labels
            )


def _priced(scope: Scope, service: Service, owner: dict[str, str]) -> Iterator[Recording]:
    """Record spend as tokens × prices, excluding tokens without a price."""
    where = series_names.owner(owner["project"], owner["service"])
    price = f"* on (model, token_type) group_left ()\n{select(series_names.PRICE, where)}"
    now = f"{select(series_names.MODEL_TOKENS, where)}\n{price}"
    yield Recording(record=series_names.MODEL_COST, expr=sum_by(("model",), now), labels=owner)
    tokens = service.instruments["tokens"]
    for window in map(scope.window, (LONG_WINDOW, DAY_WINDOW)):
        used = f"(\n{rate(tokens, window, ('model', 'token_type'))}\n)\n{price}"
        yield Recording(record=series_names.cost(window), expr=sum_by((), used), labels=owner)


def _targets(service: Service, owner: dict[str, str]) -> Iterator[Recording]:
    """Record targets and objectives, so that one dashboard shows every service's own line."""
    for target in service.targets:
        labels = {**owner, "signal": target.signal}
        yield Recording(record=series_names.TARGET, expr=f"vector({plain(target.value)})", labels=labels)
    for objective in service.objectives:
        labels = {**owner, "objective": objective.name}
        yield Recording(
            record=series_names.OBJECTIVE, expr=f"vector({plain(objective.target)})", labels=labels
        )
