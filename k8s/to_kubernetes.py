"""Push, prune and roll back the objects of a kustomize base in a cluster."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from leadline.deploy import plans
from leadline.deploy.diff import objects as meaning
from leadline.deploy.plans import Entry, Plan

from . import kubectl, ownership, previous
from .kubectl import Cluster, Key, Object

Tell = Callable[[str], None]


def place(cluster: Cluster) -> str:
    """Describe a cluster for people."""
    return f"the cluster of kubectl's context {cluster.context or 'in use'}, namespace {cluster.namespace}"


class Push:
    """A push of the generated objects."""

    def __init__(
        self,
        cluster: Cluster,
        project: str,
        files: Mapping[str, str],
        base: str,
        *,
        adopt: bool = False,
        remember: bool = True,
    ) -> None:
        self._cluster, self._project, self._files, self._base = cluster, project, files, base
        self._adopt, self._remember = adopt, remember
        self._wanted = kubectl.objects_of(files, base)
        self._live = cluster.live(files, base)
        free = [key for key in self._wanted if not self._is_foreign(key)]
        self._differing = (
            cluster.differing(kubectl.subset(files, base, free), base) if free else frozenset[Key]()
        )
        self.plan = Plan(
            verb="push",
            to="kubernetes",
            where=place(cluster),
            project=project,
            entries=tuple(self._entry(key) for key in self._wanted),
        )

    def _is_foreign(self, key: Key) -> bool:
        """Return whether the live object is owned, fully or partly, by someone else."""
        live = self._live.get(key)
        return live is not None and bool(
            not ownership.is_of_project(live, self._project) or ownership.others(live)
        )

    def _entry(self, key: Key) -> Entry:
        live, wanted = self._live.get(key), self._wanted[key]
        entry = Entry(
            action=plans.UNCHANGED,
            kind=key[0],
            name=key[1],
            id=key[1],
            state=_digest(live) if live is not None else "",
            wanted=_digest(wanted),
        )
        if live is None:
            return replace(entry, action=plans.CREATE)
        changes = meaning.changes(ownership.ours_alone(live), wanted)
        if self._is_foreign(key):
            return self._standing(replace(entry, changes=changes), live, wanted)
        return replace(entry, action=plans.UPDATE, changes=changes) if key in self._differing else entry

    def _standing(self, entry: Entry, live: Object, wanted: Object) -> Entry:
        """Plan an object that someone else owns, fully or partly."""
        kind, who = entry.kind, ownership.described(live)
        if not ownership.is_of_project(live, self._project):
            what = f"a {kind} of this name is not ours ({who})"
            if self._adopt:
                return replace(entry, action=plans.UPDATE, why=f"adopted: {what}; what else is in it stays")
            why = f"{what}; rename it, or give --adopt: then it becomes ours, and what else is in it stays"
            return replace(entry, action=plans.REFUSED, why=why, changes=())
        if _holds(live, wanted):
            return replace(entry, changes=())
        managers = ", ".join(ownership.others(live))
        if self._adopt:
            return replace(
                entry, action=plans.UPDATE, why=f"taken over from {managers}; what else is in it stays"
            )
        why = f"{managers} also writes it, and would be overwritten; --adopt takes it over, and keeps what else is in it"
        return replace(entry, action=plans.KEPT, why=why, changes=())

    def run(self, tell: Tell) -> None:
        """Keep what is there for a rollback, then apply."""
        written = [(entry.kind, entry.name) for entry in self.plan.changes]
        if not written:
            return
        if self._remember:
            before = {
                key: ownership.ours_alone(live) if ownership.is_of_project(live, self._project) else live
                for key, live in self._live.items()
            }
            self._cluster.apply_objects([previous.remembered(self._project, before, written)])
        for take_over in (False, True):
            keys = [key for key in written if self._is_foreign(key) == take_over]
            if keys:
                chosen = kubectl.subset(self._files, self._base, keys)
                for line in self._cluster.apply(chosen, self._base, take_over=take_over).splitlines():
                    if not line.endswith("unchanged"):
                        tell(line)


def _holds(live: Object, wanted: Object) -> bool:
    """Return whether the live object already contains everything wanted; extra content is ignored."""
    live = ownership.ours_alone(live)
    data, there = wanted.get("data") or {}, live.get("data") or {}
    labels = wanted["metadata"].get("labels") or {}
    known = live["metadata"].get("labels") or {}
    return (
        all(there.get(key) == value for key, value in data.items())
        and wanted.get("spec") == live.get("spec")
        and all(known.get(key) == value for key, value in labels.items())
    )


class Prune:
    """A prune of objects that leadline applied for this project and no longer generates."""

    def __init__(self, cluster: Cluster, project: str, files: Mapping[str, str], base: str) -> None:
        self._cluster, self._project = cluster, project
        wanted = kubectl.objects_of(files, base)
        self._owned = cluster.owned(project, rules=True)
        entries = tuple(self._entry(key) for key in self._owned if key not in wanted)
        self.plan = Plan(
            verb="prune", to="kubernetes", where=place(cluster), project=project, entries=entries
        )

    def _entry(self, key: Key) -> Entry:
        """Plan to delete objects that are entirely ours; keep those with content of others."""
        found = self._owned[key]
        entry = Entry(action=plans.DELETE, kind=key[0], name=key[1], id=key[1])
        managers, keys = ownership.others(found), ownership.foreign_keys(found)
        if managers or keys:
            held = "; ".join(
                (
                    *([f"{', '.join(managers)} also writes it"] if managers else []),
                    *([f"it contains {', '.join(keys)}"] if keys else []),
                )
            )
            return replace(
                entry, action=plans.KEPT, why=f"{held}: delete it yourself if none of that is needed"
            )
        return entry

    def run(self, tell: Tell) -> None:
        """Keep a record for a rollback, and delete what the plan says."""
        gone = [(entry.kind, entry.name) for entry in self.plan.changes]
        if gone:
            self._cluster.apply_objects([previous.remembered(self._project, self._owned, gone)])
        for kind, name in gone:
            self._cluster.delete(kind, name)
            tell(f"deleted    {kind} {name}")


class Rollback:
    """A rollback to the objects that the last push replaced."""

    def __init__(self, cluster: Cluster, project: str) -> None:
        self._cluster = cluster
        found = previous.recalled(cluster, project)
        self._objects, made = found or ({}, ())
        self.plan = Plan(
            verb="rollback",
            to="kubernetes",
            where=place(cluster),
            project=project,
            entries=tuple(self._entries(made)),
            remarks=() if found else ("no push has left anything there to roll back",),
        )

    def _entries(self, made: tuple[Key, ...]) -> Iterator[Entry]:
        for kind, name in self._objects:
            yield Entry(
                action=plans.RESTORE, kind=kind, name=name, id=name, wanted=_digest(self._objects[kind, name])
            )
        for kind, name in made:
            why = "that push created it, so there is no previous version"
            yield Entry(action=plans.KEPT, kind=kind, name=name, id=name, why=why)

    def run(self, tell: Tell) -> None:
        """Apply the previous objects."""
        if self._objects:
            for line in self._cluster.apply_objects(self._objects.values()).splitlines():
                tell(line)


def _digest(found: Object) -> str:
    content = {key: found.get(key) for key in ("data", "spec")}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
