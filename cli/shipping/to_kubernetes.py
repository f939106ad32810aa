"""The objects of a kustomize base, into a cluster: pushed, pruned, rolled back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping

from cli.shipping import plans
from cli.shipping.plans import Entry, Plan
from k8s import kubectl, previous
from k8s.kubectl import Cluster, Key, Object
from k8s.meaning import objects as meaning

Tell = Callable[[str], None]


def place(cluster: Cluster) -> str:
    """Say where a cluster is, as people would."""
    inside = f", namespace {cluster.namespace}" if cluster.namespace else ""
    return f"the cluster of kubectl's context {cluster.context or 'in use'}{inside}"


class Push:
    """The objects that are generated."""

    def __init__(
        self, cluster: Cluster, project: str, files: Mapping[str, str], base: str, *, remember: bool = True
    ) -> None:
        self._cluster, self._project, self._files, self._base, self._remember = (
            cluster,
            project,
            files,
            base,
            remember,
        )
        self._wanted = kubectl.objects_of(files, base)
        self._live = cluster.live(files, base)
        differing = cluster.differing(files, base)
        self.plan = Plan(
            verb="push",
            to="kubernetes",
            where=place(cluster),
            project=project,
            entries=tuple(self._entry(key, differing) for key in self._wanted),
        )

    def _entry(self, key: Key, differing: frozenset[Key]) -> Entry:
        live, wanted = self._live.get(key), self._wanted[key]
        action = plans.CREATE if live is None else plans.UPDATE if key in differing else plans.UNCHANGED
        changes = meaning.changes(live, wanted) if live is not None and action == plans.UPDATE else ()
        return Entry(
            action=action,
            kind=key[0],
            name=key[1],
            id=key[1],
            state=_digest(live) if live is not None else "",
            wanted=_digest(wanted),
            changes=changes,
        )

    def run(self, tell: Tell) -> None:
        """Keep what is there for a rollback, then apply."""
        written = [(entry.kind, entry.name) for entry in self.plan.changes]
        if not written:
            return
        if self._remember:
            self._cluster.apply_objects([previous.remembered(self._project, self._live, written)])
        for line in self._cluster.apply(self._files, self._base).splitlines():
            if not line.endswith("unchanged"):
                tell(line)


class Prune:
    """The objects that leadline applied for this project, and that are no longer generated."""

    def __init__(self, cluster: Cluster, project: str, files: Mapping[str, str], base: str) -> None:
        self._cluster = cluster
        wanted = kubectl.objects_of(files, base)
        owned = cluster.owned(project, rules=True)
        entries = tuple(
            Entry(action=plans.DELETE, kind=kind, name=name, id=name)
            for kind, name in owned
            if (kind, name) not in wanted
        )
        self.plan = Plan(
            verb="prune", to="kubernetes", where=place(cluster), project=project, entries=entries
        )

    def run(self, tell: Tell) -> None:
        """Delete what the plan says."""
        for entry in self.plan.changes:
            self._cluster.delete(entry.kind, entry.name)
            tell(f"deleted    {entry.kind} {entry.name}")


class Rollback:
    """What the last push replaced."""

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
            remarks=() if found else ("no push has kept anything there that could be rolled back",),
        )

    def _entries(self, made: tuple[Key, ...]) -> Iterator[Entry]:
        for kind, name in self._objects:
            yield Entry(
                action=plans.RESTORE, kind=kind, name=name, id=name, wanted=_digest(self._objects[kind, name])
            )
        for kind, name in made:
            why = "that push made it; there is nothing before it"
            yield Entry(action=plans.KEPT, kind=kind, name=name, id=name, why=why)

    def run(self, tell: Tell) -> None:
        """Apply what was there before."""
        if self._objects:
            for line in self._cluster.apply_objects(self._objects.values()).splitlines():
                tell(line)


def _digest(found: Object) -> str:
    content = {key: found.get(key) for key in ("data", "spec")}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
