"""`generate` for 1, 100 and 1000 services: how long, and how much. Run as `python -m benchmarks.generating`."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from cli.compose import generated
from signals import reading

SERVICE = """\
  web-{number}:
    profile: threads-agent
    selector: {{job: web-{number}}}
    targets: {{latency: {{p95: 400ms, p99: 800ms}}, error_ratio: 1%}}
    objectives:
      availability: {{target: 99.9%, period: 28d}}
      latency: {{target: 95%, within: 500ms, period: 28d}}
"""


@click.command()
def main() -> None:
    """Generate from catalogs of growing size and print time and sizes, and the ratio to one service."""
    for line in lines():
        click.echo(line)


def lines() -> Iterator[str]:
    generated(reading.parse(_catalog(1), "leadline.yaml"))  # imports, and the first reading of profiles
    first = None
    for count in (1, 100, 1000):
        began = time.perf_counter()
        files = generated(reading.parse(_catalog(count), "leadline.yaml"))
        seconds = time.perf_counter() - began
        first = first or seconds
        sizes = [len(content.encode()) for content in files.values()]
        yield (
            f"{count:5} services  {seconds:7.2f} s ({seconds / first:6.1f}×)  {len(files):5} files  "
            f"{sum(sizes) / 1e6:7.2f} MB, the largest {max(sizes) / 1e3:6.0f} kB"
        )


def _catalog(count: int) -> str:
    services = "".join(SERVICE.format(number=number) for number in range(count))
    return f"project: shop\nservices:\n{services}"


if __name__ == "__main__":
    main()
