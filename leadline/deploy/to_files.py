"""Push and roll back rules in a folder that a Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import yaml

from leadline.base.version import __version__

from . import plans, rule_files, tree
from .diff import rules as rule_diff
from .plans import Entry, Plan

Tell = Callable[[str], None]
Server = Callable[[], AbstractContextManager[rule_files.RuleServer]]
"""Opens the Prometheus that reads the folder, at `url`."""
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Push:
    """A push of the generated rule files."""

    def __init__(
        self, project: str, files: Mapping[str, str], folder: Path, url: str, server: Server
    ) -> None:
        self._folder, self._url, self._server = folder, url, server
        self._wanted = rule_files.rules_of(files, __version__)
        plan = _planned("push", project, folder, url, self._wanted)
        pending = "an earlier run was interrupted before Prometheus read its files; this one completes it"
        unfinished = rule_files.is_pending(folder)
        self.plan = replace(plan, unfinished=True, remarks=(*plan.remarks, pending)) if unfinished else plan

    def run(self, tell: Tell) -> None:
        """Write, reload and verify."""
        if self.plan.changes or self.plan.unfinished:
            with self._server() as prometheus:
                count = rule_files.push(self._folder, self._wanted, prometheus)
            tell(f"{self._url} evaluates {count} rules from {self._folder}")


class Rollback:
    """A rollback to the rule files that the last push replaced."""

    def __init__(self, project: str, folder: Path, url: str, server: Server) -> None:
        self._folder, self._url, self._server = folder, url, server
        self._before = rule_files.before(folder)
        plan = _planned("rollback", project, folder, url, self._before or {})
        remarks = () if self._before is not None else (f"no push has left anything in {folder} to roll back",)
        entries = plan.entries if self._before is not None else ()
        self.plan = Plan(
            verb=plan.verb,
            to=plan.to,
            where=plan.where,
            project=project,
            entries=entries,
            remarks=remarks,
            unfinished=rule_files.is_pending(folder),
        )

    def run(self, tell: Tell) -> None:
        """Restore, reload and verify."""
        if self._before is not None and (self.plan.changes or self.plan.unfinished):
            with self._server() as prometheus:
                count = rule_files.push(self._folder, self._before, prometheus, verb="rollback")
            tell(f"{self._url} evaluates {count} rules from {self._folder}")


def _planned(verb: str, project: str, folder: Path, url: str, wanted: Mapping[str, str]) -> Plan:
    return Plan(
        verb=verb,
        to="files",
        where=f"{folder}, which {url} reads",
        project=project,
        entries=tuple(_entries(folder, wanted)),
    )


def _entries(folder: Path, wanted: Mapping[str, str]) -> Iterator[Entry]:
    difference = tree.difference(folder, wanted)
    ours = tree.ours(folder)
    for name, text in wanted.items():
        there = tree.read(folder / name)
        action = (
            plans.CREATE
            if name in difference.missing
            else plans.UPDATE
            if name in difference.changed
            else plans.UNCHANGED
        )
        if name == tree.MANIFEST:
            continue
        changes = (
            rule_diff.changes(_groups(there), _groups(text))
            if there is not None and action == plans.UPDATE
            else ()
        )
        yield Entry(
            action=action,
            kind="rules",
            name=name,
            id=name,
            state=tree.digest(there) if there is not None else "",
            wanted=tree.digest(text),
            changes=changes,
        )
    for name in difference.extra:
        if name in ours:
            yield Entry(action=plans.DELETE, kind="rules", name=name, id=name)


def _groups(text: str | None) -> list[dict[str, object]]:
    try:
        found = yaml.load(text or "", Loader=LOADER)  # noqa: S506  both are safe loaders
    except yaml.YAMLError:
        return []
    groups = found.get("groups") if isinstance(found, dict) else None
    return [each for each in groups or () if isinstance(each, dict)]
