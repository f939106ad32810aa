"""Write a catalog with comments: findings, proposals and open questions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from leadline.base.units import plain, promql_duration
from leadline.catalog import profiles
from leadline.signals.promql import one_of

from .model import Discovery, Found
from .proposals import Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The parts of the catalog around the services.

    prometheus  lines under contexts.default.prometheus
    """

    project: str
    scrape_interval: float
    retention: float | None
    prometheus: Mapping[str, str]
    prices: Mapping[str, str]


def catalog(frame: Frame, discovery: Discovery, proposals: Mapping[str, Proposal]) -> str:
    """Write a catalog of all discovered services."""
    return "\n".join(_catalog(frame, discovery, proposals)) + "\n"


def _catalog(frame: Frame, discovery: Discovery, proposals: Mapping[str, Proposal]) -> Iterator[str]:
    yield f"# Written by leadline init from {discovery.inventory.flavour}. Targets and objectives are PROPOSALS: what these"
    yield "# services reach today, on their bucket edges. Change them to what your users need."
    yield f"project: {frame.project}"
    yield f"scrape_interval: {promql_duration(frame.scrape_interval)}"
    if frame.retention:
        yield f"retention: {promql_duration(int(frame.retention))}"
    yield ""
    yield "services:"
    for service in discovery.services:
        yield from block(service, proposals.get(service.name, Proposal()))
    if frame.prices:
        yield "prices:                     # USD per million tokens, base prices"
        yield from (f"  {_quoted(model)}: {price}" for model, price in frame.prices.items())
        yield ""
    yield "contexts:"
    yield "  default:"
    yield "    prometheus:"
    yield from (f"      {key}: {value}" for key, value in frame.prometheus.items())
    if discovery.refused:
        yield ""
        yield "# Not guessed:"
        yield from (f"# - {each}" for each in discovery.refused)


def block(service: Found, proposal: Proposal) -> Iterator[str]:
    """Write one service."""
    rate = (
        "no request counter"
        if service.requests is None
        else f"about {service.requests:.0f} requests in the last hour"
    )
    yield f"  {service.name}:"
    yield f"    # {rate}; {'; '.join(service.fit.evidence)}"
    for each in service.ties:
        if each.profile != service.fit.profile:
            yield f"    # profile {each.profile} would fit as well"
    yield from (f"    # {each}" for each in (*service.notes, *proposal.why))
    yield f"    profile: {service.fit.profile}"
    selector = ", ".join(f"{key}: {_quoted(value)}" for key, value in service.selector.items())
    yield f"    selector: {{{selector}}}"
    instruments = list(_instruments(service))
    if instruments:
        yield "    instruments:"
        yield from (f"      {each}" for each in instruments)
    yield from _aims(proposal)
    yield ""


def _instruments(service: Found) -> Iterator[str]:
    """Yield the differences from the profile: labels, edges, borrowed and missing instruments."""
    profile = service.base or profiles.load(service.fit.profile)
    for name, instrument in profile.instruments.items():
        if name in service.absent:
            yield f"{name}: none          # no series here"
            continue
        if name not in service.fit.present:
            continue
        parts = []
        own = {each.name: each.sources for each in instrument.labels}
        if name in service.fit.metrics:
            parts.append(f"metric: {_quoted(service.fit.metrics[name])}")
        labels = {key: value for key, value in service.fit.labels.items() if key in own}
        if labels:
            parts.append("labels: {" + ", ".join(f"{key}: {value}" for key, value in labels.items()) + "}")
        if name == "latency":
            raw = sorted(
                {Decimal(each) for each in service.edges if re.fullmatch(r"[0-9.]+(e[+-]?\d+)?", each)}
            )
            if raw and {each * instrument.scale for each in raw} != set(
                () if name in service.fit.metrics else instrument.buckets
            ):
                parts.append(f"buckets: [{', '.join(map(plain, raw))}]")
        if parts:
            yield f"{name}: {{{', '.join(parts)}}}"
    for name, other in service.borrowed.items():
        yield f"{name}: {{profile: {other}}}"


def _aims(proposal: Proposal) -> Iterator[str]:
    quantiles = [
        f"{name}: {_duration(value)}"
        for name, value in (("p95", proposal.p95), ("p99", proposal.p99))
        if value
    ]
    targets = [f"latency: {{{', '.join(quantiles)}}}"] if quantiles else []
    targets += [f"error_ratio: {proposal.error_ratio}"] if proposal.error_ratio else []
    if targets:
        yield "    targets:                # PROPOSED"
        yield from (f"      {each}" for each in targets)
    objectives = []
    if proposal.availability:
        objectives.append(f"availability: {{target: {proposal.availability}, period: {proposal.period}}}")
    if proposal.p95 and proposal.period:
        within = _duration(proposal.p95)
        objectives.append(f"latency: {{target: 95%, within: {within}, period: {proposal.period}}}")
    if objectives:
        yield "    objectives:             # PROPOSED"
        yield from (f"      {each}" for each in objectives)


def _duration(seconds: Decimal) -> str:
    return f"{plain(seconds)}s" if seconds >= 1 else f"{plain(seconds * 1000)}ms"


def _quoted(value: str) -> str:
    """Quote a value if YAML would read it as anything but this text."""
    plainly = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]*", value) and value.lower() not in (
        "true",
        "false",
        "null",
        "yes",
        "no",
        "on",
        "off",
        "none",
    )
    if value.startswith(("~", "!~")):
        return json.dumps("~" + one_of([value]))  # unescaped, it would be a regular expression
    return value if plainly else json.dumps(value, ensure_ascii=False)


def with_services(text: str, line: int, services: Sequence[Found], proposals: Mapping[str, Proposal]) -> str:
    """Add services to a catalog's text, after the given line (counted from 1), which ends its services."""
    lines = text.splitlines()
    added: Iterable[str] = (
        each for service in services for each in block(service, proposals.get(service.name, Proposal()))
    )
    return "\n".join([*lines[:line], *added, *lines[line:]]) + "\n"
