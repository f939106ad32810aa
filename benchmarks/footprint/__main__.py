"""Run as `python -m benchmarks.footprint --before PATH --out docs/evidence/footprint.md`.

Exits 1 if one objective reads more samples a second than Sloth's rules for it, or if series, samples or evaluation time of the
worked example are more than two thirds of what they are in the checkout at PATH. Writes no page if a figure is missing.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from benchmarks.footprint import page, single, worked
from benchmarks.footprint.cost import GroupCost
from benchmarks.footprint.measuring import measure, prometheus_version
from benchmarks.footprint.workload import Workload
from benchmarks.volume import commit
from leadline.base.errors import LeadlineError


@click.command()
@click.option(
    "--before",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A checkout of an earlier version, whose rules for the worked example are measured in the same run.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the comparison with it as a page.")
def main(before: Path | None, out: Path | None) -> None:
    """Measure, print the page, and name the promises that were not kept."""
    if out is not None and before is None:
        raise click.UsageError("--out needs --before, the checkout to compare with")
    try:
        sides = _measured(single.workload(), single.rule_files(), single.LEAD_SECONDS, single.EVALUATIONS)
        versions = _versions(before) if before else None
        measured = sides["Leadline"], sides["Sloth"], versions
        faults = tuple(page.missed(*measured))
        text = "\n".join(page.lines(*measured, prometheus_version())) + "\n"
    except LeadlineError as error:
        raise click.ClickException(str(error)) from error
    click.echo(text, nl=False)
    if out is not None:
        out.write_text(text, "utf-8")
    for fault in faults:
        click.echo(f"NOT AS PROMISED {fault}", err=True)
    if faults and versions:
        click.echo("\n".join(page.by_record(versions.before, versions.now)), err=True)
    sys.exit(1 if faults else 0)


def _versions(before: Path) -> page.Versions:
    with tempfile.TemporaryDirectory(prefix="leadline-footprint-") as folder:
        sides = {
            name: worked.rule_files(checkout, Path(folder) / name)
            for name, checkout in (("before", before.resolve()), ("now", worked.HERE))
        }
    costs = _measured(worked.workload(), sides, worked.LEAD_SECONDS, worked.EVALUATIONS)
    return page.Versions(
        before=costs["before"],
        now=costs["now"],
        before_commit=commit(before),
        now_commit=commit(worked.HERE),
    )


def _measured(
    workload: Workload, sides: Mapping[str, Sequence[str]], lead_seconds: int, evaluations: int
) -> dict[str, tuple[GroupCost, ...]]:
    with tempfile.TemporaryDirectory(prefix="leadline-footprint-") as folder:
        return measure(workload, sides, Path(folder), lead_seconds, evaluations)


if __name__ == "__main__":
    main()
