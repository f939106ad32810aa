"""Every fault, measured in a real Prometheus and set beside the truth: writes docs/evidence/faults.md.

Run as `python -m evidence.faults --out docs/evidence/faults.md`. Exits 1 where a figure is untrue that the model covers.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from evidence import pages
from evidence.faults.run import Cell, Result, results
from evidence.faults.scenarios import FAULTS
from leadline.base.units import show
from leadline.reports.model import MET, MISSED
from leadline.reports.sections import certainty

SHOWN = (
    "requests", "error_ratio", "latency.mean", "latency.p50", "latency.p95", "latency.p99", "within.latency.p95", "tokens",
    "cost_per_request", "cost_per_1k_tokens",
)  # fmt: skip
MOST_OUTSIDE = 5


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Write the page here; else to stdout.")
def main(out: Path | None) -> None:
    """Measure every fault, and write the page."""
    found = list(results(FAULTS.values()))
    text = "\n".join(page(found)) + "\n"
    if out:
        pages.write(out, text)
    else:
        click.echo(text, nl=False)
    wrong = [cell for result in found for cell in result.cells if cell.untrue and not result.fault.outside]
    for cell in wrong:
        click.echo(f"{cell.fault.name}: {cell.untrue}", err=True)
    outside = {result.fault.name for result in found if result.fault.outside}
    sys.exit(1 if wrong or len(outside) > MOST_OUTSIDE else 0)


def page(found: Sequence[Result]) -> Iterator[str]:
    """Lay out the page: what was done, the sums, and a table a fault."""
    inside = [cell for result in found if not result.fault.outside for cell in result.cells]
    judged = [cell for cell in inside if cell.reading.verdict]
    yield "# Faults"
    yield ""
    day, version = datetime.now(UTC).date().isoformat(), platform.python_version()
    yield (
        f"Written by `make prove` on {day}, Python {version}. A simulated fleet with {len(found)} faults, "
        "every request logged, is written into a real Prometheus and measured there, each fault by itself, over ten minutes at a "
        "15 s scrape. [How figures are measured](measuring.md) names the model and its assumptions."
    )
    yield ""
    yield f"- {len(inside)} figures, of which {sum(not cell.untrue for cell in inside)} are true: the truth lies within the bounds,"
    yield "  what is called exact is exact, and no verdict is wrong."
    yield f"- {sum(cell.reading.is_exact for cell in inside)} are exact."
    decided = sum(cell.reading.verdict in (MET, MISSED) for cell in judged)
    yield f"- {decided} of {len(judged)} verdicts are decided; the rest state what would decide them."
    yield ""
    yield "| fault | kind | untrue | exact | verdicts | error ratio: truth, value, bounds |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for result in found:
        yield _summary(result)
    outside = [result for result in found if result.fault.outside]
    if outside:
        yield ""
        yield "## Outside the model"
        yield ""
        for result in outside:
            yield f"- {result.fault.name}: {result.fault.outside}"
    for result in found:
        yield from _table(result)


def _summary(result: Result) -> str:
    wrong = [cell for cell in result.cells if cell.untrue]
    untrue = f"{len(wrong)} (outside the model)" if wrong and result.fault.outside else str(len(wrong))
    verdicts = ", ".join(
        f"{cell.reading.signal.removeprefix('latency.')} {cell.reading.verdict}"
        for cell in result.cells
        if cell.reading.verdict
    )
    exact = sum(cell.reading.is_exact for cell in result.cells)
    ratio = next((cell for cell in result.cells if cell.reading.signal == "error_ratio"), None)
    said = _said(ratio) if ratio else "–"
    return f"| {result.fault.name} | {result.fault.kind} | {untrue} | {exact} of {len(result.cells)} | {verdicts or '–'} | {said} |"


def _said(cell: Cell) -> str:
    found = cell.reading
    true = "none" if cell.truth is None else show(cell.truth, found.unit)
    value = "–" if found.value is None else show(found.value, found.unit)
    return f"{true}, {value}, {certainty(found) or 'none'}"


def _table(result: Result) -> Iterator[str]:
    yield ""
    yield f"## {result.fault.name}"
    yield ""
    if result.fault.build.__doc__:
        yield result.fault.build.__doc__
        yield ""
    yield "| figure | truth | value | bounds | width | verdict | right |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for cell in result.cells:
        if cell.reading.signal in SHOWN:
            yield _row(cell)


def _row(cell: Cell) -> str:
    found = cell.reading
    true = "none" if cell.truth is None else show(cell.truth, found.unit)
    value = "–" if found.value is None else show(found.value, found.unit)
    right = "**no**" if cell.untrue else "yes"
    return f"| {found.signal} | {true} | {value} | {certainty(found) or 'none'} | {_width(cell)} | {found.verdict or '–'} | {right} |"


def _width(cell: Cell) -> str:
    """Write how wide the bounds are, as a share of the truth."""
    found = cell.reading
    if found.lower is None or found.upper is None or found.unbounded:
        return "open" if found.lower is not None else "–"
    if not cell.truth:
        return "0" if found.lower == found.upper else "–"
    return f"{100 * (found.upper - found.lower) / cell.truth:.2g} %" if found.upper > found.lower else "0"


if __name__ == "__main__":
    main()
