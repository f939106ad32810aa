"""How near the snapshot comes to the truth, beside k6 and the usual PromQL: eight latency shapes, three scrape intervals.

Run as `python -m evidence.fidelity --out docs/evidence/fidelity.md`. A real k6 loads a service that writes down the exact
duration of every request, while a real Prometheus scrapes it as three jobs, every 1, 5 and 15 s. Exits 1 where a count is
not exact, a truth lies outside the bounds, or the estimates are worse than promised.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import click
import yaml

from evidence import pages
from evidence.shapes import SHAPES
from leadline.base.errors import LeadlineError
from leadline.catalog import loader
from leadline.catalog.endpoints import Endpoint
from leadline.demo.processes import find, free_port, running, wait_for
from leadline.demo.truth import quantile
from leadline.measure.measurements import pad
from leadline.measure.quantiles import distribution
from leadline.measure.quantiles import quantile as estimated
from leadline.measure.reading import Reading
from leadline.measure.window import Window
from leadline.prometheus.client import Prometheus
from leadline.reports import snapshot
from leadline.reports.model import Report

INTERVALS = (1, 5, 15)
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
MOST_MEDIAN_ERROR, MOST_THROUGHPUT_ERROR = 0.03, 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What one shape's requests really were: their durations in order, and how many failed."""

    durations: Sequence[float]
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run: the truth and k6's figures by shape, and by (interval, shape) the readings, and the counts at the edges."""

    seconds: float
    truths: Mapping[str, Truth]
    k6: Mapping[str, Mapping[str, float]]
    readings: Mapping[tuple[int, str], Mapping[str, Reading]]
    counts: Mapping[tuple[int, str], Mapping[float, float]]


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--seconds", default=90, show_default=True, help="How long k6 loads.")
@click.option("--rate", default=40, show_default=True, help="Requests per second of each shape.")
def main(out: Path, seconds: int, rate: int) -> None:
    """Measure, and write the page."""
    result = measured(seconds, rate)
    faults = list(_faults(result))
    pages.write(out, "\n".join(_page(result, rate, faults)) + "\n")
    click.echo(f"written: {out}")
    for fault in faults:
        click.echo(f"NOT AS PROMISED: {fault}", err=True)
    sys.exit(1 if faults else 0)


def measured(seconds: int, rate: int) -> Result:
    """Run service, Prometheus and k6, and take the snapshot of all shapes as all jobs see them."""
    with tempfile.TemporaryDirectory(prefix="leadline-fidelity-") as name:
        folder = Path(name)
        truth = folder / "truth.jsonl"
        command = [sys.executable, "-m", "evidence.shapes", str(truth)]
        with running("the service of shapes", command, folder / "service.log") as service:
            port = int(service.first_line())
            with _prometheus(folder, port) as client:
                return _measured(folder, client, port, seconds, rate)


def _measured(folder: Path, client: Prometheus, port: int, seconds: int, rate: int) -> Result:
    edge = max(INTERVALS)
    click.echo(f"idle scrapes before the load: {2 * edge} s", err=True)
    time.sleep(2 * edge)
    start = time.time()
    time.sleep(edge + 1)
    click.echo(f"k6: {seconds} s, {len(SHAPES)} shapes at {rate} requests/s each", err=True)
    summary = _load(folder, port, seconds, rate)
    began = summary["setup_data"]["started"] / 1000
    length = summary["state"]["testRunDurationMs"] / 1000
    click.echo("idle scrapes after the load", err=True)
    time.sleep(edge + 1)
    window = Window(start=start, end=time.time(), load_start=began, load_end=began + length)
    time.sleep(pad(edge))
    truths = _truths(folder / "truth.jsonl")
    readings: dict[tuple[int, str], Mapping[str, Reading]] = {}
    counts: dict[tuple[int, str], Mapping[float, float]] = {}
    for interval in INTERVALS:
        catalog = loader.parse(_catalog(interval), "fidelity.yaml")
        report = snapshot.take(catalog, catalog.services, window, client.ask)
        readings |= {(interval, shape): found for shape, found in _by_shape(report)}
        counts |= {(interval, service.name): dict(service.histogram) for service in report.services}
    k6 = {shape: summary["metrics"][f"duration_{shape.replace('-', '_')}"]["values"] for shape in SHAPES}
    return Result(seconds=length, truths=truths, k6=k6, readings=readings, counts=counts)


def _by_shape(report: Report) -> Iterator[tuple[str, Mapping[str, Reading]]]:
    for service in report.services:
        yield service.name, {each.signal: each for each in service.readings}


