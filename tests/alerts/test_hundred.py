"""A catalog of a hundred services of many families: its rules load, and the tests of three of them pass."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cli.compose import generated
from cli.demo.processes import find
from k8s import tree
from signals import profiles, reading

SERVICES = 100
CHOSEN = (7, 42, 99)


def catalog() -> str:
    families = [name for name in profiles.names() if "requests" in profiles.load(name).instruments]
    services = "".join(
        f"  web-{number}:\n"
        f"    profile: {families[number % len(families)]}\n"
        f"    selector: {{job: web-{number}}}\n"
        f"    objectives:\n"
        f"      availability: {{target: 99.{number % 10}%, period: {(7, 28, 30)[number % 3]}d}}\n"
        f"      freshness: {{target: 99%, period: 7d}}\n"
        for number in range(SERVICES)
    )
    return f"project: hundred\nservices:\n{services}"


def promtool(verb: str, path: Path) -> str:
    done = subprocess.run(
        [find("promtool"), verb, "rules", str(path)], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else f"{path.name}: {done.stdout}{done.stderr}"


def test_a_hundred_services(tmp_path: Path) -> None:
    files = generated(reading.parse(catalog(), "leadline.yaml"))
    tree.write(tmp_path, files)
    rules = sorted(tmp_path.glob("prometheus/rules/*.yaml"))
    assert len(rules) == SERVICES
    names = tuple(f"hundred-web-{number}" for number in CHOSEN)
    tests = [path for path in tmp_path.glob("prometheus/tests/*") if path.name.partition(".")[0] in names]
    assert len(tests) == len(CHOSEN)
    with ThreadPoolExecutor(max_workers=2) as pool:
        said = [*pool.map(lambda path: promtool("check", path), rules)]
        said += pool.map(lambda path: promtool("test", path), tests)
    assert not any(said), [each for each in said if each]
