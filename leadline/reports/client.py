"""The load generator's summary (k6), and its figures compared with the server's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from leadline.base.errors import UsageError
from leadline.base.units import show
from leadline.measure.reading import Reading

from .model import MET, MISSED, Client, ServiceReport

STATS = {
    "min": "min",
    "med": "p50",
    "p(90)": "p90",
    "p(95)": "p95",
    "p(99)": "p99",
    "max": "max",
    "avg": "mean",
}
REJECTED = ("rate_limited", "rejected_requests", "http_429")
"""Names of a k6 script's counter of 429 answers; its trend `recorded_duration` excludes these requests."""
OPERATORS = {"<": False, "<=": False, ">": True, ">=": True}
"""k6's threshold operators, and whether they set a floor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A k6 threshold: the metric, the expression, and whether it passed."""

    metric: str
    expression: str
    met: bool
    value: float | None = None
    bound: float | None = None
    floor: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What k6 measured. Times in seconds.

    shape      handleSummary | summary-export
    started    seconds since the epoch, if the script's setup() returned {started: Date.now()}
    seconds    how long the test ran
    failed     the share of requests that failed for k6: status 400 and above, including rejected ones
    rejected   requests answered 429, if the script counts them
    users      maximum virtual users
    durations  by statistic (p50, p95, mean, …); without rejected requests if `apart`
    """

    shape: str
    seconds: float
    requests: int
    started: float | None = None
    failed: float | None = None
    rejected: int | None = None
    durations: Mapping[str, float] = field(default_factory=dict)
    apart: bool = False
    received_bytes: float | None = None
    sent_bytes: float | None = None
    users: int | None = None
    thresholds: tuple[Threshold, ...] = ()


def read(text: str, where: str) -> Run:
    """Read a k6 summary: the data of handleSummary, or the file of --summary-export.

    Only the former puts values under `values`. In the latter a threshold is true if it FAILED, which is inverted here.
    Raises UsageError if it is neither.
    """
    try:
        data = json.loads(text)
        metrics = data["metrics"]
        handled = "values" in metrics["http_reqs"]
        return _run(data, metrics, handled=handled)
    except (ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        raise UsageError(
            f"{where} is not a k6 summary: neither the data of handleSummary(data) nor --summary-export ({error!r})"
        ) from None


def _run(data: dict[str, Any], metrics: dict[str, Any], *, handled: bool) -> Run:
    def values(name: str) -> dict[str, Any]:
        metric: dict[str, Any] = metrics.get(name, {})
        return metric.get("values", {}) if handled else metric

    requests = values("http_reqs")
    seconds = (
        data["state"]["testRunDurationMs"] / 1000
        if handled and "state" in data
        else requests["count"] / requests["rate"]
    )
    started = (data.get("setup_data") or {}).get("started")
    failed = values("http_req_failed")
    apart = "recorded_duration" in metrics
    trend = values("recorded_duration" if apart else "http_req_duration")
    rejected = next((values(name)["count"] for name in REJECTED if name in metrics), None)
    received, sent = values("data_received").get("count"), values("data_sent").get("count")
    return Run(
        shape="handleSummary" if handled else "summary-export",
        started=started / 1000 if isinstance(started, int | float) else None,
        seconds=seconds,
        requests=int(requests["count"]),
        failed=failed.get("rate", failed.get("value")) if failed else None,
        rejected=None if rejected is None else int(rejected),
        durations={ours: trend[theirs] / 1000 for theirs, ours in STATS.items() if theirs in trend},
        apart=apart,
        received_bytes=received,
        sent_bytes=sent,
        users=_users(values("vus_max")),
        thresholds=tuple(_thresholds(metrics, handled=handled)),
    )


def _users(found: Mapping[str, Any]) -> int | None:
    most = found.get("max", found.get("value"))
    return int(most) if isinstance(most, int | float) and most > 0 else None


def _thresholds(metrics: dict[str, Any], *, handled: bool) -> Iterator[Threshold]:
    for name, metric in metrics.items():
        values = metric.get("values", {}) if handled else metric
        time = metric.get("contains") == "time" or name.endswith(
            ("_duration", "_waiting", "_blocked", "_connecting")
        )
        for expression, found in (metric.get("thresholds") or {}).items():
            met = bool(found["ok"]) if handled else not found
            stat, operator, bound = _expression(expression)
            scale = 0.001 if time and stat not in ("rate", "count") else 1.0
            value = values.get(stat, values.get("value") if stat == "rate" else None)
            yield Threshold(
                metric=name,
                expression=expression,
                met=met,
                value=None if value is None else value * scale,
                bound=None if bound is None else bound * scale,
                floor=OPERATORS.get(operator, False),
                unit="seconds" if scale != 1.0 else "",
            )


def _expression(text: str) -> tuple[str, str, float | None]:
    found = re.fullmatch(r"\s*([a-z]+(?:\([\d.]+\))?)\s*(<=|>=|<|>|===?|!=)\s*([\d.]+)\s*", text)
    return (found[1], found[2], float(found[3])) if found else ("", "", None)


def judged(run: Run) -> Iterator[Reading]:
    """Yield k6's thresholds as verdicts, and the rejections that the client saw."""
    for each in run.thresholds:
        yield Reading(
            signal=f"client.{each.metric} {each.expression}",
            unit=each.unit,
            value=each.value,
            target=each.bound,
            floor=each.floor,
            verdict=MET if each.met else MISSED,
            reason="k6's own threshold, judged by k6",
        )
    if run.rejected is not None:
        count = float(run.rejected)
        yield Reading(signal="client.rejected", unit="requests", value=count, lower=count, upper=count)


