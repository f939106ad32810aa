"""A cluster for the tests of this folder: kubectl's stand-in on PATH, and its state."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

PREVIOUS = "ConfigMap/threads-agent-leadline-previous"


class Cluster:
    """The state behind the stand-in, to be looked at and changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write({"objects": {}, "log": [], "applied": 0, "rules": True})

    def read(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.path.read_text("utf-8"))
        return state

    def write(self, state: dict[str, Any]) -> None:
        self.path.write_text(json.dumps(state))

    def change(self, **state: Any) -> None:
        self.write({**self.read(), **state})

    def put(self, kind: str, name: str, manager: str, **found: Any) -> None:
        objects = self.objects
        owned: dict[str, Any] = {
            f"f:{part}": {f"f:{key}": {} for key in found.get(part) or {}}
            for part in ("data", "spec")
            if part in found
        }
        metadata = {
            "name": name,
            "managedFields": [{"manager": manager, "operation": "Apply", "fieldsV1": owned}],
            **found.pop("metadata", {}),
        }
        objects[f"{kind}/{name}"] = {"kind": kind, "apiVersion": "v1", "metadata": metadata, **found}
        self.change(objects=objects)

    @property
    def objects(self) -> dict[str, Any]:
        return dict(self.read()["objects"])

    @property
    def ours(self) -> dict[str, Any]:
        return {key: each for key, each in self.objects.items() if key != PREVIOUS}

    def verbs(self) -> list[str]:
        return [next(each for each in call if not each.startswith("-")) for call in self.read()["log"]]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    script = tmp_path / "bin" / "kubectl"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "tests/cluster_double.py"} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("CLUSTER_STATE", str(tmp_path / "state.json"))
    return Cluster(tmp_path / "state.json")
