"""Probe a server step by step, to find the first step that fails."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from leadline.base.errors import LeadlineError
from leadline.base.units import show
from leadline.catalog.endpoints import Endpoint

from .client import Prometheus

SECONDS = 5.0
MOST_SKEW = 2.0
"""Maximum clock difference in seconds: windows that end now are off by as much."""
SOON_DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step: whether it passed, what was found, and the remedy if it failed; `ok` None is a warning."""

    name: str
    ok: bool | None
    what: str
    remedy: str = ""


def probe(endpoint: Endpoint) -> Iterator[Step]:
    """Check name, connection, TLS, credentials, API, clock and retention; stop after the first failure."""
    parts = urlsplit(endpoint.url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if endpoint.proxy_url:
        yield Step(name="proxy", ok=True, what=f"asked through {urlsplit(endpoint.proxy_url).hostname}")
    else:
        for step in (_resolved(host), _connected(host, port)):
            yield step
            if not step.ok:
                return
        if parts.scheme == "https":
            step = _encrypted(host, port, endpoint)
            yield step
            if step.ok is False:
                return
    yield from _asked(endpoint)


def _resolved(host: str) -> Step:
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError as error:
        return Step(
            name="name",
            ok=False,
            what=f"{host}: {error.strerror or error}",
            remedy="check the URL, the VPN, and DNS",
        )
    return Step(name="name", ok=True, what=f"{host} is {', '.join(sorted(map(str, found)))}")


def _connected(host: str, port: int) -> Step:
    begun = time.perf_counter()
    try:
        socket.create_connection((host, port), timeout=SECONDS).close()
    except OSError as error:
        remedy = "is it running there, and does a firewall or a network policy let you through?"
        return Step(
            name="connection", ok=False, what=f"port {port}: {error.strerror or error}", remedy=remedy
        )
    return Step(
        name="connection",
        ok=True,
        what=f"port {port} answers in {show(time.perf_counter() - begun, 'seconds')}",
    )


def _encrypted(host: str, port: int, endpoint: Endpoint) -> Step:
    if endpoint.insecure:
        return Step(
            name="TLS",
            ok=None,
            what="not verified, as tls_config.insecure_skip_verify says",
            remedy="name its authority in tls_config.ca_file",
        )
    try:
        context = ssl.create_default_context(cafile=endpoint.ca_file or None)
        if endpoint.cert_file:
            context.load_cert_chain(endpoint.cert_file, endpoint.key_file or None)
        with (
            socket.create_connection((host, port), timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as wrapped,
        ):
            certificate = wrapped.getpeercert() or {}
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
        remedy = "name its authority in tls_config.ca_file; is the name in the URL the certificate's?"
        return Step(name="TLS", ok=False, what=str(reason), remedy=remedy)
    days = (ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) / 86400
    if days < SOON_DAYS:
        return Step(
            name="TLS", ok=None, what=f"the certificate ends in {days:.0f} days", remedy="have it renewed"
        )
    return Step(name="TLS", ok=True, what=f"the certificate is trusted, for {days:.0f} days more")


def _asked(endpoint: Endpoint) -> Iterator[Step]:
    try:
        with Prometheus(endpoint, timeout_seconds=SECONDS) as client:
            begun = time.time()
            answer = client.ask("time()")
            took = time.time() - begun
            yield Step(name="API", ok=True, what=f"{client.flavour()} answers in {show(took, 'seconds')}")
            yield _clock(answer.series[0].samples[0].time, begun + took / 2)
            yield _retention(client)
    except LeadlineError as error:
        yield Step(name="API", ok=False, what=str(error).splitlines()[0])


def _clock(theirs: float, ours: float) -> Step:
    skew = theirs - ours
    if abs(skew) > MOST_SKEW:
        which = "ahead of" if skew > 0 else "behind"
        what = f"its clock is {show(abs(skew), 'seconds')} {which} this one"
        return Step(
            name="clock",
            ok=None,
            what=what,
            remedy="windows that end now miss as much; synchronize the clocks with NTP",
        )
    return Step(name="clock", ok=True, what=f"differs by {show(abs(skew), 'seconds')}")


def _retention(client: Prometheus) -> Step:
    found = client.inventory().retention
    if found is None:
        return Step(
            name="retention",
            ok=None,
            what="it does not report how long it keeps samples",
            remedy="set retention in the catalog",
        )
    return Step(name="retention", ok=True, what=f"keeps samples for {found / 86400:g} days")
