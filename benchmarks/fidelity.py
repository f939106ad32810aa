"""How near the snapshot comes to the truth, beside k6 and the usual PromQL, over several demo runs.

Run as `python -m benchmarks.fidelity --out docs/fidelity.md`.
"""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import click

from cli.demo.beside import Row
from cli.demo.run import finished

SHAPES = ((60, 50), (60, 10), (30, 50))
"""Seconds of load and users at its peak, of each run."""
SOURCES = {"k6 (client)": "k6", "Leadline": "value", "usual PromQL": "shown"}


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(out: Path) -> None:
    """Run the demo in several shapes and write what each source said, as a difference from the truth."""
    runs = {f"{seconds} s, {users} users": _run(seconds, users) for seconds, users in SHAPES}
    out.write_text("\n".join(_page(runs)) + "\n", "utf-8")
    click.echo(f"written: {out}")


def _run(seconds: int, users: int) -> tuple[Row, ...]:
    click.echo(f"{seconds} s, {users} users", err=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        finished(Path(folder), seconds, users, lambda _: None, lambda _: None) as done,
    ):
        return done.rows


def _page(runs: dict[str, tuple[Row, ...]]) -> Iterable[str]:
    yield "# Fidelity"
    yield ""
    yield (
        f"Written by `make prove` on {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}. Differences from "
        "the truth (the durations that the service itself measured), in percent; `bounds` says whether the truth lay "
        "inside the bounds that Leadline states."
    )
    for name, rows in runs.items():
        yield from (
            "",
            f"## {name}",
            "",
            "| | k6 (client) | Leadline | usual PromQL | bounds |",
            "|---|---|---|---|---|",
        )
        for row in rows:
            cells = (_difference(_said(row, source), row.truth) for source in SOURCES.values())
            yield f"| {row.signal} | {' | '.join(cells)} | {'inside' if row.inside else 'OUTSIDE'} |"
    yield from ("", "## Quantiles, median of the absolute difference", "")
    for title, source in SOURCES.items():
        differences = [
            abs(said / row.truth - 1) * 100
            for rows in runs.values()
            for row in rows
            if row.signal.startswith("latency.p") and (said := _said(row, source)) is not None
        ]
        yield f"- {title}: {median(differences):.1f} %"


def _said(row: Row, source: str) -> float | None:
    return row.k6 if source == "k6" else (row.reading.value if source == "value" else row.reading.shown)


def _difference(value: float | None, truth: float) -> str:
    return "–" if value is None or not truth else f"{(value / truth - 1) * 100:+.2f}"


if __name__ == "__main__":
    main()
