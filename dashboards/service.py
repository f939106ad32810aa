"""Service: the golden signals of one service from its own metrics, at the resolution of the screen, and its limits."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards import colors
from dashboards.model import Dashboard, Panel, Query, Step, row
from signals import burn, latency, recorded
from signals.catalog import Catalog, Service
from signals.formulas import FORMULAS
from signals.instruments import STATUS_CLASS, Instrument, rate, restarts, total
from signals.links import service_uid
from signals.promql import select
from signals.saturation import LIMITS, use

WINDOW = "$__rate_interval"
THIRD, TALL = 8, 10
"""The width of a panel of which three stand in a row; and the height of one with many lines in its legend."""


def build(catalog: Catalog, service: Service) -> Dashboard:
    """Give the dashboard of one service."""
    return Dashboard(
        topic=service.name,
        uid=service_uid(catalog.project, service.name),
        title=f"{catalog.project} / {service.name}",
        description=f"Traffic, errors, latency, saturation, budget and cost of {service.name}, from its own metrics.",
        project=catalog.project,
        panels=tuple(_panels(catalog, service)),
        variables=(),
    )


def _panels(catalog: Catalog, service: Service) -> Iterator[Panel]:
    yield from _traffic(service)
    yield from _durations(service)
    if any(burn.is_reckoned(each, catalog.retention) for each in service.objectives):
        yield row("service.slo", "Objectives")
        yield from _budget(catalog, service)
    saturation = list(_saturation(service))
    if saturation:
        yield row("service.saturation", "Saturation")
        yield from saturation
    spend = list(_spend(service))
    if spend:
        yield row("service.cost", "Cost")
        yield from spend


def _limit(service: Service, signal: str) -> tuple[Step, ...]:
    """Give the target of a signal as a threshold."""
    target = next((each for each in service.targets if each.signal == signal), None)
    if target is None:
        return ()
    good, bad = (colors.BAD, colors.GOOD) if target.floor else (colors.GOOD, colors.BAD)
    return (Step(None, good), Step(float(target.value), bad))


def _by(instrument: Instrument, label: str) -> tuple[str, ...]:
    return (label,) if instrument.has("status" if label == STATUS_CLASS else label) else ()


def _traffic(service: Service) -> Iterator[Panel]:
    requests = service.instruments.get("requests")
    if requests is None:
        yield _lacking(service, "requests")
        return
    yield _by_status(requests)
    if requests.tells_errors:
        yield _error_ratio(service)
    for name in ("route", "method"):
        if requests.has(name):
            yield _by_label(requests, name)
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


def _by_status(requests: Instrument) -> Panel:
    label = _by(requests, STATUS_CLASS)
    return Panel(
        key="service.requests",
        title="Requests per second" + (" by status class" if label else ""),
        description=(
            "Requests that the service recorded, probes and scrapes left out. Normal follows the hour and the day; a step is a "
            "deploy, a client, or an outage elsewhere."
        ),
        unit="reqps",
        queries=(
            Query(
                expr=rate(requests, WINDOW, label), legend=f"{{{{{STATUS_CLASS}}}}}" if label else "requests"
            ),
        ),
        colors=colors.ending(colors.STATUS),
        stacked=True,
    )


def _error_ratio(service: Service) -> Panel:
    return Panel(
        key="service.errors",
        title="Error ratio",
        description=(
            "Failed requests per request; 'no data' means no traffic, which is not the same as no errors. Normal is below the "
            "dashed target."
        ),
        unit="percentunit",
        queries=(_asked(service, "error_ratio", "error ratio"),),
        steps=_limit(service, "error_ratio"),
    )


def _by_label(requests: Instrument, name: str) -> Panel:
    return Panel(
        key=f"service.{name}",
        title=f"Requests by {name}",
        description=f"Requests per second of each {name}, stacked. Normal is a mix that changes slowly.",
        unit="reqps",
        queries=(Query(expr=rate(requests, WINDOW, (name,)), legend=f"{{{{{name}}}}}"),),
        stacked=True,
        width=THIRD,
    )


def _asked(service: Service, signal: str, legend: str, by: tuple[str, ...] = ()) -> Query:
    """Ask a signal as `leadline signal` does, at the resolution of the screen."""
    return Query(expr=FORMULAS[signal].write(dict(service.instruments), WINDOW, by), legend=legend)


def _durations(service: Service) -> Iterator[Panel]:
    histogram = service.instruments.get("latency")
    if histogram is None:
        yield _lacking(service, "latency")
        return
    if histogram.native or histogram.knows_buckets:
        yield _quantiles(service)
    if histogram.knows_buckets:
        yield _heatmap(histogram)
    by = _by(histogram, "route")
    yield Panel(
        key="service.mean",
        title="Mean latency" + (" by route" if by else "") + " (exact)",
        description=(
            "Seconds spent per request: no bucket enters it, so it is exact. A route that is slow and busy is where time goes. "
            "Normal is flat."
        ),
        unit="s",
        queries=(_asked(service, "latency.mean", "{{route}}" if by else "mean", by),),
    )
    yield Panel(
        key="service.concurrency",
        title="Requests in progress (mean)",
        description=(
            "Seconds spent per second, which by Little's law is how many requests are in progress at once. Near the number of "
            "workers they begin to queue. Normal follows the traffic."
        ),
        queries=(_asked(service, "concurrency", "in progress"),),
    )


def _quantiles(service: Service) -> Panel:
    signals = [latency.signal(rank) for rank in latency.QUANTILES]
    quantiles = (_asked(service, signal, signal.removeprefix("latency.")) for signal in signals)
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
            "The time within which that share of requests was answered, interpolated inside a bucket: it can be off by the "
            "bucket's width. Normal is a flat line below its dashed target."
        ),
        unit="s",
        queries=(*quantiles, *lines),
        colors=colors.ending(colors.QUANTILES),
        height=TALL,
    )


def _heatmap(histogram: Instrument) -> Panel:
    return Panel(
        key="service.heatmap",
        title="Latency, all requests",
        description=(
            "How many requests fell into each bucket. Two bands are two kinds of requests, cached and not, say; a band that "
            "rises is a dependency that slows down. Normal is bands that stay."
        ),
        kind="heatmap",
        unit="s",
        queries=(Query(expr=rate(histogram.part("_bucket"), WINDOW, ("le",)), legend="{{le}}"),),
        height=TALL,
    )


def _budget(catalog: Catalog, service: Service) -> Iterator[Panel]:
    where = recorded.owner(catalog.project, service.name)
    yield Panel(
        key="service.remaining",
        title="Budget left",
        description="Of each objective's error budget over its period. Below 0 the objective is missed. Normal is well above.",
        unit="percentunit",
        queries=(Query(expr=select(recorded.SLO_REMAINING, where), legend="{{objective}}"),),
        least=None,
        steps=(Step(None, colors.BAD), Step(0, colors.GOOD)),
    )
    yield Panel(
        key="service.burn",
        title="Burn rate now",
        description=(
            "How many times faster than allowed the budget is used, over five minutes. At 1 it lasts exactly its period; a page "
            "comes of an hour's rate above its factor. Normal is below 1."
        ),
        unit="none",
        queries=(Query(expr=select(recorded.SLO_CURRENT_BURN, where), legend="{{objective}}"),),
        steps=(Step(None, colors.GOOD), Step(1, colors.WARN)),
    )


USED = {
    "cpu": ("CPU", "none", "cores in use"),
    "memory": ("Memory", "bytes", "memory in use"),
    "pool": ("Pool", "none", "connections in use"),
    "in_flight": ("Requests in progress (gauge)", "none", "requests in progress"),
    "queue": ("Queue", "none", "tasks that wait"),
    "replicas": ("Replicas", "none", "replicas"),
}
"""The panel of each resource: its title, its unit, and what it shows."""


def _saturation(service: Service) -> Iterator[Panel]:
    for name, (title, unit, what) in USED.items():
        used, limit = service.instruments.get(name), service.instruments.get(LIMITS[name])
        if used is None:
            continue
        now = use(used, WINDOW)
        lines = (Query(expr=_limited(limit), legend="limit", line=True),) if limit else ()
        yield Panel(
            key=f"service.{name}",
            title=title,
            description=(
                f"{what[0].upper()}{what[1:]}, all instances together"
                + (", and their limit, dashed." if limit else "; the catalog knows no limit of it.")
                + " Normal follows the traffic; what only rises leaks."
            ),
            unit=unit,
            queries=(Query(expr=now, legend=what), *lines),
        )
    held, every = service.instruments.get("throttled"), service.instruments.get("periods")
    if held and every:
        yield Panel(
            key="service.throttled",
            title="CPU held back",
            description="Share of the CPU's periods in which a container was held back at its limit. Normal is near 0.",
            unit="percentunit",
            queries=(
                Query(expr=f"{rate(held, WINDOW)}\n/\n({rate(every, WINDOW)} > 0)", legend="held back"),
            ),
            steps=(Step(None, colors.GOOD), Step(float(service.tuning.throttled), colors.BAD)),
        )


def _limited(limit: Instrument) -> str:
    return f"vector({total(limit)})" if limit.constant is not None else total(limit)


def _spend(service: Service) -> Iterator[Panel]:
    cost, tokens = service.instruments.get("cost"), service.instruments.get("tokens")
    if cost:
        by = _by(cost, "model")
        yield Panel(
            key="service.usd",
            title="USD per hour" + (" by model" if by else ""),
            description="Spend at the present rate. Normal follows the traffic; a step without it is a dearer model or a leak.",
            unit="currencyUSD",
            queries=(_asked(service, "cost_per_hour", "{{model}}" if by else "spend", by),),
            stacked=True,
        )
    if cost and tokens:
        yield Panel(
            key="service.per-1k-tokens",
            title="USD per 1k tokens",
            description=(
                "Spend by tokens, input and output together. Moves with the mix of models, not with traffic. Normal is flat."
            ),
            unit="currencyUSD",
            queries=(_asked(service, "cost_per_1k_tokens", "per 1k tokens"),),
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
            queries=(_asked(service, "tokens", f"{{{{{by[0]}}}}}" if by else "tokens", by),),
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
    """Mark when instances began anew, as at a deploy: a counter of theirs fell."""
    requests = service.instruments.get("requests")
    if requests is None:
        return ()
    return (Query(expr=f"{restarts(requests, WINDOW)} > 0", legend="restart, or deploy"),)
