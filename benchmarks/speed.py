"""All figures of speed, as a page. Run as `python -m benchmarks.speed --out docs/evidence/speed.md`."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import generating, long, many, startup
from evidence import pages


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(out: Path) -> None:
    """Measure, and write the page."""
    pages.write(out, _page())
    click.echo(f"written: {out}")


def _page() -> str:
    snapshots = "\n".join(many.lines())
    windows = "\n".join(long.lines())
    started, generated = "\n".join(startup.lines()), "\n".join(generating.lines())
    dashboards = "\n".join(generating.beside_grafanalib())
    return f"""\
# Speed

Written by `make prove` on {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores.

Cold start, medians of 15 rounds, beside a script of four lines with prometheus-api-client:

```
{started}
```

A snapshot of many services, beside the same figures asked one by one, on this machine (no network between):

```
{snapshots}
```

Long windows and many series, each a whole `leadline snapshot` (seconds and memory of the process), beside the logged truth:

```
{windows}
```

`leadline generate`, for services with two objectives and the profile threads-agent:

```
{generated}
```

Its dashboards alone, of 1000 services, beside grafanalib by itself, given the same panels, thresholds, colours, variables and annotations
as far as it has words for them:

```
{dashboards}
```
"""


if __name__ == "__main__":
    main()
