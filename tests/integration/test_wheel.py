"""The wheel, installed into an environment with nothing else in it."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT], check=True, capture_output=True
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the programs of an environment that has only the wheel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    pip: list[str | Path] = [folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", wheel]
    subprocess.run(pip, check=True, capture_output=True)
    return folder / "bin"


def test_the_wheel_carries_its_data_and_nothing_of_the_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "leadline/catalog/profiles/threads-agent.yaml",
        "leadline/demo/load.js",
        "leadline/demo/chaos/steady.js",
        "leadline/demo/leadline.yaml",
        "leadline.py",
    ):
        assert needed in names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "benchmarks/", "."))]


def test_the_installed_command_generates_the_same_bytes(installed: Path, tmp_path: Path) -> None:
    version = subprocess.run(
        [installed / "leadline", "--version"], check=True, capture_output=True, text=True
    )
    assert version.stdout.startswith("leadline, version ")
    command: list[str | Path] = ["generate", "--catalog", ROOT / "leadline.yaml", "--out", tmp_path / "out"]
    done = subprocess.run(
        [installed / "leadline", *command], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert "also installs" not in done.stderr
    golden = (ROOT / "tests/golden/generated/manifest.json").read_bytes()
    assert (tmp_path / "out/manifest.json").read_bytes() == golden


def test_the_public_face_can_be_imported(installed: Path, tmp_path: Path) -> None:
    code = "import leadline; print(sorted(set(leadline.__all__) - set(dir(leadline))))"
    done = subprocess.run(
        [installed / "python", "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"


def test_without_the_demos_packages_the_demo_says_what_to_install(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [installed / "leadline", "demo"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert done.returncode == 3
    assert "pip install 'leadline[demo]'" in done.stderr
