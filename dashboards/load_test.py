"""Load test: the client (k6's remote write) beside the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from leadline.catalog.model import Catalog, Service
from leadline.signals import error_ratio, latency, throughput
from leadline.signals.formulas import FORMULAS, missing
from leadline.signals.links import dashboard_uid

from . import colors
from .model import Dashboard, Panel, Query, row
from .parts import View, measured, quantile, target_lines
from .throughput import saturation

CLIENT, WINDOW = "k6", "$__rate_interval"
"""The client's profile, and the window of its rates."""
ONLY_WITH_K6 = "Needs k6 to write to this Prometheus (`k6 run --out experimental-prometheus-rw`); otherwise 'no data' is normal."


def build(catalog: Catalog) -> Dashboard:
    """Return the load-test dashboard of a catalog."""
    view = View.of(catalog)
    clients = [service for service in view.services if service.profile == CLIENT]
    return Dashboard(
        topic="load-test",
        uid=dashboard_uid(catalog.project, "load-test"),
        title=f"{catalog.project} / Load test",
        description="A load test, the client beside the server; `leadline snapshot --k6` gives its exact figures.",
        project=catalog.project,
        panels=(
            row("load.server", "Server"),
            *measured(view, _server(view)),
            row("load.client", "Client (k6)"),
            *(tuple(_client(clients[0])) if clients else (_no_client(),)),
        ),
        variables=("service",),
    )


def _server(view: View) -> tuple[Panel, ...]:
    where = view.where
    quantiles = tuple(
        Query(
            expr=quantile(view.services, rank, where, ("service",)),
            legend=f"{{{{service}}}} {latency.signal(rank).removeprefix('latency.')}",
        )
        for rank in latency.QUANTILES
    )
    return (
        Panel(
            key="load.rate",
            title="Requests per second, server side, 5-min mean",
            description=(
                "Requests that the chosen services recorded. The dashed line is the throughput target of a load test. A rate that "
                "stops following the users is a service at its limit. Normal follows the users."
            ),
            unit="reqps",
            queries=(
                Query(expr=throughput.requests(where, ("service",)), legend="{{service}}"),
                *target_lines(view, "throughput"),
            ),
            needs=("requests",),
        ),
        Panel(
            key="load.latency",
            title="Latency, server side (bucket estimate)",
            description=(
                "Latency of each chosen service, interpolated inside buckets; `leadline snapshot` gives exact bounds. It excludes time in "
                "the network and in queues before the service. Normal is flat until the limit is near."
            ),
            unit="s",
            queries=(*quantiles, *target_lines(view, "latency.p95", "latency.p99")),
            needs=("latency",),
            colors=colors.ending(colors.QUANTILES),
        ),
        Panel(
            key="load.errors",
            title="Error ratio, server side, 5-min mean",
            description=(
                "Failed requests per recorded request; requests rejected without being recorded are excluded. Normal is "
                "below the target."
            ),
            unit="percentunit",
            queries=(
                Query(expr=error_ratio.error_ratio(where, ("service",)), legend="{{service}}"),
                *target_lines(view, "error_ratio"),
            ),
            needs=("requests",),
        ),
        replace(saturation(view), key="load.saturation"),
    )


def _no_client() -> Panel:
    return Panel(
        key="load.no-client",
        title="The client is not measured",
        description=(
            "No service in the catalog has the profile `k6`. Let k6 write to this Prometheus (`k6 run --out "
            "experimental-prometheus-rw`, with `K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM=true`), add a service with that profile, "
            "and generate; or compare k6's summary with a snapshot: `leadline snapshot --k6 summary.json`."
        ),
        kind="text",
        width=24,
        height=4,
    )


def _client(client: Service) -> Iterator[Panel]:
    """Show the client metrics of a service with k6's profile; text panels for missing ones."""
    yield _asked(
        client,
        ("throughput",),
        Panel(
            key="load.k6-rate",
            title="Requests per second, client side",
            description=f"Requests that k6 sent. {ONLY_WITH_K6} Normal is slightly above the server's rate.",
            unit="reqps",
        ),
    )
    yield _asked(
        client,
        ("error_ratio",),
        Panel(
            key="load.k6-errors",
            title="Error ratio, client side",
            description=f"Failed requests per request, as k6 saw them. {ONLY_WITH_K6} Normal is the server's ratio plus requests that never reached it.",
            unit="percentunit",
        ),
    )
    yield _asked(
        client,
        tuple(latency.signal(rank) for rank in latency.QUANTILES),
        Panel(
            key="load.k6-latency",
            title="Latency, client side",
            description=(
                "From k6's native histograms (K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM=true), including the network and queues before "
                f"the service. {ONLY_WITH_K6} Normal is close to the server's; a growing gap is queueing."
            ),
            unit="s",
            colors=colors.ending(colors.QUANTILES),
            width=24,
        ),
    )


def _asked(client: Service, signals: tuple[str, ...], panel: Panel) -> Panel:
    """Return the panel with its queries, or as a text if the client lacks the instruments."""
    reason = next(
        filter(
            None, (missing(FORMULAS[signal], client.instruments, client.missing, ()) for signal in signals)
        ),
        "",
    )
    if reason:
        text = f"**{panel.title}** is not measured for {client.name} ({client.profile}): {reason}"
        return replace(panel, kind="text", description=text)
    instruments = dict(client.instruments)
    queries = (
        Query(
            expr=FORMULAS[signal].write(instruments, WINDOW, ()),
            legend=f"client {signal.removeprefix('latency.')}",
        )
        for signal in signals
    )
    return replace(panel, queries=tuple(queries))
