"""A catalog of a hundred services of many families: its rules load, and the tests of one of them pass."""

from __future__ import annotations

from pathlib import Path

from leadline.catalog import loader, profiles
from leadline.compose.generate import generated
from leadline.deploy import tree
from tests import promtool

SERVICES = 100
CHOSEN = (42,)


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


def test_a_hundred_services(tmp_path: Path) -> None:
    files = generated(loader.parse(catalog(), "leadline.yaml"))
    tree.write(tmp_path, files)
    rules = sorted(tmp_path.glob("prometheus/rules/*.yaml"))
    assert len(rules) == SERVICES
    names = tuple(f"hundred-web-{number}" for number in CHOSEN)
    tests = [path for path in tmp_path.glob("prometheus/tests/*") if path.name.partition(".")[0] in names]
    assert tests
    assert not promtool.checked(rules)
    assert not promtool.failures(tests)
