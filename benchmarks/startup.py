"""Cold start: `leadline --help` and `leadline query up` beside a bare prometheus-api-client script and promtool.

Run as `python -m benchmarks.startup`; it starts a Prometheus of its own. Prints medians of wall time, in milliseconds,
and the ratio to the bare script; each round runs all of them once, so that noise falls on all alike.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import click

from cli.demo.processes import find, free_port, running, wait_for
from live.client import Prometheus
from signals.endpoints import Endpoint
from signals.errors import LeadlineError

BARE = """
import sys
from prometheus_api_client import PrometheusConnect
for entry in PrometheusConnect(url=sys.argv[1]).custom_query("up"):
    print(entry["metric"], entry["value"][1])
"""


@click.command()
@click.option("--rounds", default=15, show_default=True)
def main(rounds: int) -> None:
    """Time each command and print how it compares with the bare script."""
    for line in lines(rounds):
        click.echo(line)


def lines(rounds: int = 15) -> Iterator[str]:
    """Time the commands against a Prometheus that scrapes itself."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        config = folder / "prometheus.yml"
        scraped = f"[{{job_name: prometheus, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]"
        config.write_text(f"global: {{scrape_interval: 1s}}\nscrape_configs: {scraped}\n", "utf-8")
        command = [find("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
        command.append(f"--web.listen-address=127.0.0.1:{port}")
        url = f"http://127.0.0.1:{port}"
        with (
            running("prometheus", command, folder / "log") as program,
            Prometheus(Endpoint(url=url)) as client,
        ):
            wait_for("a scrape", lambda: _has_scraped(client), program)
            yield from _timed(url, rounds)


def _has_scraped(client: Prometheus) -> bool:
    try:
        return bool(client.ask("up").series)
    except LeadlineError:
        return False


def _timed(url: str, rounds: int) -> Iterator[str]:
    leadline = str(Path(sys.executable).parent / "leadline")
    commands = {
        "bare prometheus-api-client script": [sys.executable, "-c", BARE, url],
        "promtool query instant": [find("promtool"), "query", "instant", url, "up"],
        "leadline --help": [leadline, "--help"],
        "leadline query up": [leadline, "query", "up", "--url", url],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            times[name].append(_milliseconds(command))
    figures = {name: median(found[1:]) for name, found in times.items()}  # the first round warms the disk
    bare = figures["bare prometheus-api-client script"]
    for name, figure in figures.items():
        yield f"{name:36} {figure:7.0f} ms  {figure / bare:5.2f}×"


def _milliseconds(command: list[str]) -> float:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
