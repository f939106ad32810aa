"""Seconds of plain `promtool test rules` on one service's generated tests, of this checkout and of an earlier one."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click
import yaml

from benchmarks import volume
from leadline.base.units import duration
from leadline.demo.processes import find

HERE = Path(__file__).parent.parent
ROUNDS = 3
SCORE = re.compile(r"^- ([\d.]+ %) killed of the (\d+) mutants that an input could tell", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """The tests of one service, and the median of some runs.

    steps  evaluations of all its rules, which is what promtool's time is spent on
    """

    files: int
    steps: int
    seconds: float


def timed(checkout: Path, catalog: Path, service: str) -> Timed:
    """Generate with a checkout's own code, and run promtool some times on the files that are named after a service."""
    with tempfile.TemporaryDirectory(prefix="leadline-rule-tests-") as folder:
        out = Path(folder) / "generated"
        volume.generate(checkout.resolve(), catalog.resolve(), out)
        tests = sorted((out / volume.TESTS).glob(f"{service}*.test.yaml"))
        if not tests:
            raise click.ClickException(f"{checkout} generated no tests of {service}")
        return Timed(
            files=len(tests),
            steps=sum(map(evaluations, tests)),
            seconds=median(_seconds(tests) for _ in range(ROUNDS)),
        )


def _seconds(tests: Sequence[Path]) -> float:
    environment = {name: value for name, value in os.environ.items() if name not in ("GOGC", "GOMAXPROCS")}
    command = [find("promtool"), "test", "rules", *map(str, tests)]
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"promtool test rules failed: {(done.stdout + done.stderr)[-1000:]}")
    return time.perf_counter() - began


def evaluations(file: Path) -> int:
    """Count how often promtool evaluates the rules for a file: from 0 to the last moment of each test that is looked at."""
    document = yaml.load(file.read_bytes(), Loader=volume.LOADER)  # noqa: S506  both are safe loaders
    step = duration(document["evaluation_interval"])
    return sum(
        int(max(duration(each["eval_time"]) for kind in EXPECTED for each in test.get(kind, ())) / step) + 1
        for test in document["tests"]
    )


EXPECTED = ("alert_rule_test", "promql_expr_test")


def quoted_score(checkout: Path) -> str:
    """Return the mutation score that an earlier version's own page states; it is not measured again."""
    pages = sorted((checkout / "docs").rglob("mutation.md"))  # versions before 0.2 had it beside the others
    found = SCORE.search(pages[0].read_text("utf-8")) if pages else None
    if found is None:
        raise click.ClickException(f"{checkout / 'docs'} has no mutation.md that states a score")
    return f"{found[1]} of {found[2]}"


def lines(before: Timed | None, now: Timed, quoted: str, score: str) -> Iterator[str]:
    """Write the table of what one service's tests take, and find."""
    yield "| | test files | evaluations | seconds | mutants killed |"
    yield "| --- | ---: | ---: | ---: | --- |"
    if before:
        yield f"| before | {before.files} | {before.steps:,} | {before.seconds:.1f} | {quoted} (quoted) |"
    yield f"| now | {now.files} | {now.steps:,} | {now.seconds:.1f} | {score} |"
