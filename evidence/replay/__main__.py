"""Run as `python -m evidence.replay --out docs/evidence/replay.md`.

Exits 1 where an alert that is due does not fire, or at another time than exact counts say; where any other fires; or
where a remaining budget or a coverage is not what the scrapes add up to.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from evidence import pages
from evidence.replay import judging, page
from evidence.replay.result import replayed


@click.command()
@click.option("--out", type=click.Path(path_type=Path))
def main(out: Path | None) -> None:
    """Replay the month, print what was not as promised, and write the page."""
    result = replayed()
    faults = list(judging.faults(result))
    for fault in faults:
        click.echo(f"FAULT {fault}", err=True)
    text = "\n".join(page.lines(result, faults)) + "\n"
    if out:
        pages.write(out, text)
    click.echo(text)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
