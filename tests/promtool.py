"""Generated rule tests, run by the real promtool: a file's tests in parts, side by side, for it uses one core."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from leadline.demo.processes import find

SIDE_BY_SIDE = os.cpu_count() or 2
PARTS = 2 * SIDE_BY_SIDE


def checked(files: Iterable[Path]) -> str:
    """Return what promtool says against rule files; empty where it says nothing."""
    return _run("check", map(str, files))


def failures(files: Iterable[Path], wanted: Callable[[dict[str, Any]], bool] = lambda _: True) -> str:
    """Run every test of some files, or those that are wanted; give what promtool says against them. Raises where there is none."""
    parts = [part for file in files for part in _parts(file, wanted)]
    assert parts, "there is no test to run"
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return "".join(pool.map(lambda part: _run("test", [str(part)]), parts))


def passed(files: Iterable[Path]) -> str:
    """Run every test of some files, each file whole; give what promtool says against them. There may be none."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return "".join(pool.map(lambda file: _run("test", [str(file)]), files))


def _parts(file: Path, wanted: Callable[[dict[str, Any]], bool]) -> list[Path]:
    """Write a file's tests into several beside it, where their relative paths still lead."""
    document = yaml.load(file.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    tests = [each for each in document["tests"] if wanted(each)]
    written = []
    for index in range(min(PARTS, len(tests))):
        path = file.with_name(f"{file.name}.part{index}")
        path.write_text(yaml.safe_dump({**document, "tests": tests[index::PARTS]}), "utf-8")
        written.append(path)
    return written


def _run(verb: str, files: Iterable[str]) -> str:
    command = [find("promtool"), verb, "rules", *files]
    environment = {
        **os.environ,
        "GOGC": "800",
        "GOMAXPROCS": "1",
    }  # a third of its time is else spent on collecting garbage
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}\n"
