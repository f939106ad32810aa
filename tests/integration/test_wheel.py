"""The wheel, installed into an environment with nothing else in it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.integration


COLLIDING = ("alerts", "cli", "dashboards", "k8s", "reports", "signals")


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    build: list[str | Path] = [sys.executable, "-m", "build", "--sdist", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the unpacked sdist, so that both are tested."""
    folder = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "source", filter="data")
    source = next((folder / "source").iterdir())
    build: list[str | Path] = [sys.executable, "-m", "build", "--wheel", "--outdir", folder, source]
    subprocess.run(build, check=True, capture_output=True)
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
        "leadline/__main__.py",
        "leadline/py.typed",
        "leadline/alerts/rules.py",
        "leadline/k8s/objects.py",
        "leadline/reports/templates/report.html",
    ):
        assert needed in names
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"leadline"}
    assert not [name for name in names if name.startswith("leadline/k8s/manifests/")]


def test_a_project_with_packages_of_the_same_names_is_no_trouble(installed: Path, tmp_path: Path) -> None:
    for name in COLLIDING:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(
            f"raise SystemExit('{name} of the project was imported')\n"
        )
    code = """
import pathlib, sys
import leadline
for name in leadline.__all__:
    getattr(leadline, name)
print(sorted(set(sys.modules) & set(sys.argv[1:])), leadline.load(pathlib.Path(sys.argv[-1])).project)
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [installed / "python", "-c", code, *COLLIDING, ROOT / "leadline.yaml"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert (done.stdout, done.stderr) == ("[] threads-agent\n", "")
    done = subprocess.run(
        [
            installed / "python",
            "-m",
            "leadline",
            "generate",
            "--catalog",
            ROOT / "leadline.yaml",
            "--out",
            "out",
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stderr


def test_the_installed_command_generates_the_same_bytes(installed: Path, tmp_path: Path) -> None:
    version = subprocess.run(
        [installed / "leadline", "--version"], check=True, capture_output=True, text=True
    )
    assert version.stdout.startswith("leadline, version ")
    command: list[str | Path] = ["generate", "--catalog", ROOT / "leadline.yaml", "--out", tmp_path / "out"]
    subprocess.run(
        [installed / "leadline", *command], check=True, capture_output=True, text=True, cwd=tmp_path
    )
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
