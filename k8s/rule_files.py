"""Rules into a folder that a Prometheus reads: checked before, read back after, put back where it refuses."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from k8s import tree
from live.client import Prometheus
from signals.errors import LeadlineError, ToolFailedError, ToolMissingError

RULES = "prometheus/rules/"
BEFORE = ".leadline-before"
"""A folder beside the rules, which no pattern of rule_files finds, with what the last push replaced."""


def rules_of(files: Mapping[str, str], version: str) -> dict[str, str]:
    """Give the rule files of what is generated, by name, and the manifest that tells ours from others."""
    found = {path.removeprefix(RULES): text for path, text in files.items() if path.startswith(RULES)}
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
        tree.write(folder, wanted)
        try:
            prometheus.reload()
            count = _read_back(folder, prometheus)
        except LeadlineError as error:
            _put_back(folder, before, wanted)
            prometheus.reload()
            raise ToolFailedError(f"the old rules are back in {folder}, because: {error}") from None
    _keep(folder, replaced)
    return count


def before(folder: Path) -> dict[str, str] | None:
    """Give the rule files that the last push replaced, and their manifest; None where none were kept."""
    kept = folder / BEFORE
    names = tree.ours(kept) if (kept / tree.MANIFEST).is_file() else {}
    return {name: tree.read(kept / name) or "" for name in (*names, tree.MANIFEST)} if names else None


def _keep(folder: Path, replaced: Mapping[str, str]) -> None:
    shutil.rmtree(folder / BEFORE, ignore_errors=True)
    for name, text in replaced.items():
        path = folder / BEFORE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


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
    groups = [
        group
        for group in prometheus.rule_groups()
        if Path(group["file"]).parent.name == folder.resolve().name
    ]
    rules = [rule for group in groups for rule in group["rules"]]
    if not rules:
        raise ToolFailedError(
            f"{prometheus.url} reads no rule from {folder}; name {folder.resolve()}/*.yaml under rule_files"
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