def _catalog(interval: int) -> str:
    services = "".join(
        f"  {shape}: {{profile: generic-http, selector: {{job: every-{interval}s, route: {shape}}}}}\n"
        for shape in SHAPES
    )
    return f"project: fidelity\nscrape_interval: {interval}s\nservices:\n{services}"


class _prometheus:  # noqa: N801  a context manager, used as a function
    """A Prometheus that scrapes the service as three jobs."""

    def __init__(self, folder: Path, port: int) -> None:
        jobs = [
            {
                "job_name": f"every-{interval}s",
                "scrape_interval": f"{interval}s",
                "scrape_timeout": f"{interval}s",
                "static_configs": [{"targets": [f"127.0.0.1:{port}"]}],
            }
            for interval in INTERVALS
        ]
        config = folder / "prometheus.yml"
        config.write_text(yaml.safe_dump({"scrape_configs": jobs}), "utf-8")
        listen = f"127.0.0.1:{free_port()}"
        command = [find("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
        command += [f"--web.listen-address={listen}", "--log.level=warn"]
        self._running = running("prometheus", command, folder / "prometheus.log")
        self._client = Prometheus(Endpoint(url=f"http://{listen}"))

    def __enter__(self) -> Prometheus:
        program = self._running.__enter__()
        wait_for("an answer", self._answers, program)
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.__exit__()
        self._running.__exit__(None, None, None)

    def _answers(self) -> bool:
        try:
            return bool(self._client.ask("vector(1)").series)
        except LeadlineError:
            return False


def _load(folder: Path, port: int, seconds: int, rate: int) -> dict[str, Any]:
    script = str(Path(__file__).parent / "shapes.js")
    command = [find("k6"), "run", "--quiet", "--no-usage-report", "--address", "127.0.0.1:0", script]
    environment = {
        "TARGET": f"http://127.0.0.1:{port}",
        "SECONDS": str(seconds),
        "RATE": str(rate),
        "SHAPES": ",".join(SHAPES),
        "SUMMARY": str(folder / "k6.json"),
    }
    with running("k6", command, folder / "k6.log", **environment) as program:
        deadline = time.monotonic() + seconds + 90
        while program.code is None and time.monotonic() < deadline:
            time.sleep(0.5)
        if program.code != 0:
            raise program.failure()
    found: dict[str, Any] = json.loads((folder / "k6.json").read_text("utf-8"))
    return found


def _truths(path: Path) -> dict[str, Truth]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {
        shape: Truth(
            durations=sorted(seconds for name, _, seconds in rows if name == shape),
            failed=sum(1 for name, status, _ in rows if name == shape and status >= 500),
        )
        for shape in SHAPES
    }


def _value(found: Reading) -> float:
    return found.value if found.value is not None else float("nan")


def _errors(result: Result, interval: int) -> Iterator[tuple[str, str, float, float]]:
    """Return shape, quantile, and the relative errors of the estimate and of the usual PromQL."""
    for shape in SHAPES:
        for name, rank in QUANTILES.items():
            truth = quantile(result.truths[shape].durations, rank)
            found = result.readings[interval, shape][f"latency.{name}"]
            yield shape, name, _value(found) / truth - 1, (found.shown or float("nan")) / truth - 1


def _without_mean(result: Result) -> Iterator[tuple[str, str, float]]:
    """Return shape, quantile, and the relative error of the estimate that does not know the mean."""
    for shape in SHAPES:
        measured = distribution(result.counts[5, shape])
        for name, rank in QUANTILES.items():
            estimate = estimated(measured, rank).value
            yield shape, name, (estimate or float("nan")) / quantile(result.truths[shape].durations, rank) - 1


def _faults(result: Result) -> Iterator[str]:
    for (interval, shape), found in result.readings.items():
        truth, where = result.truths[shape], f"{shape}, scraped every {interval} s"
        count = len(truth.durations)
        if (
            found["requests"].value != count
            or found["requests"].lower != count
            or found["requests"].upper != count
        ):
            yield f"{where}: {found['requests'].value} requests counted, {count} were served"
        if abs(_value(found["throughput"]) / (count / result.seconds) - 1) > MOST_THROUGHPUT_ERROR:
            yield f"{where}: throughput {_value(found['throughput'])}, truly {count / result.seconds}"
        if abs(_value(found["error_ratio"]) - truth.failed / count) > 1e-12:
            yield f"{where}: error ratio {found['error_ratio'].value}, truly {truth.failed / count}"
        for name, rank in QUANTILES.items():
            exact, bounds = quantile(truth.durations, rank), found[f"latency.{name}"]
            if not (bounds.lower or 0) <= exact * (1 + 1e-9) or not exact <= (bounds.upper or 1e9) * (
                1 + 1e-9
            ):
                yield f"{where}: {name} is truly {exact}, outside {bounds.lower} to {bounds.upper}"
    for interval in INTERVALS:
        middle = median(abs(error) for _, _, error, _ in _errors(result, interval))
        if middle > MOST_MEDIAN_ERROR:
            yield f"scraped every {interval} s: median error of the estimates {100 * middle:.1f} %"


def _page(result: Result, rate: int, faults: list[str]) -> Iterator[str]:
    yield from ("# Fidelity", "")
    yield (
        f"Written by `make prove` on {datetime.now(UTC):%Y-%m-%d}: Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"k6 for {result.seconds:.0f} s at {rate} requests/s a shape, default client buckets. The truth is the exact duration of "
        "every request, which the service writes down itself. Differences from it are in percent."
    )
    yield ""
    yield (
        "Every count, throughput, error ratio and bound below was as promised."
        if not faults
        else "NOT as promised: " + "; ".join(faults)
    )
    yield from _quantiles(result)
    yield from _counts(result)
    yield from _summary(result)


def _quantiles(result: Result) -> Iterator[str]:
    yield from ("", "## Quantiles, scraped every 5 s", "")
    yield "| shape | | truth | k6 (client) | Leadline | usual PromQL | certainly |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    names = {"p50": "med", "p95": "p(95)", "p99": "p(99)"}
    for shape, name, error, usual in _errors(result, 5):
        truth = quantile(result.truths[shape].durations, QUANTILES[name])
        found = result.readings[5, shape][f"latency.{name}"]
        k6 = result.k6[shape][names[name]] / 1000 / truth - 1
        upper = f"{found.upper * 1000:.1f}" if found.upper else "∞"
        bounds = f"{(found.lower or 0) * 1000:.1f} to {upper} ms"
        what = f"{shape}: {SHAPES[shape][0]}" if name == "p50" else ""
        differences = f"{100 * k6:+.1f} | {100 * error:+.1f} | {100 * usual:+.1f}"
        yield f"| {what} | {name} | {truth * 1000:.1f} ms | {differences} | {bounds} |"


def _counts(result: Result) -> Iterator[str]:
    yield from ("", "## Counts, by scrape interval", "")
    yield "| shape | truth | " + " | ".join(f"every {each} s | `increase()`" for each in INTERVALS) + " |"
    yield "| --- | --- |" + " --- | --- |" * len(INTERVALS)
    for shape, truth in result.truths.items():
        cells = []
        for interval in INTERVALS:
            found = result.readings[interval, shape]["requests"]
            usual = "–" if found.shown is None else f"{100 * (found.shown / len(truth.durations) - 1):+.2f}"
            cells += [f"{_value(found) - len(truth.durations):+.0f}", usual]
        yield f"| {shape} | {len(truth.durations)} | {' | '.join(cells)} |"


def _summary(result: Result) -> Iterator[str]:
    yield from ("", "## In short", "")
    for interval in INTERVALS:
        rows = list(_errors(result, interval))
        ours, theirs = median(abs(row[2]) for row in rows), median(abs(row[3]) for row in rows)
        worst = max(rows, key=lambda row: abs(row[2]))
        yield (
            f"- scraped every {interval} s: median absolute error {100 * ours:.1f} % (usual PromQL {100 * theirs:.1f} %), "
            f"the worst {100 * worst[2]:+.1f} % ({worst[0]} {worst[1]})"
        )
    rows, blind = list(_errors(result, 5)), list(_without_mean(result))
    helped = sum(1 for one, other in zip(rows, blind, strict=True) if abs(one[2]) < abs(other[2]))
    mean, without = (
        sum(errors) / len(errors)
        for errors in ([abs(row[2]) for row in rows], [abs(row[2]) for row in blind])
    )
    yield (
        f"- the known mean brought {helped} of {len(rows)} estimates nearer: mean absolute error {100 * mean:.1f} %, without it "
        f"{100 * without:.1f} %; median {100 * median(abs(row[2]) for row in rows):.1f} %, without it "
        f"{100 * median(abs(row[2]) for row in blind):.1f} %"
    )
    worse = [f"{shape} {name}" for shape, name, ours, theirs in _errors(result, 5) if abs(ours) > abs(theirs)]
    yield f"- worse than the usual PromQL: {', '.join(worse) or 'none'}"


if __name__ == "__main__":
    main()
