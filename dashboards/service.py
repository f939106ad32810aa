"""Service: golden signals from recorded series; instances and limits from the service's own metrics."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leadline.catalog.model import Service
from leadline.signals import burn, cost, error_ratio, latency, series_names, throughput
from leadline.signals.formulas import FORMULAS
from leadline.signals.instruments import Instrument, rate, restarts
from leadline.signals.labels import STATUS_CLASS
from leadline.signals.links import service_uid
from leadline.signals.promql import Matcher, select, sum_by
from leadline.signals.scope import Scope

from . import colors, resources
from .model import Dashboard, Panel, Query, Step, row
from .parts import quantile

WINDOW = "$__rate_interval"
Where = tuple[Matcher, ...]
"""Matchers for the recorded series of a service."""
THIRD, TALL = 8, 10
"""The width of a third of a row, and the height of a panel with a long legend."""


def build(scope: Scope, service: Service) -> Dashboard:
    """Return the dashboard of one service."""
    return Dashboard(
        topic=service.name,
        uid=service_uid(scope.project, service.name),
        title=f"{scope.project} / {service.name}",
        description=f"Traffic, errors, latency, saturation, budget and cost of {service.name}.",
        project=scope.project,
        panels=tuple(_panels(scope, service)),
        variables=(),
    )


def _panels(scope: Scope, service: Service) -> Iterator[Panel]:
    where = scope.matchers()
    yield from _traffic(service, where)
    yield from _durations(service, where)
    if any(burn.has_budget(each, scope.retention_seconds) for each in service.objectives):
        yield row("service.slo", "Objectives")
        yield from _budget(where)
    saturation = list(resources.build(scope, service))
    if saturation:
        yield row("service.saturation", "Saturation")
        yield from saturation
    spend = list(_spend(service, where))
    if spend:
        yield row("service.cost", "Cost")
        yield from spend


def _limit(service: Service, signal: str) -> tuple[Step, ...]:
    """Return a signal's target as a threshold."""
    target = next((each for each in service.targets if each.signal == signal), None)
    if target is None:
        return ()
    good, bad = (colors.BAD, colors.GOOD) if target.floor else (colors.GOOD, colors.BAD)
    return (Step(None, good), Step(float(target.value), bad))


def _by(instrument: Instrument, label: str) -> tuple[str, ...]:
    return (label,) if instrument.has("status" if label == STATUS_CLASS else label) else ()


def _traffic(service: Service, where: Where) -> Iterator[Panel]:
    requests = service.instruments.get("requests")
    if requests is None:
        yield _lacking(service, "requests")
        return
    yield _by_status(requests, where)
    if requests.tells_errors:
        yield _error_ratio(service, where)
    for name in ("route", "method"):
        if requests.has(name):
            yield _by_label(name, where)
    yield Panel(
        key="service.instance",
        title="Requests by instance",
        description=(
            "Requests per second of each instance. Normal is an even share; one that gets none is new, draining, or broken."
        ),
        unit="reqps",
        queries=(Query(expr=rate(requests, WINDOW, keep=("instance",)), legend="{{instance}}"),),
        width=THIRD,
    )


def _by_status(requests: Instrument, where: Where) -> Panel:
    label = _by(requests, STATUS_CLASS)
    return Panel(
        key="service.requests",
        title=f"Requests per second{' by status class' if label else ''}, 5-min mean",
        description=(
            "Requests that the service recorded, excluding probes and scrapes. Normal follows the hour and the day; a step is a "
            "deploy, a client, or an outage elsewhere."
        ),
        unit="reqps",
        queries=(
            Query(
                expr=throughput.requests(where, label),
                legend=f"{{{{{STATUS_CLASS}}}}}" if label else "requests",
            ),
        ),
        colors=colors.ending(colors.STATUS),
        stacked=True,
    )


def _error_ratio(service: Service, where: Where) -> Panel:
    return Panel(
        key="service.errors",
        title="Error ratio, 5-min mean",
        description=(
            "Failed requests per request; 'no data' means no traffic, which is not the same as no errors. Normal is below the "
            "dashed target."
        ),
        unit="percentunit",
        queries=(Query(expr=error_ratio.error_ratio(where), legend="error ratio"),),
        steps=_limit(service, "error_ratio"),
    )


def _by_label(name: str, where: Where) -> Panel:
    return Panel(
        key=f"service.{name}",
        title=f"Requests by {name}",
        description=f"Requests per second of each {name}, stacked. Normal is a mix that changes slowly.",
        unit="reqps",
        queries=(Query(expr=throughput.requests(where, (name,)), legend=f"{{{{{name}}}}}"),),
        stacked=True,
        width=THIRD,
    )


def _durations(service: Service, where: Where) -> Iterator[Panel]:
    histogram = service.instruments.get("latency")
    if histogram is None:
        yield _lacking(service, "latency")
        return
    if histogram.native or histogram.knows_buckets:
        yield _quantiles(service, where)
        yield _heatmap(histogram, where)
    by = _by(histogram, "route")
    yield Panel(
        key="service.mean",
        title="Mean latency" + (" by route" if by else "") + " (exact)",
        description=(
            "Seconds spent per request. It uses no buckets, so it is exact. A route that is slow and busy is where time goes. "
            "Normal is flat."
        ),
        unit="s",
        queries=(Query(expr=latency.mean(where, by), legend="{{route}}" if by else "mean"),),
    )
    yield Panel(
        key="service.concurrency",
        title="Requests in progress (mean)",
        description=(
            "Seconds spent per second, which by Little's law is the number of requests in progress. Near the number of "
            "workers, requests begin to queue. Normal follows the traffic."
        ),
        queries=(Query(expr=throughput.concurrency(where), legend="in progress"),),
    )


