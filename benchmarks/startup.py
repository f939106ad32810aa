"""Cold start, completion, and a table of a thousand series, beside a bare prometheus-api-client script and promtool.

Run as `python -m benchmarks.startup`; it starts a Prometheus of its own. Prints medians of wall time, in milliseconds,
and the ratio to the bare script that asks the same; each round runs all of them once, so that noise falls on all alike.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

import click

from leadline.base.errors import LeadlineError
from leadline.catalog.endpoints import Endpoint
from leadline.demo.processes import find, free_port, running, wait_for
from leadline.prometheus.client import Prometheus

BARE = """
import sys
from prometheus_api_client import PrometheusConnect
for entry in PrometheusConnect(url=sys.argv[1]).custom_query(sys.argv[2]):
    print(entry["metric"], entry["value"][1])
"""
SERIES, MANY = 1000, "leadline_benchmark_shards"


@click.command()
@click.option("--rounds", default=15, show_default=True)
def main(rounds: int) -> None:
    """Time each command and print how it compares with the bare script."""
    for line in lines(rounds):
        click.echo(line)


def lines(rounds: int = 15) -> Iterator[str]:
    """Time the commands against a Prometheus that scrapes itself."""
    with tempfile.TemporaryDirectory() as name, _exposed() as many:
        folder, port = Path(name), free_port()
        config = folder / "prometheus.yml"
        scraped = f"[{{job_name: prometheus, static_configs: [{{targets: ['127.0.0.1:{port}', '127.0.0.1:{many}']}}]}}]"
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
        return len(client.ask(MANY).series) == SERIES and len(client.ask("up == 1").series) == 2
    except LeadlineError:
        return False


def _timed(url: str, rounds: int) -> Iterator[str]:
    leadline = str(Path(sys.executable).parent / "leadline")
    promtool = [find("promtool"), "query", "instant", url]
    bare = [sys.executable, "-c", BARE, url]
    commands = {
        "bare script, up": [*bare, "up"],
        "promtool query instant, up": [*promtool, "up"],
        "leadline --help": [leadline, "--help"],
        "leadline query up": [leadline, "query", "up", "--url", url],
        f"bare script, {SERIES} series": [*bare, MANY],
        f"promtool query instant, {SERIES} series": [*promtool, MANY],
        f"leadline query, table of {SERIES} series": [leadline, "query", MANY, "--limit", "0", "--url", url],
        "completion of a command": [leadline],
        "completion of a metric": [leadline],
    }
    asked = {
        "completion of a command": "leadline qu",
        "completion of a metric": f"leadline query --url {url} 'sum(rate(prometheus_http_requests_t",
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            times[name].append(_milliseconds(command, _completing(asked.get(name))))
    figures = {
        name: median(found[1:]) for name, found in times.items()
    }  # the first round warms disk and cache
    for name, figure in figures.items():
        beside = figures[f"bare script, {SERIES} series" if f"{SERIES} series" in name else "bare script, up"]
        yield f"{name:38} {figure:7.0f} ms  {figure / beside:5.2f}×"


def _completing(line: str | None) -> dict[str, str]:
    """Return the variables with which bash asks what a line may become."""
    if line is None:
        return {}
    return {"_LEADLINE_COMPLETE": "bash_complete", "COMP_WORDS": line}


@contextmanager
def _exposed() -> Iterator[int]:
    """Serve a metric of so many series; give the port."""
    text = "".join(
        f'{MANY}{{shard="{number}",zone="z{number % 7}"}} {number}\n' for number in range(SERIES)
    ).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _milliseconds(command: list[str], more: dict[str, str]) -> float:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | more
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
