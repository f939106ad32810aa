"""Which burn-rate condition to use at low traffic: run as `python -m evidence.replay.traffic --out docs/evidence/low-traffic.md`.

Exits 1 where the chosen condition breaks its promise, or where Prometheus judges otherwise than the simulation. Needs
numpy, prometheus and promtool.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from evidence import pages
from evidence.replay import agreement, evidence
from evidence.replay.figures import Figures
from evidence.replay.lowtraffic import Size, figures
from evidence.replay.strategies import every


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option(
    "--years",
    default=40,
    show_default=True,
    help="Simulated years of each traffic pattern at half the budget; a fifth of them otherwise.",
)
@click.option("--burns", default=150, show_default=True, help="Simulated burns of each kind.")
def main(out: Path, years: int, burns: int) -> None:
    """Simulate, compare with Prometheus, and write the page."""
    start = time.monotonic()
    strategies = tuple(every())
    size = Size(years=years, fewer_years=max(1, years // 5), burns=burns, nights=burns)
    compared = tuple(agreement.agreements())
    measured = Figures(values=dict(figures(strategies, size)))
    text = "\n".join(evidence.lines(measured, strategies, compared, size, time.monotonic() - start)) + "\n"
    pages.write(out, text)
    click.echo(f"written: {out}")
    broken = [*evidence.faults(measured), *agreement.faults(compared)]
    for fault in broken:
        click.echo(f"NOT AS PROMISED: {fault}", err=True)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
