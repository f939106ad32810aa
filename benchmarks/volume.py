"""What `leadline generate` writes, of this checkout or of another: rules, tests, bytes and seconds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import click
import yaml

Seconds = tuple[float, float]
"""Of a run: what a clock on the wall says, and what its processors spent."""
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RULES, TESTS = "prometheus/rules", "prometheus/tests"
KINDS = {"dashboards": "grafana", "rules": RULES, "rule tests": TESTS, "Kubernetes": "kubernetes"}
"""The folder of each kind of file; all others are counted in the sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What one run wrote. `size_bytes` is by kind."""

    seconds: float
    cpu_seconds: float
    files: int
    alerts: int
    recordings: int
    test_files: int
    test_cases: int
    size_bytes: Mapping[str, int]
    total_bytes: int
    largest_bytes: int

    def missing(self) -> tuple[str, ...]:
        """Name the figures that a run without a fault would have."""
        figures = {
            "seconds": self.seconds,
            "processor time": self.cpu_seconds,
            "alerts": self.alerts,
            "recordings": self.recordings,
            "test files": self.test_files,
            "test cases": self.test_cases,
            **{f"bytes of {kind}": size for kind, size in self.size_bytes.items()},
        }
        return tuple(name for name, figure in figures.items() if not figure)


def measure(checkouts: Sequence[Path], catalog: str, rounds: int) -> tuple[Volume, ...]:
    """Generate from a catalog with the code of each checkout in turn, some times over; times are medians.

    Raises ClickException if a run fails, or if it leaves a figure without a value.
    """
    with tempfile.TemporaryDirectory(prefix="leadline-volume-") as folder:
        file = Path(folder) / "leadline.yaml"
        file.write_text(catalog, "utf-8")
        outs = [Path(folder) / str(number) for number in range(len(checkouts))]
        runs = [
            [generate(checkout, file, out) for checkout, out in zip(checkouts, outs, strict=True)]
            for _ in range(rounds)
        ]
        return tuple(map(_counted, checkouts, outs, zip(*runs, strict=True)))


def generate(checkout: Path, catalog: Path, out: Path) -> Seconds:
    """Run `leadline generate` of a checkout as a user would, into an empty folder.

    Raises ClickException if it fails, or if it is not that checkout's code that runs.
    """
    shutil.rmtree(out, ignore_errors=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADLINE_")}
    _check_imports(checkout, environment)
    command = [sys.executable, "-m", "leadline", "generate", "--catalog", str(catalog), "--out", str(out)]
    began, cpu_began = time.perf_counter(), _cpu_seconds()
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    wall, cpu = time.perf_counter() - began, _cpu_seconds() - cpu_began
    if done.returncode:
        raise click.ClickException(f"leadline generate failed in {checkout}: {done.stderr[-2000:]}")
    return wall, cpu


def commit(checkout: Path) -> str:
    """Return a checkout's commit, and say so if its files differ from it."""
    git = ["git", "-C", str(checkout)]
    commit, changes = (
        subprocess.run([*git, *words], capture_output=True, text=True, check=True).stdout.strip()
        for words in (("rev-parse", "--short", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
    )
    return f"{commit} with changes" if changes else commit


def _cpu_seconds() -> float:
    """Return the processor time of all processes that ended."""
    times = os.times()
    return times.children_user + times.children_system


def _check_imports(checkout: Path, environment: Mapping[str, str]) -> None:
    """Raise ClickException if Python, started in a checkout, imports another one's code."""
    command = [sys.executable, "-c", "import leadline; print(leadline.__file__)"]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    if not Path(done.stdout.strip()).is_relative_to(checkout.resolve()):
        raise click.ClickException(
            f"{checkout} is no checkout of leadline: {done.stdout.strip() or done.stderr}"
        )


def _counted(checkout: Path, out: Path, runs: Sequence[Seconds]) -> Volume:
    sizes = {path.relative_to(out): path.stat().st_size for path in out.rglob("*") if path.is_file()}
    groups = [group for document in _documents(out / RULES) for group in document.get("groups", ())]
    rules = [rule for group in groups for rule in group["rules"]]
    found = Volume(
        seconds=median(wall for wall, _ in runs),
        cpu_seconds=median(cpu for _, cpu in runs),
        files=len(sizes),
        alerts=sum("alert" in rule for rule in rules),
        recordings=sum("record" in rule for rule in rules),
        test_files=sum(path.is_relative_to(TESTS) for path in sizes),
        test_cases=sum(len(document.get("tests", ())) for document in _documents(out / TESTS)),
        size_bytes={
            kind: sum(size for path, size in sizes.items() if path.is_relative_to(folder))
            for kind, folder in KINDS.items()
        },
        total_bytes=sum(sizes.values()),
        largest_bytes=max(sizes.values(), default=0),
    )
    if found.missing():
        raise click.ClickException(f"{checkout} generated no {', no '.join(found.missing())}")
    return found


def _documents(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.yaml")):
        yield yaml.load(path.read_bytes(), Loader=LOADER)  # noqa: S506  both are safe loaders


def page(volumes: Mapping[int, Sequence[Volume]]) -> Iterator[str]:
    """Write two tables of what was before and what is now, by the number of services."""
    yield "| services | | alerts | recordings | test files | test cases | files |"
    yield "| ---: | --- | ---: | ---: | ---: | ---: | ---: |"
    for services, name, each in _rows(volumes):
        figures = (each.alerts, each.recordings, each.test_files, each.test_cases, each.files)
        yield f"| {services} | {name} | {' | '.join(f'{figure:,}' for figure in figures)} |"
    yield ""
    yield f"| services | | {' | '.join(KINDS)} | all, MB | seconds | CPU seconds |"
    yield f"| ---: | --- |{' ---: |' * (len(KINDS) + 3)}"
    for services, name, each in _rows(volumes):
        sizes = (*each.size_bytes.values(), each.total_bytes)
        megabytes = " | ".join(f"{size / 1e6:.2f}" for size in sizes)
        yield f"| {services} | {name} | {megabytes} | {each.seconds:.2f} | {each.cpu_seconds:.2f} |"


def _rows(volumes: Mapping[int, Sequence[Volume]]) -> Iterator[tuple[str, str, Volume]]:
    for services, (before, now) in volumes.items():
        yield f"{services:,}", "before", before
        yield f"{services:,}", "now", now