def compared(run: Run, service: ServiceReport) -> tuple[tuple[Client, ...], tuple[str, ...]]:
    """Compare the client's figures with the server's; return rows, and notes that explain the differences."""
    requests, throughput = service.reading("requests"), service.reading("throughput")
    counted = None if requests is None else requests.value
    rows = [
        Client(signal="requests", unit="requests", client=run.requests, server=counted),
        Client(
            signal="throughput",
            unit="requests_per_second",
            client=run.requests / run.seconds,
            server=None if throughput is None else throughput.value,
        ),
    ]
    if run.rejected is not None:
        rows.insert(
            1,
            Client(
                signal="requests but 429", unit="requests", client=run.requests - run.rejected, server=counted
            ),
        )
    errors = service.reading("error_ratio")
    if run.failed is not None:
        note = "k6 counts every status from 400 on, including rejected requests"
        server = None if errors is None else errors.value
        rows.append(Client(signal="failed", unit="ratio", client=run.failed, server=server, note=note))
    expected = run.requests - (run.rejected or 0)
    for name, seconds in run.durations.items():
        reading = service.reading(f"latency.{name}")
        value = None if reading is None else reading.value
        note = "server: bucket estimate" if name.startswith("p") and value is not None else ""
        if note and value is not None and value > seconds:
            note += ", above what its only client saw: the bucket is too wide" if counted == expected else ""
        rows.append(Client(signal=f"latency.{name}", unit="seconds", client=seconds, server=value, note=note))
    for name, amount in (("data received", run.received_bytes), ("data sent", run.sent_bytes)):
        if amount is not None:
            rows.append(Client(signal=name, unit="bytes", client=amount, server=None))
    return tuple(rows), tuple(_notes(run, counted))


def _notes(run: Run, counted: float | None) -> Iterator[str]:
    if counted is not None:
        yield from _difference(run, round(counted))
    if run.apart:
        yield "k6's times exclude rejected requests (the script's trend recorded_duration)"
    elif run.rejected:
        yield "k6's times include rejected requests, which are fast; add a trend recorded_duration without them"
    yield "k6 measures at the client: its times include the network and the queue before the service"
    if "p99" not in run.durations:
        yield "k6's default statistics have no p(99); add it with summaryTrendStats"


def _difference(run: Run, counted: int) -> Iterator[str]:
    expected = run.requests - (run.rejected or 0)
    difference = expected - counted
    if difference == 0:
        rest = f", except {run.rejected} answered 429" if run.rejected else ""
        yield f"the service counted every request of k6{rest}, and no others"
    elif difference > 0 and run.rejected is None:
        yield (
            f"the service counted {show(difference, 'requests')} fewer: rejected before they were counted (429), excluded "
            "routes, or never arrived; a counter rate_limited in the k6 script would show the first"
        )
    elif difference > 0:
        yield (
            f"the service counted {show(difference, 'requests')} fewer than k6's requests excluding 429: excluded routes, "
            "lost in a restart, or never arrived"
        )
    else:
        yield f"the service counted {show(-difference, 'requests')} more: other clients (Prometheus's own scrapes, unless their route is excluded), or a window longer than the run"
