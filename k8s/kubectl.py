"""Access the cluster through kubectl: diff, get, apply and delete."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from leadline.base.activity import asking
from leadline.base.errors import ConflictError, ToolFailedError, ToolMissingError, UsageError
from leadline.base.printable import printable, shortened
from leadline.catalog.yaml_writer import write

from .ownership import applied_by_us

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RULES = "prometheusrules.monitoring.coreos.com"
Object = dict[str, Any]
Key = tuple[str, str]
"""The kind and the name of an object."""
MANAGER = ("--server-side", "--field-manager=leadline")
SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster, by kubectl's names; empty for kubectl's current settings."""

    context: str = ""
    namespace: str = ""

    def differing(self, files: Mapping[str, str], base: str) -> frozenset[Key]:
        """Return kind and name of the objects that applying a kustomize base would change, from kubectl diff."""
        with _written(files, base) as folder:
            done = self._run("diff", *MANAGER, "-k", folder, allowed=(0, 1))
        names = re.findall(r"(?m)^diff .*/(\S+)$", done.stdout)
        wanted = [(kind, name) for kind, name in _keys(files, base)]
        return frozenset(key for key in wanted if any(_is_of(named, *key) for named in names))

    def live(self, files: Mapping[str, str], base: str) -> dict[Key, Object]:
        """Return the existing objects of a kustomize base, by kind and name."""
        with _written(files, base) as folder:
            done = self._run(
                "get", "--ignore-not-found", "--show-managed-fields", "--output=json", "-k", folder
            )
        return {_key(each): each for each in _items(done.stdout)}

    def owned(self, project: str, *, rules: bool) -> dict[Key, Object]:
        """Return the objects with a project's labels that leadline applied, including PrometheusRules if requested."""
        selector = f"--selector=app.kubernetes.io/managed-by=leadline,app.kubernetes.io/part-of={project}"
        kinds = ("configmaps", RULES) if rules else ("configmaps",)
        found: list[Object] = []
        for kind in kinds:
            try:
                done = self._run("get", kind, selector, "--show-managed-fields", "--output=json")
            except ToolFailedError as error:
                if kind == RULES and "doesn't have a resource type" in str(error):
                    continue
                raise
            found += _items(done.stdout)
        return {_key(each): each for each in found if applied_by_us(each)}

    def apply(self, files: Mapping[str, str], base: str, *, take_over: bool = False) -> str:
        """Apply a kustomize base; return kubectl's output.

        Fields that another manager owns are rejected unless `take_over` is set; its other fields stay.
        """
        force = ("--force-conflicts",) if take_over else ()
        with _written(files, base) as folder:
            return self._run("apply", *MANAGER, *force, "-k", folder).stdout

    def default_namespace(self) -> str:
        """Return kubectl's current namespace."""
        found = self._run("config", "view", "--minify", "--output=jsonpath={..namespace}", inside=False)
        return found.stdout.strip() or "default"

    def apply_objects(self, objects: Iterable[Object]) -> str:
        """Apply single objects; return kubectl's output."""
        with tempfile.TemporaryDirectory(prefix="leadline-") as folder:
            path = Path(folder) / "objects.json"
            path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}), "utf-8")
            return self._run("apply", *MANAGER, "-f", str(path)).stdout

    def delete(self, kind: str, name: str) -> None:
        """Delete an object, if it still exists."""
        self._run("delete", "--ignore-not-found", kind.lower(), name)

    def config_map(self, name: str) -> Object | None:
        """Return a ConfigMap; None if it does not exist."""
        done = self._run("get", "configmap", name, "--ignore-not-found", "--output=json")
        return next(iter(_items(done.stdout)), None)

    def secret(self, name: str, key: str) -> str:
        """Return a key of a Secret. Raise UsageError if it does not exist."""
        done = self._run("get", "secret", name, "--ignore-not-found", "--output=json")
        data = next(iter(_items(done.stdout)), {}).get("data") or {}
        if key not in data:
            raise UsageError(
                f"there is no Secret {name} with a key {key} in {self.namespace or 'the namespace in use'}"
            )
        return base64.b64decode(data[key]).decode()

    def everywhere(self, kinds: str, *, namespace: str = "") -> list[Object]:
        """Return the objects of some kinds, in all namespaces or in one."""
        where = f"--namespace={namespace}" if namespace else "--all-namespaces"
        return _items(self._run("get", kinds, where, "--output=json", inside=False).stdout)

    def labels_of_namespace(self, name: str) -> dict[str, str]:
        """Return the labels of a namespace; empty if it does not exist."""
        found = _items(
            self._run("get", "namespace", name, "--ignore-not-found", "--output=json", inside=False).stdout
        )
        return dict(found[0]["metadata"].get("labels") or {}) if found else {}

    def services(self) -> list[dict[str, Any]]:
        """Return the Services of the namespace, or of all namespaces if none is set, as Kubernetes API objects."""
        everywhere = () if self.namespace else ("--all-namespaces",)
        done = self._run("get", "services", "--output=json", *everywhere)
        items: list[dict[str, Any]] = json.loads(done.stdout)["items"]
        return items

    def _run(
        self, *arguments: str, allowed: tuple[int, ...] = (0,), inside: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl; `inside` adds the namespace."""
        where = [f"--context={self.context}"] if self.context else []
        where += [f"--namespace={self.namespace}"] if self.namespace and inside else []
        try:
            done = _run(
                [program(), *where, *arguments],
                env={**os.environ, "KUBECTL_EXTERNAL_DIFF": "diff -u -N"},  # we parse this diff's output
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise ToolFailedError(f"kubectl {arguments[0]} did not finish within {SECONDS} s") from None
        # diff exits with 1 for differences and for some failures; only failures print "error"
        failed = done.returncode not in allowed or (
            done.returncode == 1 and re.search(r"(?im)^error", done.stderr)
        )
        if failed:
            raise _failure(arguments[0], done.stderr)
        return done


def _run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
    with asking(" ".join(("kubectl", *command[1:4]))) as question:
        done: subprocess.CompletedProcess[str] = subprocess.run(command, check=False, **options)
        question.outcome = f"exit {done.returncode}, {len(done.stdout):,} characters"
    return done


def _items(text: str) -> list[Object]:
    """Parse the output of `get`: a list, one object, or nothing."""
    if not text.strip():
        return []
    found = json.loads(text)
    items: list[Object] = found["items"] if found.get("kind", "").endswith("List") else [found]
    return items


def _key(found: Object) -> Key:
    return str(found["kind"]), str(found["metadata"]["name"])


def _keys(files: Mapping[str, str], base: str) -> Iterator[Key]:
    return (_key(each) for each in objects_of(files, base).values())


def objects_of(files: Mapping[str, str], base: str) -> dict[Key, Object]:
    """Return the objects of a kustomize base, by kind and name."""
    found = [
        yaml.load(text, Loader=LOADER)  # noqa: S506  both are safe loaders
        for path, text in files.items()
        if Path(path).parent == Path(base) and Path(path).name != "kustomization.yaml"
    ]
    return {_key(each): each for each in found}


def subset(files: Mapping[str, str], base: str, keys: Collection[Key]) -> dict[str, str]:
    """Return a kustomize base with only some of its objects."""
    found = {
        path: text
        for path, text in files.items()
        if Path(path).parent == Path(base)
        and Path(path).name != "kustomization.yaml"
        and _key(yaml.load(text, Loader=LOADER)) in keys  # noqa: S506  both are safe loaders
    }
    path = f"{base}/kustomization.yaml"
    kustomization = yaml.load(files[path], Loader=LOADER)  # noqa: S506  both are safe loaders
    return {**found, path: write({**kustomization, "resources": sorted(Path(each).name for each in found)})}


def _is_of(named: str, kind: str, name: str) -> bool:
    """Return whether kubectl's diff names an object: group.version.kind.namespace.name."""
    return f".{kind}." in f".{named}" and named.endswith(f".{name}")


def program() -> str:
    """Return the path of kubectl. Raise ToolMissingError if it is not installed."""
    found = shutil.which("kubectl")
    if found is None:
        raise ToolMissingError(
            "kubectl is not installed; get 1.24 or newer: https://kubernetes.io/docs/tasks/tools"
        )
    return found


KLOG = re.compile(r"^[EWI]\d{4} [\d:.]+ +\d+ \S+\] ?")
"""What kubectl's own log lines begin with; they repeat the error that follows."""
MOST_CHARACTERS = 400
CAUSES: tuple[tuple[str, str], ...] = (
    (
        r"no matches for kind .*PrometheusRule",
        "the cluster knows no PrometheusRule: the Prometheus Operator is not installed; install it, or use --base plain",
    ),
    (
        r'context "?(?P<what>[^" ]+)"? does not exist',
        "kubectl knows no context {what}; `kubectl config get-contexts` lists those there are",
    ),
    (
        r"(?:connection to the server|dial tcp|Unable to connect).*?(?P<what>connection refused|no such host|i/o timeout|no route to host|TLS handshake timeout)",
        "kubectl cannot reach the cluster ({what}); is it running, and is this the right context?",
    ),
    (
        r"(?:You must be logged in|Unauthorized|credentials.*expired)",
        "the cluster does not accept kubectl's credentials; log in again, as with `kubectl get namespaces`",
    ),
    (
        r'User "(?P<who>[^"]+)" cannot (?P<verb>\w+) resource "(?P<what>[^"]+)"(?P<group>.*?in API group "[^"]*")?(?: in the namespace "(?P<where>[^"]*)")?',
        "{who} may not {verb} {what}{in_where}; ask for a Role that allows it",
    ),
    (
        r'namespaces "(?P<what>[^"]+)" not found',
        "there is no namespace {what}; create it with `kubectl create namespace {what}`",
    ),
    (
        r"no configuration has been provided|invalid configuration",
        "kubectl is not configured for any cluster; set KUBECONFIG, or name a context",
    ),
)
"""What kubectl says, and what that means to whoever reads it."""


def _failure(verb: str, stderr: str) -> ConflictError | ToolFailedError:
    lines = dict.fromkeys(
        line for line in map(str.strip, stderr.splitlines()) if line and not KLOG.match(line)
    )
    text = printable(" ".join(lines) or " ".join(stderr.split())) or "it printed nothing"
    for pattern, meaning in CAUSES:
        if found := re.search(pattern, text, re.IGNORECASE):
            named = {key: value or "" for key, value in found.groupdict().items()}
            named["in_where"] = f" in namespace {named['where']}" if named.get("where") else ""
            return ToolFailedError(meaning.format(**named))
    if "conflict" in text.lower():
        return ConflictError(f"kubectl {verb}: another manager owns fields that would be written: {text}")
    return ToolFailedError(f"kubectl {verb} failed: {shortened(text, MOST_CHARACTERS)}")


@contextmanager
def _written(files: Mapping[str, str], base: str) -> Iterator[str]:
    """Write the files of a kustomize base to a temporary folder, and yield it."""
    with tempfile.TemporaryDirectory(prefix="leadline-") as folder:
        for path, text in files.items():
            if Path(path).parent == Path(base):
                (Path(folder) / Path(path).name).write_text(text, "utf-8")
        yield folder
