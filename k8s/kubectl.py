"""The cluster, through kubectl: what an apply would change, and the apply."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signals.errors import ConflictError, ToolFailedError, ToolMissingError

MANAGER = ("--server-side", "--field-manager=leadline")
SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster, as kubectl names it; empty is what kubectl is set to."""

    context: str = ""
    namespace: str = ""

    def diff(self, files: Mapping[str, str], base: str) -> str:
        """Give what applying a kustomize base would change, as kubectl's diff; empty where nothing would."""
        with _written(files, base) as folder:
            done = self._run("diff", *MANAGER, "-k", folder, allowed=(0, 1))
        return done.stdout

    def apply(self, files: Mapping[str, str], base: str) -> str:
        """Apply a kustomize base; give what kubectl says it did. Fields that another manager owns are refused."""
        with _written(files, base) as folder:
            return self._run("apply", *MANAGER, "-k", folder).stdout

    def services(self) -> list[dict[str, Any]]:
        """Give the Services of the namespace, or of all where none is named, as the Kubernetes API describes them."""
        everywhere = () if self.namespace else ("--all-namespaces",)
        done = self._run("get", "services", "--output=json", *everywhere)
        items: list[dict[str, Any]] = json.loads(done.stdout)["items"]
        return items

    def _run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        where = [f"--context={self.context}"] if self.context else []
        where += [f"--namespace={self.namespace}"] if self.namespace else []
        try:
            done = subprocess.run(
                [program(), *where, *arguments], capture_output=True, text=True, check=False, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            raise ToolFailedError(f"kubectl {arguments[0]} has not ended after {SECONDS} s") from None
        # diff answers 1 for a difference and for some failures alike; only a failure says "error"
        failed = done.returncode not in allowed or (
            done.returncode == 1 and re.search(r"(?im)^error", done.stderr)
        )
        if failed:
            raise _failure(arguments[0], done.stderr)
        return done


def program() -> str:
    """Find kubectl. Raises ToolMissingError, which says where to get it."""
    found = shutil.which("kubectl")
    if found is None:
        raise ToolMissingError(
            "kubectl is not installed; get 1.24 or newer: https://kubernetes.io/docs/tasks/tools"
        )
    return found


def _failure(verb: str, stderr: str) -> ConflictError | ToolFailedError:
    text = " ".join(stderr.split()) or "it said nothing"
    if "conflict" in text.lower():
        return ConflictError(f"kubectl {verb}: another manager owns what would be written: {text}")
    return ToolFailedError(f"kubectl {verb} failed: {text}")


@contextmanager
def _written(files: Mapping[str, str], base: str) -> Iterator[str]:
    """Write the files of a kustomize base for as long as the block lasts; give its folder."""
    with tempfile.TemporaryDirectory(prefix="leadline-") as folder:
        for path, text in files.items():
            if Path(path).parent == Path(base):
                (Path(folder) / Path(path).name).write_text(text, "utf-8")
        yield folder
