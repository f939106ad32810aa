"""Snapshots in the cluster: valid objects, without any right, that run a command that there is."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
import yaml

from leadline.base.errors import CatalogError
from leadline.catalog import loader
from leadline.cli.main import group
from leadline.compose.generate import generated
from tests.conftest import MINIMAL

WANTED = "kubernetes: {snapshot: {image: 'registry.example.com/leadline:1', grafana: 'http://grafana.tools:80', secret: tok}}\n"
CONTEXT = "contexts: {in: {kubernetes: {namespace: tools}, prometheus: {service: 'prom:9090'}}}\n"


def objects(text: str) -> dict[str, dict[str, Any]]:
    files = generated(loader.parse(text, "leadline.yaml"))
    return {
        path.rpartition("/")[2]: yaml.safe_load(content)
        for path, content in files.items()
        if path.startswith("kubernetes/snapshot/")
    }


def test_without_a_wish_there_are_none() -> None:
    assert objects(MINIMAL) == {}


def test_the_objects_are_valid_and_have_no_rights() -> None:
    found = objects(MINIMAL + CONTEXT + WANTED)
    assert set(found) == {"account.yaml", "catalog.yaml", "cronjob.yaml", "kustomization.yaml"}
    for name in ("account.yaml", "catalog.yaml", "cronjob.yaml"):
        kubernetes_validate.validate(found[name], "1.32", strict=True)
    assert found["account.yaml"]["automountServiceAccountToken"] is False
    pod = found["cronjob.yaml"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert not any(each["kind"] in ("Role", "ClusterRole", "RoleBinding") for each in found.values())


def test_the_command_is_one_that_there_is_on_the_catalog_that_is_mounted() -> None:
    found = objects(MINIMAL + CONTEXT + WANTED)
    assert found["catalog.yaml"]["data"]["leadline.yaml"] == MINIMAL + CONTEXT + WANTED
    (container,) = found["cronjob.yaml"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    name, *arguments = container["args"]
    above = group.make_context("leadline", [name], resilient_parsing=True)
    command = group.get_command(above, name)
    assert command
    given = command.make_context(name, list(arguments), parent=above).params
    assert given["url"] == "http://prom.tools:9090"
    assert given["grafana_url"] == "http://grafana.tools:80"
    assert given["length"] == "1h"
    mounted = {each["mountPath"] for each in container["volumeMounts"]}
    assert str(given["catalog_file"]).rpartition("/")[0] in mounted
    token = next(each for each in container["env"] if each["name"] == "LEADLINE_GRAFANA_TOKEN")
    assert token["valueFrom"]["secretKeyRef"] == {"name": "tok", "key": "token"}


def test_another_catalog_makes_another_pod() -> None:
    one, two = (
        objects(text + WANTED)["cronjob.yaml"]["spec"]["jobTemplate"]["spec"]["template"]["metadata"][
            "annotations"
        ]
        for text in (MINIMAL, MINIMAL.replace("250ms", "500ms"))
    )
    assert one != two


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kubernetes: {snapshot: {schedule: '5 * * * *'}}", "'image' is missing"),
        ("kubernetes: {snapshot: {image: x, schedule: hourly}}", "is not a schedule that Kubernetes accepts"),
        (
            "kubernetes: {snapshot: {image: x, schedule: '99 * * * *'}}",
            "is not a schedule that Kubernetes accepts",
        ),
        (
            "kubernetes: {snapshot: {image: x, schedule: '*/0 * * * *'}}",
            "is not a schedule that Kubernetes accepts",
        ),
        (
            "kubernetes: {snapshot: {image: x, schedule: '3-1 * * * *'}}",
            "is not a schedule that Kubernetes accepts",
        ),
        ("kubernetes: {snapshot: {image: 'x y'}}", "is not an image"),
        ("kubernetes: {snapshot: {image: ''}}", "is not an image"),
        ("kubernetes: {snapshot: {image: x, secret: 'A B'}}", "is not the name of a Secret"),
        ("kubernetes: {snapshot: {image: x, window: soon}}", "is not a duration"),
        ("kubernetes: {snapshot: {image: x, grafana: tools}}", "is not a URL"),
    ],
)
def test_what_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        loader.parse(f"{MINIMAL}{text}\n", "leadline.yaml")


@pytest.mark.parametrize("schedule", ["5 * * * *", "*/15 0-6,12 1 1-6/2 0", "0 0 31 12 6"])
def test_schedules_of_cron_are_taken(schedule: str) -> None:
    text = f"{MINIMAL}kubernetes: {{snapshot: {{image: 'r.example.com/a/leadline:0.1@sha256:ab', schedule: '{schedule}'}}}}\n"
    assert objects(text)["cronjob.yaml"]["spec"]["schedule"] == schedule


def test_no_anchors_stand_in_what_people_read() -> None:
    files = generated(loader.parse(MINIMAL + WANTED, "leadline.yaml"))
    assert not [path for path, text in files.items() if path.endswith("yaml") and "&id0" in text]
