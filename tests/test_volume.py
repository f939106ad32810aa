"""The page of what is generated: measured on a checkout that plays leadline."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import generating, volume

PROGRAM = """\
import sys
from pathlib import Path
files = {{
    "grafana/a.json": "{{}}",
    "prometheus/rules/a.yaml": "groups: [{{name: a, rules: [{{alert: A, expr: up}}, {{record: r, expr: up}}]}}]",
    "prometheus/tests/a.yaml": "{tests}",
    "kubernetes/operator/a.yaml": "{{}}",
}}
for name, text in files.items() if __name__ == "__main__" else ():
    path = Path(sys.argv[-1]) / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
"""


def checkout(folder: Path, tests: str = "tests: [{}, {}]") -> Path:
    folder.mkdir()
    (folder / "leadline.py").write_text(PROGRAM.format(tests=tests), "utf-8")
    return folder


def test_rules_tests_and_bytes_are_counted(tmp_path: Path) -> None:
    (found,) = volume.measure((checkout(tmp_path / "a"),), "project: shop", 1)
    assert (found.alerts, found.recordings, found.test_files, found.test_cases, found.files) == (
        1,
        1,
        1,
        2,
        4,
    )
    assert found.size_bytes["rule tests"] == len("tests: [{}, {}]")
    assert found.total_bytes == sum(found.size_bytes.values())
    assert "| 1 | before | 1 | 1 | 1 | 2 | 4 |" in volume.page({1: (found, found)})


def test_no_page_is_written_where_a_figure_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generating, "HERE", checkout(tmp_path / "now", tests="tests: []"))
    page = tmp_path / "volume.md"
    arguments = ["--before", str(checkout(tmp_path / "before")), "--out", str(page)]
    done = CliRunner().invoke(generating.main, arguments)
    assert done.exit_code == 1
    assert "generated no test cases" in done.output
    assert not page.exists()


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = CliRunner().invoke(generating.main, ["--before", str(tmp_path / "empty")])
    assert done.exit_code == 1
    assert "is no checkout of leadline" in done.output
