"""What the layout promises."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT

LINKED = ("alerts", "cli", "dashboards", "k8s")
LOADS_ALL = """
import sys, pkgutil, importlib, leadline
for each in pkgutil.walk_packages(leadline.__path__, "leadline."):
    if not each.name.endswith("__main__"):
        importlib.import_module(each.name)
print(len([name for name in sys.modules if name.startswith("leadline.")]), *sorted(set(sys.modules) & set(sys.argv[1:])))
"""


def test_the_four_folders_at_the_top_are_linked_into_the_package() -> None:
    for name in LINKED:
        assert (ROOT / "leadline" / name).readlink().as_posix() == f"../{name}"


def test_no_module_is_loaded_twice_under_a_top_level_name() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADS_ALL, *LINKED], check=True, capture_output=True, text=True, cwd=ROOT
    )
    count, *loaded_as_top_level = done.stdout.split()
    assert int(count) > 250
    assert loaded_as_top_level == []


def test_a_query_loads_neither_grafanalib_nor_jinja2() -> None:
    code = "import sys, leadline.cli.query; print(sorted({'grafanalib', 'jinja2'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
