"""A snapshot of 100 services, beside the same figures asked one by one with prometheus-api-client.

Run as `python -m benchmarks.many`; it starts a Prometheus of its own on data written down before. Prints questions, time, and
the ratio to asking one by one.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
from prometheus_api_client import PrometheusConnect

from leadline.base.errors import LeadlineError
from leadline.catalog import loader
from leadline.catalog.endpoints import Endpoint
from leadline.demo.processes import find, free_port, running, wait_for
from leadline.measure.window import Window
from leadline.prometheus.client import Prometheus
from leadline.reports import snapshot
from leadline.reports.recording import Recorder

SERVICES, INSTANCES, ROUTES = 100, 2, 3
STEP, LENGTH = 15, 600
EDGES = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf")
SELECTOR = 'job="web-{number}"'
USUAL = (
    "sum(increase(http_requests_total{{{selector}}}[5m]))",
    "sum(rate(http_requests_total{{{selector}}}[5m]))",
    'sum(rate(http_requests_total{{{selector}, code=~"5.."}}[5m])) / sum(rate(http_requests_total{{{selector}}}[5m]))',
    *(
        f"histogram_quantile({rank}, sum by (le) (rate(http_request_duration_seconds_bucket{{{{{{selector}}}}}}[5m])))"
        for rank in ("0.5", "0.9", "0.95", "0.99")
    ),
    "sum(rate(http_request_duration_seconds_sum{{{selector}}}[5m])) / sum(rate(http_request_duration_seconds_count{{{selector}}}[5m]))",
)
"""Eight figures of a service, as everyone asks for them."""


@click.command()
def main() -> None:
    """Time both and print the ratio."""
    for line in lines():
        click.echo(line)


def lines() -> Iterator[str]:
    """Run a Prometheus on written data, and measure both ways on it."""
    base = int(time.time()) // 60 * 60 - 3 * 3600
    with tempfile.TemporaryDirectory(prefix="leadline-many-") as name:
        folder = Path(name)
        series = _write(folder / "data.om", base)
        blocks = [
            find("promtool"),
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            str(folder / "data.om"),
            str(folder / "tsdb"),
        ]
        subprocess.run(blocks, check=True, capture_output=True)
        (folder / "prometheus.yml").write_text("{}")
        listen = f"127.0.0.1:{free_port()}"
        command = [find("prometheus"), f"--config.file={folder / 'prometheus.yml'}", "--log.level=warn"]
        command += [f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address={listen}"]
        with (
            running("prometheus", command, folder / "log") as program,
            Prometheus(Endpoint(url=f"http://{listen}")) as client,
        ):
            wait_for("an answer", lambda: answers(client), program)
            yield from _compared(client, f"http://{listen}", base, series)


def _compared(client: Prometheus, url: str, base: int, series: int) -> Iterator[str]:
    services = "".join(
        f"  web-{n}: {{profile: generic-http, selector: {{job: web-{n}}}}}\n" for n in range(SERVICES)
    )
    catalog = loader.parse(f"project: many\nscrape_interval: {STEP}s\nservices:\n{services}", "leadline.yaml")
    window = Window(start=base + 120, end=base + 420)
    snapshot.take(
        catalog, catalog.services[:1], window, client.ask
    )  # imports, and the first reading of blocks
    recorder = Recorder(client.ask)
    began = time.perf_counter()
    report = snapshot.take(catalog, catalog.services, window, recorder.ask)
    ours = time.perf_counter() - began
    figures = sum(1 for each in report.readings if each.value is not None)
    connection = PrometheusConnect(url=url)
    asked, began = 0, time.perf_counter()
    for number in range(SERVICES):
        for query in USUAL:
            selector = SELECTOR.format(number=number)
            connection.custom_query(query.format(selector=selector), params={"time": str(window.end)})
            asked += 1
    theirs = time.perf_counter() - began
    yield f"{SERVICES} services, {series} series"
    yield f"{'one by one, prometheus-api-client':36} {asked:5} questions {asked:6} figures  {theirs:6.2f} s  1.00×"
    yield (
        f"{'leadline snapshot':36} {len(recorder.answers):5} questions {figures:6} figures  {ours:6.2f} s  "
        f"{ours / theirs:.2f}× (bounds, breakdown and comparison included)"
    )


def _write(path: Path, base: int) -> int:
    """Write ten minutes of steady traffic; give the number of series."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for name, labels, per_second in _series():
            count += 1
            written = ",".join(f'{key}="{value}"' for key, value in labels.items())
            for t in range(0, LENGTH + 1, STEP):
                file.write(f"{name}{{{written}}} {per_second * t:g} {base + t}\n")
        file.write("# EOF\n")
    return count


def _series() -> Iterator[tuple[str, dict[str, str], float]]:
    """Return all series, those of one metric together, as OpenMetrics wants them."""
    targets = [{"job": f"web-{n}", "instance": f"{i}:80"} for n in range(SERVICES) for i in range(INSTANCES)]
    routed = [{**target, "route": f"/{route}"} for target in targets for route in range(ROUTES)]
    yield from (
        ("http_requests_total", {**each, "code": code}, rate)
        for each in routed
        for code, rate in (("200", 9.9), ("500", 0.1))
    )
    metric = "http_request_duration_seconds"
    yield from (
        (f"{metric}_bucket", {**each, "le": edge}, 10 * (index + 1) / len(EDGES))
        for each in routed
        for index, edge in enumerate(EDGES)
    )
    yield from ((f"{metric}_sum", each, 0.9) for each in routed)
    yield from ((f"{metric}_count", each, 10.0) for each in routed)
    yield from (("process_cpu_seconds_total", target, 0.05) for target in targets)


def answers(client: Prometheus) -> bool:
    try:
        return bool(client.ask("vector(1)").series)
    except LeadlineError:
        return False


if __name__ == "__main__":
    main()
