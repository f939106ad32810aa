"""A kubectl on PATH with a cluster behind it that is a JSON file: apply, diff, get and delete as the real one does them.

CLUSTER_STATE names the file: objects by "Kind/name", each with the manager that applied it; `log` has every call; `fault` is printed
instead of an answer, where it is set, to the verb that it names. Applying is server-side: what another manager owns is a conflict.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]
STATE = Path(os.environ["CLUSTER_STATE"])
RULES, PROMETHEUSES = "prometheusrules.monitoring.coreos.com", "prometheuses.monitoring.coreos.com"
PLURALS = {
    "configmaps": "ConfigMap", "configmap": "ConfigMap", "secret": "Secret", "prometheusrule": "PrometheusRule", RULES: "PrometheusRule",
    PROMETHEUSES: "Prometheus", "deployments.apps": "Deployment", "statefulsets.apps": "StatefulSet", "namespace": "Namespace",
}  # fmt: skip


def main() -> None:
    state: Json = json.loads(STATE.read_text("utf-8"))
    options = [each for each in sys.argv[1:] if each.startswith("-")]
    words = [each for each in sys.argv[1:] if not each.startswith("-")]
    verb, *rest = words
    state["log"].append(sys.argv[1:])
    STATE.write_text(json.dumps(state))
    fault = state.get("fault") or {}
    if fault.get("verb") == verb:
        fail(fault["says"])
    given = read(Path(rest[-1])) if {"-k", "-f"} & set(options) else []
    {"diff": diff, "apply": apply, "get": get, "delete": delete, "config": config}[verb](
        state, given, options, rest
    )


def read(path: Path) -> list[Json]:
    if path.is_file():
        return list(json.loads(path.read_text("utf-8"))["items"])
    kustomization = yaml.safe_load((path / "kustomization.yaml").read_text("utf-8"))
    return [yaml.safe_load((path / name).read_text("utf-8")) for name in kustomization["resources"]]


def key(found: Json) -> str:
    return f"{found['kind']}/{found['metadata']['name']}"


def content(found: Json) -> Json:
    metadata = {name: found["metadata"].get(name) for name in ("labels", "annotations")}
    return {"content": [found.get(name) for name in ("data", "binaryData", "spec")], **metadata}


def fields(found: Json) -> Json:
    """Return the fields that applying an object owns, as managedFields have them."""
    owned: Json = {
        f"f:{part}": {f"f:{name}": {} for name in found[part]}
        for part in ("data", "binaryData")
        if found.get(part)
    }
    if found.get("spec"):
        owned["f:spec"] = {}
    marks: Json = {
        f"f:{kind}": {f"f:{name}": {} for name in found["metadata"].get(kind) or {}}
        for kind in ("labels", "annotations")
    }
    return {**owned, "f:metadata": marks}


def owners(there: Json, manager: str) -> dict[str, str]:
    """Return who else owns each key of an object's content: by f:data/f:key, and f:spec as a whole."""
    found: dict[str, str] = {}
    for each in there["metadata"].get("managedFields") or ():
        if each["manager"] != manager:
            for part, keys in (each.get("fieldsV1") or {}).items():
                if part != "f:metadata":
                    found |= {f"{part}/{key}": each["manager"] for key in keys} or {part: each["manager"]}
    return found


def merged(there: Json | None, given: Json, manager: str) -> Json:
    """Merge as a server-side apply does: what others own stays, what this manager owned and no longer applies goes."""
    if there is None:
        there = {"metadata": {}}
    old: Json = next(
        (each for each in there["metadata"].get("managedFields") or () if each["manager"] == manager), {}
    )
    result = {**there, **given}
    for part in ("data", "binaryData"):
        own = {key.removeprefix("f:") for key in ((old.get("fieldsV1") or {}).get(f"f:{part}") or {})}
        kept = {
            key: value
            for key, value in (there.get(part) or {}).items()
            if key not in own or f"f:{part}/f:{key}" in owners(there, manager)
        }
        if kept or given.get(part):
            result[part] = {**kept, **(given.get(part) or {})}
    metadata = {**there["metadata"], **given["metadata"]}
    for kind in ("labels", "annotations"):
        metadata[kind] = {
            **(there["metadata"].get(kind) or {}),
            **(given["metadata"].get(kind) or {}),
        } or None
    taken = {f"{part}/{key}" for part, keys in fields(given).items() for key in keys} | set(fields(given))
    rest = []
    for each in there["metadata"].get("managedFields") or ():
        if each["manager"] != manager:
            left: Json = {
                part: {key: {} for key in keys if f"{part}/{key}" not in taken}
                for part, keys in (each.get("fieldsV1") or {}).items()
            }
            rest.append(
                {
                    **each,
                    "fieldsV1": {
                        part: keys
                        for part, keys in left.items()
                        if keys or (part == "f:spec" and part not in taken)
                    },
                }
            )
    metadata["managedFields"] = [{"manager": manager, "operation": "Apply", "fieldsV1": fields(given)}, *rest]
    metadata["resourceVersion"] = "7"
    return {**result, "metadata": metadata}


