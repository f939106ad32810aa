"""Custom dashboards: Python files that the catalog names, each with a function `dashboards(catalog)`."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import inspect
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from leadline.base.errors import CatalogError, LeadlineError
from leadline.catalog.model import Catalog

from . import exchange
from .model import Dashboard
from .validate import unknown_variables, wrong

FUNCTION = "dashboards"


KEPT = ("PATH", "HOME", "LANG")
"""Environment variables passed to the files. This is not a sandbox: they can read files and use the network as the user."""
SECONDS = 60


def load(catalog: Catalog) -> tuple[Dashboard, ...]:
    """Run each file that the catalog names under `dashboards`, and return its dashboards in order.

    Files run in a separate process without secrets from the environment. Paths are relative to the catalog. Raise
    CatalogError with file and line of each mistake.
    """
    if not catalog.dashboards:
        return ()
    found = _run_apart(catalog)
    mistakes = found.get("mistakes")
    if mistakes:
        raise CatalogError(tuple(map(str, mistakes)))
    every = []
    for name, fields in found["dashboards"]:
        dashboard = exchange.read(fields, name)
        _check(dashboard, name)
        every.append(dashboard)
    return tuple(every)


def _run_apart(catalog: Catalog) -> dict[str, Any]:
    """Run the files in a child process, which answers in JSON, never in objects that could execute code here."""
    asked = {"text": catalog.text, "file": catalog.file, "sources": dict(catalog.sources)}
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    command = [sys.executable, "-I", "-c", "from leadline.dashboards.modules import answer; answer()"]
    names = ", ".join(catalog.dashboards)
    try:
        child = subprocess.run(
            command,
            input=json.dumps(asked).encode(),
            stdout=subprocess.PIPE,
            env=environment,
            timeout=SECONDS,
            check=False,
        )
        found = json.loads(child.stdout)
    except subprocess.TimeoutExpired:
        raise CatalogError((f"{names}: not done after {SECONDS} s",)) from None
    except ValueError:
        raise CatalogError(
            (f"{names}: the process ended with {child.returncode} before its dashboards were built",)
        ) from None
    if not isinstance(found, dict) or not {"dashboards", "mistakes"} & set(found):
        raise CatalogError((f"{names}: the result cannot be read",))
    return found


def answer() -> None:
    """Build the dashboards of a catalog from stdin, and write them to stdout as JSON."""
    from leadline.catalog import loader

    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # keep the user's prints out of the answer
    asked = json.load(sys.stdin)
    catalog = loader.parse(asked["text"], asked["file"], asked["sources"].__getitem__)
    try:
        built = [
            (name, exchange.written(each)) for name in catalog.dashboards for each in _of_file(catalog, name)
        ]
        found: dict[str, Any] = {"dashboards": built}
    except CatalogError as error:
        found = {"mistakes": list(error.mistakes)}
    with out:
        json.dump(found, out)


def _of_file(catalog: Catalog, name: str) -> Iterator[Dashboard]:
    path = Path(catalog.file).parent / name
    before = set(sys.modules)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # keep its prints out of our output
            found = _called(_module(path, name), catalog, name)
    except CatalogError:
        raise
    except LeadlineError as error:
        raise CatalogError((f"{_place(path, name)}: {error}",)) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  any error in the user's code is reported with its line
        raise CatalogError((f"{_place(path, name)}: {type(error).__name__}: {error}",)) from None
    finally:
        _forget(path, before)
    for each in found:
        _check(each, name)
        yield each


def _forget(path: Path, before: set[str]) -> None:
    """Unload the neighbouring modules that a file imported: another file's may have the same names."""
    beside = path.resolve().parent
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).resolve().is_relative_to(beside):
            del sys.modules[name]


def _module(path: Path, name: str) -> ModuleType:
    if not path.is_file():
        raise CatalogError((f"there is no file {path}, which the catalog names under dashboards",))
    called = f"leadline_dashboards_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(called, path)
    if spec is None or spec.loader is None:
        raise CatalogError((f"{name} is not a Python file; its name must end in .py",))
    module = importlib.util.module_from_spec(spec)
    beside = str(path.resolve().parent)
    sys.path.insert(0, beside)  # so that it may import its neighbours
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise CatalogError((f"{name}:{error.lineno}: {error.msg}",)) from None
    finally:
        sys.path.remove(beside)
    return module


def _called(module: ModuleType, catalog: Catalog, name: str) -> tuple[Dashboard, ...]:
    build = getattr(module, FUNCTION, None)
    if not callable(build):
        raise CatalogError((f"{name} has no function {FUNCTION}(catalog) that returns its dashboards",))
    found = build(catalog)
    if isinstance(found, Dashboard):
        return (found,)
    if inspect.isawaitable(found):
        if inspect.iscoroutine(found):
            found.close()
        raise CatalogError((f"{name}: {FUNCTION} is async; write def {FUNCTION}(catalog)",))
    listed = isinstance(found, Iterable) and not isinstance(found, str | Mapping)
    given = tuple(found) if listed else (found,)
    for each in given:
        if not isinstance(each, Dashboard):
            raise CatalogError(
                (f"{name}: {FUNCTION}(catalog) returns a {type(each).__name__}, not a Dashboard",)
            )
    return given


def _place(path: Path, name: str) -> str:
    """Return the last file and line of the user's code in the current traceback."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == path.resolve()]
    return f"{name}:{lines[-1]}" if lines else name


def _check(dashboard: Dashboard, name: str) -> None:
    """Raise CatalogError if a dashboard breaks Grafana's or our rules."""
    where = f"{name}: dashboard {dashboard.title!r}"
    mistakes = [f"{where}: {mistake}" for mistake in _mistakes(dashboard)]
    if mistakes:
        raise CatalogError(tuple(mistakes))


def _mistakes(dashboard: Dashboard) -> Iterator[str]:
    seen: dict[str, str] = {}
    for panel in dashboard.panels:
        if panel.key in seen:
            yield f"two panels have the key {panel.key!r}; give one of them another title, or a key"
        seen[panel.key] = panel.title
        found = list(wrong(panel)) or list(unknown_variables(panel, dashboard.variables))
        yield from (f"panel {panel.title!r}: {mistake}" for mistake in found)
    for name in dashboard.variables:
        if name not in ("service", "route"):
            yield f"there is no variable {name!r}; there are service and route"
