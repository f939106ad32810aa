"""Push rules into a folder that a Prometheus reads: check first, verify after, restore if it refuses."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from leadline.base import files
from leadline.base.errors import ConflictError, LeadlineError, ToolFailedError, ToolMissingError

from . import tree

RULES = "prometheus/rules/"
BEFORE = ".leadline-before"
"""A folder beside the rules, outside any rule_files pattern, with the files that the last push replaced."""
STAGED, UNFINISHED, OLDER = ".leadline-replaced", ".leadline-replaced.new", ".leadline-before.old"
"""Files replaced by the current run, the same while incomplete, and files replaced by the push before the last one."""
VERB = ".verb"


def rules_of(generated: Mapping[str, str], version: str) -> dict[str, str]:
    """Return the generated rule files by name, and the manifest that identifies ours."""
    found = {path.removeprefix(RULES): text for path, text in generated.items() if path.startswith(RULES)}
    return tree.with_manifest(found, version)


class RuleServer(Protocol):
    """The Prometheus methods needed to push rule files; `leadline.prometheus.client.Prometheus` has them."""

    url: str

    def reload(self) -> None: ...

    def rule_groups(self) -> list[dict[str, Any]]: ...

    def rule_patterns(self) -> Sequence[str]: ...

    def working_folder(self) -> str: ...


def push(folder: Path, wanted: Mapping[str, str], prometheus: RuleServer, *, verb: str = "push") -> int:
    """Write rule files, reload Prometheus and verify; return how many of the rules it evaluates.

    Back up replaced files first, so that the next run can complete or undo an interrupted one. Raise ToolFailedError if
    promtool or Prometheus rejects the rules; the old files are then restored.
    """
    check(wanted)
    was_pending = is_pending(folder)
    if not was_pending:
        _stage(folder, verb)
    try:
        tree.write(folder, wanted)
    except ConflictError:
        if not was_pending:
            shutil.rmtree(folder / STAGED)
        raise
    try:
        prometheus.reload()
        count = _read_back(folder, prometheus)
    except LeadlineError as error:
        _put_back(folder, wanted)
        prometheus.reload()
        raise ToolFailedError(f"the old rules are back in {folder}, because: {error}") from None
    _keep(folder)
    return count


def is_pending(folder: Path) -> bool:
    """Return whether a run was interrupted between its first write and the reload."""
    return (folder / STAGED).is_dir()


def before(folder: Path) -> dict[str, str] | None:
    """Return the rule files that the last push replaced, with their manifest; None if there are none or they are restored.

    After an interrupted push, return the files that it was replacing; after an interrupted rollback, those it was restoring.
    """
    killed_push = tree.read(folder / STAGED / VERB) == "push"
    for kept in (*([folder / STAGED] if killed_push else []), folder / BEFORE, folder / OLDER):
        if kept.is_dir():
            if tree.read(kept / VERB) == "rollback":
                return None
            names = tree.ours(kept)
            return {name: tree.read(kept / name) or "" for name in (*names, tree.MANIFEST)} if names else None
    return None


def _stage(folder: Path, verb: str) -> None:
    """Back up the current files; a single rename marks the backup complete and the run begun."""
    unfinished = folder / UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    for name in (*tree.ours(folder), tree.MANIFEST):
        text = tree.read(folder / name)
        if text is not None:
            files.replaced(unfinished / name, text)
    files.replaced(unfinished / VERB, verb)
    unfinished.rename(folder / STAGED)


def _keep(folder: Path) -> None:
    """Make the replaced files the ones that a rollback restores."""
    shutil.rmtree(folder / OLDER, ignore_errors=True)
    if (folder / BEFORE).is_dir():
        (folder / BEFORE).rename(folder / OLDER)
    (folder / STAGED).rename(folder / BEFORE)
    shutil.rmtree(folder / OLDER, ignore_errors=True)


def _put_back(folder: Path, wanted: Mapping[str, str]) -> None:
    """Undo a write: restore replaced files and remove new ones; leave others alone."""
    staged = folder / STAGED
    replaced = {
        name: text
        for name in (*tree.ours(staged), tree.MANIFEST)
        if (text := tree.read(staged / name)) is not None
    }
    for name in wanted:
        if name not in replaced:
            (folder / name).unlink(missing_ok=True)
    for name, text in replaced.items():
        files.replaced(folder / name, text)
    shutil.rmtree(staged)


def check(wanted: Mapping[str, str]) -> None:
    """Check rule files with promtool. Raise ToolFailedError with its message."""
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
        raise ToolFailedError(f"promtool rejects the rules, so nothing was written: {text}")


def _read_back(folder: Path, prometheus: RuleServer) -> int:
    """Count Prometheus's rules from the folder. Raise ToolFailedError if there are none, or any is broken."""
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