def _quantiles(service: Service, where: Where) -> Panel:
    quantiles = (
        Query(expr=_quantile(service, rank, where), legend=latency.signal(rank).removeprefix("latency."))
        for rank in latency.QUANTILES
    )
    lines = (
        Query(
            expr=f"vector({target.value})",
            legend=f"target {target.signal.removeprefix('latency.')}",
            line=True,
        )
        for target in service.quantile_targets("latency")
    )
    return Panel(
        key="service.quantiles",
        title="Latency quantiles (bucket estimate)",
        description=(
            "Time within which that share of requests was answered, interpolated inside a bucket: it can be off by the "
            "bucket's width. Normal is a flat line below its dashed target."
        ),
        unit="s",
        queries=(*quantiles, *lines),
        colors=colors.ending(colors.QUANTILES),
        height=TALL,
    )


def _quantile(service: Service, rank: Decimal, where: Where) -> str:
    """Estimate from recorded series; native histograms in other units than seconds are not recorded, so read them directly."""
    histogram = service.instruments["latency"]
    if histogram.native and histogram.scale != 1:
        return FORMULAS[latency.signal(rank)].write(dict(service.instruments), WINDOW, ())
    return quantile((service,), rank, where, ())


def _heatmap(histogram: Instrument, where: Where) -> Panel:
    if not histogram.native:
        expr = sum_by(("le",), select(series_names.ROUTE_DURATION_BUCKET, where))
    elif histogram.scale == 1:
        expr = select(series_names.SERVICE_DURATION, where)
    else:
        expr = latency.whole(histogram, WINDOW)
    return Panel(
        key="service.heatmap",
        title="Latency, all requests",
        description=(
            "Requests per second in each bucket. Two bands are two kinds of requests, such as cached and uncached; a rising "
            "band is a dependency that slows down. Normal is stable bands."
        ),
        kind="heatmap",
        unit="s",
        queries=(Query(expr=expr, legend="{{le}}"),),
        height=TALL,
    )


def _budget(where: Where) -> Iterator[Panel]:
    yield Panel(
        key="service.remaining",
        title="Budget left",
        description="What remains of each objective's error budget over its period. Below 0 the objective is missed; 'no data' until 1 % of the period is recorded. Normal is well above.",
        unit="percentunit",
        queries=(Query(expr=burn.remaining(where), legend="{{objective}}"),),
        least=None,
        steps=(Step(None, colors.BAD), Step(0, colors.GOOD)),
    )
    yield Panel(
        key="service.burn",
        title="Burn rate now",
        description=(
            "How many times faster than allowed the budget is consumed, over five minutes. At 1 it lasts exactly its period; an "
            "hour's rate above the page factor pages. Normal is below 1."
        ),
        unit="none",
        queries=(Query(expr=burn.burning(where, series_names.WINDOW), legend="{{objective}}"),),
        steps=(Step(None, colors.GOOD), Step(1, colors.WARN)),
    )


def _spend(service: Service, where: Where) -> Iterator[Panel]:
    counted, tokens = service.instruments.get("cost"), service.instruments.get("tokens")
    is_spent = "cost" in service.measures
    if is_spent:
        by = _by(counted, "model") if counted else ("model",)
        yield Panel(
            key="service.usd",
            title=f"USD per hour{' by model' if by else ''}, 5-min mean",
            description="Spend at the present rate. Normal follows the traffic; a step without it is a more expensive model or a leak.",
            unit="currencyUSD",
            queries=(Query(expr=cost.per_hour(where, by), legend="{{model}}" if by else "spend"),),
            stacked=True,
        )
    if is_spent and tokens:
        yield Panel(
            key="service.per-1k-tokens",
            title="USD per 1k tokens",
            description=(
                "Spend divided by tokens, input and output together. Moves with the mix of models, not with traffic. Normal is flat."
            ),
            unit="currencyUSD",
            queries=(Query(expr=cost.per_1k_tokens(where), legend="per 1k tokens"),),
            steps=_limit(service, "cost_per_1k_tokens"),
        )
    if tokens:
        by = _by(tokens, "token_type") or _by(tokens, "model")
        yield Panel(
            key="service.tokens",
            title="Tokens per second",
            description=(
                "Tokens that the service used, stacked. Output tokens cost several times input tokens. Normal is a steady mix."
            ),
            queries=(Query(expr=cost.tokens(where, by), legend=f"{{{{{by[0]}}}}}" if by else "tokens"),),
            stacked=True,
        )


def _lacking(service: Service, name: str) -> Panel:
    why = service.missing.get(name, "the profile has no such instrument")
    return Panel(
        key=f"service.lacks-{name}",
        title=f"No {name}",
        description=f"{service.name} ({service.profile}) lacks the instrument `{name}`: {why}",
        kind="text",
        height=4,
    )


def restarted(service: Service) -> tuple[Query, ...]:
    """Return an annotation of instance restarts, as after a deploy: a counter fell."""
    requests = service.instruments.get("requests")
    if requests is None:
        return ()
    return (Query(expr=f"{restarts(requests, WINDOW)} > 0", legend="restart, or deploy"),)