def differing(state: Json, given: list[Json]) -> list[Json]:
    there = state["objects"]
    return [
        each
        for each in given
        if key(each) not in there
        or content(there[key(each)]) != content(merged(there[key(each)], each, "leadline"))
    ]


def conflict(there: Json, given: Json, manager: str) -> str:
    """Name who owns a field that would get another value."""
    for field, owner in owners(there, manager).items():
        part, _, name = field.removeprefix("f:").partition("/")
        wanted, old = given.get(part), there.get(part)
        if wanted is not None and not name and wanted != old:
            return owner
        inner = name.removeprefix("f:")
        if isinstance(wanted, dict) and inner in wanted and wanted[inner] != (old or {}).get(inner):
            return owner
    return ""


def diff(state: Json, given: list[Json], options: list[str], rest: list[str]) -> None:
    known(state, given)
    for each in given:
        owner = conflict(state["objects"].get(key(each), {"metadata": {}}), each, "leadline")
        if owner:
            fail(f'error: Apply failed with 1 conflict: conflict with "{owner}": .data')
    found = differing(state, given)
    for each in found:
        name = f"{each['apiVersion'].replace('/', '.')}.{each['kind']}.monitoring.{each['metadata']['name']}"
        print(f"diff -u -N /tmp/LIVE-1/{name} /tmp/MERGED-2/{name}\n+something")
    sys.exit(1 if found else 0)


def apply(state: Json, given: list[Json], options: list[str], rest: list[str]) -> None:
    known(state, given)
    manager = next(each for each in options if each.startswith("--field-manager=")).partition("=")[2]
    for each in given:
        owner = conflict(state["objects"].get(key(each), {"metadata": {}}), each, manager)
        if owner and "--force-conflicts" not in options:
            fail(f'error: Apply failed with 1 conflict: conflict with "{owner}": .data')
    for each in given:
        state["applied"] += key(each) in {key(other) for other in differing(state, [each])}
        state["objects"][key(each)] = merged(state["objects"].get(key(each)), each, manager)
        print(f"{each['kind'].lower()}/{each['metadata']['name']} serverside-applied")
    STATE.write_text(json.dumps(state))


def config(state: Json, given: list[Json], options: list[str], rest: list[str]) -> None:
    print(state.get("namespace", ""), end="")


def get(state: Json, given: list[Json], options: list[str], rest: list[str]) -> None:
    there: Json = state["objects"]
    known(state, given)
    if "-k" in options:
        found = [there[key(each)] for each in given if key(each) in there]
    elif len(rest) > 1:
        found = [there[name] for name in (f"{PLURALS[rest[0]]}/{rest[1]}",) if name in there]
        print(json.dumps(found[0]) if found else "", end="")
        return
    else:
        if rest[0] in (RULES, PROMETHEUSES) and not state["rules"]:
            fail(f'error: the server doesn\'t have a resource type "{rest[0]}"')
        kinds = [PLURALS[each] for each in rest[0].split(",")]
        wanted = dict(each.split("=") for each in selector(options).split(",") if each)
        inside = next((each.partition("=")[2] for each in options if each.startswith("--namespace=")), "")
        found = [
            each
            for each in there.values()
            if each["kind"] in kinds
            and labelled(each, wanted)
            and each["metadata"].get("namespace", inside)
            in (inside, "")
            + ((each["metadata"].get("namespace", ""),) if "--all-namespaces" in options else ())
        ]
    print(json.dumps({"kind": "List", "items": found}))


def selector(options: list[str]) -> str:
    return next((each.partition("=")[2] for each in options if each.startswith("--selector=")), "")


def labelled(found: Json, wanted: Json) -> bool:
    return wanted.items() <= (found["metadata"].get("labels") or {}).items()


def delete(state: Json, given: list[Json], options: list[str], rest: list[str]) -> None:
    state["objects"].pop(f"{PLURALS[rest[0]]}/{rest[1]}", None)
    STATE.write_text(json.dumps(state))


def known(state: Json, given: list[Json]) -> None:
    if not state["rules"] and any(each["kind"] == "PrometheusRule" for each in given):
        fail(
            'error: unable to recognize "x": no matches for kind "PrometheusRule" in version "monitoring.coreos.com/v1"'
        )


def fail(says: str) -> None:
    print(says, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
