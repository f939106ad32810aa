"""Cold start: `leadline --help` and `leadline query up` beside a bare prometheus-api-client script and promtool.

Run as `python -m benchmarks.startup URL`, where URL is a Prometheus. Prints medians of wall time, in milliseconds, and
the ratio to the bare script; each round runs all of them once, so that noise falls on all alike.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import click

BARE = """
import sys
from prometheus_api_client import PrometheusConnect
for entry in PrometheusConnect(url=sys.argv[1]).custom_query("up"):
    print(entry["metric"], entry["value"][1])
"""


@click.command()
@click.argument("url")
@click.option("--rounds", default=15, show_default=True)
def main(url: str, rounds: int) -> None:
    """Time each command and print how it compares with the bare script."""
    leadline = str(Path(sys.executable).parent / "leadline")
    commands = {
        "bare prometheus-api-client script": [sys.executable, "-c", BARE, url],
        "promtool query instant": ["promtool", "query", "instant", url, "up"],
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
        click.echo(f"{name:36} {figure:7.0f} ms  {figure / bare:5.2f}×")


def _milliseconds(command: list[str]) -> float:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
