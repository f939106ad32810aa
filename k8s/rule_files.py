"""Rules into a folder that a Prometheus reads: checked before, read back after, put back where it refuses."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from k8s import tree
from live.client import Prometheus
from signals import files
from signals.errors import LeadlineError, ToolFailedError, ToolMissingError

RULES = "prometheus/rules/"
PENDING = ".leadline-pending"
BEFORE = ".leadline-before"
"""A folder beside the rules, which no pattern of rule_files finds, with what the last push replaced."""


def rules_of(generated: Mapping[str, str], version: str) -> dict[str, str]:
    """Give the rule files of what is generated, by name, and the manifest that tells ours from others."""
    found = {path.removeprefix(RULES): text for path, text in generated.items() if path.startswith(RULES)}
    return tree.with_manifest(found, version)


def push(folder: Path, wanted: Mapping[str, str], prometheus: Prometheus) -> int:
    """Write rule files, make Prometheus read them, and see that it did; give how many rules it evaluates of them.

    Raises ToolFailedError where promtool or Prometheus refuses them; then the files are as they were before.
    """
    check(wanted)
    replaced = {
        name: text
        for name in (*tree.ours(folder), tree.MANIFEST)
        if (text := tree.read(folder / name)) is not None
    }
    with tempfile.TemporaryDirectory() as kept:
        before = Path(kept) / "before"
        if folder.exists():
            shutil.copytree(folder, before)
        files.replaced(folder / PENDING, "written, and not yet read by Prometheus\n")
        tree.write(folder, wanted)
        try:
            prometheus.reload()
            count = _read_back(folder, prometheus)
        except LeadlineError as error:
            _put_back(folder, before, wanted)
            (folder / PENDING).unlink(missing_ok=True)
            prometheus.reload()
            raise ToolFailedError(f"the old rules are back in {folder}, because: {error}") from None
    _keep(folder, replaced)
    (folder / PENDING).unlink(missing_ok=True)
    return count


def is_pending(folder: Path) -> bool:
    """Say whether a push was ended after it wrote, and before Prometheus had read what it wrote."""
    return (folder / PENDING).is_file()


def before(folder: Path) -> dict[str, str] | None:
    """Give the rule files that the last push replaced, and their manifest; None where none were kept."""
    kept = folder / BEFORE
    names = tree.ours(kept) if (kept / tree.MANIFEST).is_file() else {}
    return {name: tree.read(kept / name) or "" for name in (*names, tree.MANIFEST)} if names else None


def _keep(folder: Path, replaced: Mapping[str, str]) -> None:
    shutil.rmtree(folder / BEFORE, ignore_errors=True)
    for name, text in replaced.items():
        files.replaced(folder / BEFORE / name, text)


def check(wanted: Mapping[str, str]) -> None:
    """Let promtool check rule files. Raises ToolFailedError with its words."""
    program = shutil.which("promtool")
    if program is None:
        raise ToolMissingError(
            "promtool is not installed; it comes with Prometheus (Debian: apt-get install prometheus)"
        )
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in wanted if name != tree.MANIFEST]
        for path in paths:
            path.write_text(wanted[path.name], "utf-8")
        command: list[str | Path] = [program, "check", "rules", *paths]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        text = " ".join((done.stdout + done.stderr).replace(f"{folder}/", "").split())
        raise ToolFailedError(f"promtool refuses the rules, so nothing was written: {text}")


def _read_back(folder: Path, prometheus: Prometheus) -> int:
    """Count the rules that Prometheus has from the folder. Raises ToolFailedError where it has none, or a broken one."""
    ours = {folder.resolve() / name for name in tree.ours(folder)}
    cwd = prometheus.working_folder()
    groups = [
        group for group in prometheus.rule_groups() if (Path(cwd) / str(group["file"])).resolve() in ours
    ]
    rules = [rule for group in groups for rule in group["rules"]]
    if not rules:
        patterns = ", ".join(prometheus.rule_patterns()) or "nothing"
        raise ToolFailedError(
            f"{prometheus.url} reads no rule from {folder.resolve()}: its rule_files are {patterns}; "
            f"name {folder.resolve()}/*.yaml there, or push to the folder that it reads"
        )
    broken = [f"{rule['name']}: {rule.get('lastError', '')}" for rule in rules if rule["health"] == "err"]
    if broken:
        raise ToolFailedError(
            f"{prometheus.url} cannot evaluate {len(broken)} rule(s): {'; '.join(broken[:3])}"
        )
    return len(rules)


def _put_back(folder: Path, before: Path, wanted: Mapping[str, str]) -> None:
    """Undo a write: what was there before is there again, what was not is gone; other files were never touched."""
    for name in wanted:
        (folder / name).unlink(missing_ok=True)
    if before.exists():
        shutil.copytree(before, folder, dirs_exist_ok=True)
